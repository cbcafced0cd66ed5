/* A JSON Schema of OpenAPI → a value that it takes, for a reader to change. */

const DEEPEST = 8;
/** Values that a sample has at most: a schema of a few lines can describe millions. */
const MOST = 300;
/** Characters of a pattern that are looked at. */
const LONGEST = 200;
const FORMATS = {
  uuid: "3f0c8d52-6b1e-4c57-9a38-d2f4b7e01c96", "date-time": "2026-03-02T09:30:00Z", date: "2026-03-02",
  time: "09:30:00Z", email: "ada@example.org", uri: "https://example.org/", url: "https://example.org/",
  hostname: "example.org", ipv4: "192.0.2.1", ipv6: "2001:db8::1", duration: "PT15M", binary: "", byte: "",
};

/** Return what a ``$ref`` within a document leads to, or the schema itself. */
export const resolved = (schema, openapi, depth = 0) => {
  if (typeof schema?.$ref !== "string" || depth > DEEPEST) return schema ?? {};
  let at = openapi;
  for (const part of schema.$ref.replace(/^#\/?/, "").split("/").filter(Boolean)) {
    const key = decodeURIComponent(part).replaceAll("~1", "/").replaceAll("~0", "~");
    if (at === null || typeof at !== "object" || !Object.hasOwn(at, key)) return {};
    at = at[key];
  }
  return resolved(at, openapi, depth + 1);
};

/** Return the type of a schema in a word or two, for the label of a field. */
export const kind = (schema) => {
  const one = alternatives(schema)[0] ?? schema;
  const type = Array.isArray(one.type) ? one.type.find((name) => name !== "null") : one.type;
  if (type === "array") return `list of ${kind(one.items ?? {}) || "values"}`;
  return one.format ?? (one.enum ? "one of" : type) ?? "";
};

const alternatives = (schema) => (schema.anyOf ?? schema.oneOf ?? []).filter((one) => one?.type !== "null");

/** Return a value: an example where there is one, else the smallest that fits. */
export const sample = (schema, openapi) => value(schema, { openapi, left: MOST }, 0);

const value = (schema, about, depth) => {
  const one = resolved(schema, about.openapi);
  about.left -= 1;
  if (one.example !== undefined) return one.example;
  if (Array.isArray(one.examples) && one.examples.length) return one.examples[0];
  if (one.const !== undefined) return one.const;
  if (one.default !== undefined) return one.default;
  if (Array.isArray(one.enum)) return one.enum[0];
  if (depth > DEEPEST || about.left < 0) return null;
  const [other] = alternatives(one);
  if (other) return value(other, about, depth + 1);
  if (Array.isArray(one.allOf)) return Object.assign({}, ...one.allOf.map((part) => value(part, about, depth + 1)));
  const type = Array.isArray(one.type) ? one.type.find((name) => name !== "null") : one.type;
  if (type === "object" || one.properties) return record(one, about, depth);
  if (type === "array") return list(one, about, depth);
  if (type === "string") return word(one);
  if (type === "integer" || type === "number") return number(one, type === "integer");
  if (type === "boolean") return false;
  return null;
};

const record = (schema, about, depth) => {
  const needed = new Set(schema.required ?? []);
  const entries = Object.entries(schema.properties ?? {});
  // What is optional is shown only where nothing is needed, so that a reader has less to delete.
  const shown = needed.size ? entries.filter(([name]) => needed.has(name)) : entries.slice(0, 4);
  return Object.fromEntries(shown.map(([name, one]) => [name, value(one, about, depth + 1)]));
};

const list = (schema, about, depth) => {
  const length = Math.min(Math.max(schema.minItems ?? 1, 1), 3);
  return Array.from({ length }, () => value(schema.items ?? {}, about, depth + 1));
};

const word = (schema) => {
  if (Object.hasOwn(FORMATS, schema.format ?? "")) return FORMATS[schema.format];
  const plain = "text";
  const least = Math.min(schema.minLength ?? 0, 200);
  const most = schema.maxLength ?? Infinity;
  const base = schema.pattern ? patterned(schema.pattern) : plain;
  return base.padEnd(least, base || "x").slice(0, Math.max(most, 0));
};

/* Patterns of letters and digits with a length: `^[A-Z]{2}$`, `^SKU-[0-9]{4}$`. */
const patterned = (pattern) => {
  const made = pattern.slice(0, LONGEST).replace(/^\^|\$$/g, "")
    .replace(/\\d/g, "[0-9]").replace(/\\w/g, "[a-z]")
    .replace(/\[([^\]\\])[^\]]*\](?:\{(\d+)[^}]*\}|([+*]))?/g, (_, one, times) => one.repeat(Math.min(Number(times ?? 1), 64)))
    .replace(/\\([.\-/])/g, "$1");
  return /[\\()[\]{}|?*+^$]/.test(made) ? "" : made;
};

const number = (schema, whole) => {
  const low = schema.minimum ?? (schema.exclusiveMinimum === undefined ? undefined : schema.exclusiveMinimum + 1);
  const high = schema.maximum ?? (schema.exclusiveMaximum === undefined ? undefined : schema.exclusiveMaximum - 1);
  const least = low ?? Math.min(1, high ?? 1);
  const step = schema.multipleOf;
  const found = step ? Math.ceil(least / step) * step || step : least;
  return whole ? Math.ceil(found) : found;
};
