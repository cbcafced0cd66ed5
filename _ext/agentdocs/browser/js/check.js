/* A worker: text of JSON or YAML, and a schema → what is wrong, with lines.
 *
 * It is one because a stranger's schema may hold a pattern that takes for ever; the page gives it
 * two seconds.
 */
import { Validator } from "@cfworker/json-schema";
import { isAlias, LineCounter, parseAllDocuments } from "yaml";

const MOST = 50;
const DRAFTS = [[/draft-0?4/, "4"], [/draft-0?[67]/, "7"], [/2019-09/, "2019-09"]];

/* What only says that something below it is wrong. */
const ABOVE = new Set(["properties", "patternProperties", "items", "prefixItems", "additionalItems", "allOf", "$ref",
  "$recursiveRef", "$dynamicRef", "dependentSchemas", "then", "else", "if", "propertyNames", "contains"]);
const FAMILIAR = new Set(["additionalProperties", "unevaluatedProperties", "unevaluatedItems"]);

onmessage = ({ data: { text, language, schema } }) => {
  try {
    postMessage({ found: faults(text, language, schema).slice(0, MOST) });
  } catch (error) {
    postMessage({ broken: error.message });
  }
};

/** Return ``[{line, pointer, text}]``; lines count from 1. */
const faults = (text, language, schema) => {
  const counter = new LineCounter();
  const documents = parseAllDocuments(text, { lineCounter: counter, prettyErrors: false, uniqueKeys: language !== "json" });
  const lineAt = (offset) => counter.linePos(Math.min(offset ?? 0, text.length)).line || 1;
  const unread = language === "json" ? noJson(text, documents, lineAt) : noYaml(documents, lineAt);
  if (unread.length || schema === null) return unread;
  const values = language === "json" ? [JSON.parse(text)] : documents.map((one) => one.toJS());
  const validator = new Validator(schema, draft(schema), false);
  return values.flatMap((value, index) => validator.validate(value).errors
    .filter((one, _, every) => isCause(one, every))
    .map((one) => {
      const pointer = decodeURIComponent(one.instanceLocation.replace(/^#/, ""));
      return { line: lineAt(offsetOf(documents[index], pointer, one)), pointer, text: said(one, schema, value) };
    }));
};

const draft = ({ $schema = "" }) => DRAFTS.find(([pattern]) => pattern.test($schema))?.[1] ?? "2020-12";

const noYaml = (documents, lineAt) => documents.flatMap(({ errors }) =>
  errors.map((error) => ({ line: lineAt(error.pos[0]), pointer: "", text: error.message })));

const noJson = (text, documents, lineAt) => {
  try {
    JSON.parse(text);
    return [];
  } catch (error) {
    // Engines say where it is in different words, or not at all.
    const [, position] = error.message.match(/position (\d+)/) ?? [];
    const [, row] = error.message.match(/line (\d+)/) ?? [];
    const [first] = noYaml(documents, lineAt);
    const line = position ? lineAt(Number(position)) : Number(row) || first?.line || text.trimEnd().split("\n").length;
    const words = error.message.replace(/ in JSON at position.*$| \(line \d+ column \d+\)|, ("|\.\.\.)[^]* is not valid JSON$/, "").replace(/^JSON\.parse: /, "");
    return [{ line, pointer: "", text: `no JSON: ${words[0].toLowerCase()}${words.slice(1)}` }];
  }
};

/* A subschema that failed says why; what is above it would say the same again. */
const isCause = (one, every) => {
  const below = every.some((other) => other !== one && other.keywordLocation.startsWith(`${one.keywordLocation}/`));
  if ((ABOVE.has(one.keyword) || FAMILIAR.has(one.keyword)) && below) return false;
  // The branches of a choice contradict each other: that none fits is all that is certain.
  if (/\/(?:anyOf|oneOf|not)\//.test(one.keywordLocation)) return false;
  return one.keyword !== "false" || every.length === 1;
};

const offsetOf = (document, pointer, one) => {
  const path = pointer.split("/").slice(1).map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"));
  const extra = FAMILIAR.has(one.keyword) ? one.error.match(/^Property "(.*)" does/)?.[1] : undefined;
  return keyOf(document, extra === undefined ? path : [...path, extra]);
};

/* The offset of what a path leads to: of its key, so that the mark stands where the reader looks. */
const keyOf = (document, path) => {
  let node = document.contents;
  let found = node?.range?.[0] ?? 0;
  for (const part of path) {
    if (isAlias(node)) node = node.resolve(document);
    const pair = node?.items?.find?.((one) => String(one.key?.value ?? one.key) === part);
    const next = pair ? pair.value : node?.items?.[Number(part)];
    if (next === undefined) return found;
    found = pair?.key?.range?.[0] ?? next?.range?.[0] ?? found;
    node = next;
  }
  return found;
};

const at = (root, pointer) => pointer.replace(/^#\/?/, "").split("/").filter(Boolean).reduce((node, part) => {
  const key = decodeURIComponent(part).replaceAll("~1", "/").replaceAll("~0", "~");
  return node && typeof node === "object" && Object.hasOwn(node, key) ? node[key] : undefined;
}, root);

const quoted = (values) => values.map((value) => JSON.stringify(value)).join(", ");
const amount = (number, noun) => `${number} ${noun}${number === 1 ? "" : "s"}`;

/* The rule in words; where it stands behind a reference, the library's own. */
const RULES = {
  type: (rule, text) => `must be ${[rule].flat().join(" or ")}, is ${text.match(/type "(\w+)"/)?.[1] ?? "another type"}`,
  enum: (rule) => `must be one of ${quoted(rule)}`,
  const: (rule) => `must be ${JSON.stringify(rule)}`,
  minimum: (rule) => `must be at least ${rule}`,
  maximum: (rule) => `must be at most ${rule}`,
  exclusiveMinimum: (rule) => `must be more than ${rule}`,
  exclusiveMaximum: (rule) => `must be less than ${rule}`,
  multipleOf: (rule) => `must be a multiple of ${rule}`,
  minLength: (rule) => `must have at least ${amount(rule, "character")}`,
  maxLength: (rule) => `must have at most ${amount(rule, "character")}`,
  minItems: (rule) => `must have at least ${amount(rule, "item")}`,
  maxItems: (rule) => `must have at most ${amount(rule, "item")}`,
  pattern: (rule) => `must match ${rule}`,
  format: (rule) => `must be of the format ${rule}`,
  uniqueItems: () => "must have no item twice",
  anyOf: () => "fits none of the shapes that it may have",
  oneOf: () => "must fit exactly one of the shapes that it may have",
  not: () => "must not have this shape",
};
const PROPERTIES = {
  required: (name) => `lacks ${JSON.stringify(name)}`,
  additionalProperties: (name) => `must not have ${JSON.stringify(name)}`,
  unevaluatedProperties: (name) => `must not have ${JSON.stringify(name)}`,
};

const said = ({ keyword, keywordLocation, error }, schema) => {
  const name = error.match(/[Pp]roperty "(.*?)"(?:\.$| does)/)?.[1];
  if (keyword in PROPERTIES && name !== undefined) return PROPERTIES[keyword](name);
  const rule = ruled(schema, keywordLocation);
  if (keyword in RULES && rule !== undefined) return RULES[keyword](rule, error);
  return `${error[0].toLowerCase()}${error.slice(1).replace(/\.$/, "")}`;
};

/* The rule that a location leads to, through references within the schema. */
const ruled = (schema, location) => {
  let node = schema;
  for (const part of location.replace(/^#\/?/, "").split("/")) {
    const key = decodeURIComponent(part).replaceAll("~1", "/").replaceAll("~0", "~");
    if (!Object.hasOwn(Object(node), key)) return undefined;
    node = key === "$ref" ? at(schema, node.$ref) : node[key];
  }
  return node;
};
