/* An OpenAPI document → the operations that a reader can send, and a filled-in form → a request. */
import { resolved, sample } from "./sample.js";

const METHODS = ["get", "post", "put", "patch", "delete", "head", "options"];

/** Return the first operations of a document, in its order. */
export const operations = (openapi, most) => Object.entries(openapi.paths ?? {})
  .flatMap(([path, item]) => METHODS.filter((method) => item?.[method]).map((method) => [path, item, method]))
  .slice(0, most)
  .map(([path, item, method]) => operation(openapi, path, item, method));

const operation = (openapi, path, item, method) => {
  const own = item[method];
  const inputs = [...(item.parameters ?? []), ...(own.parameters ?? [])]
    .map((one) => resolved(one, openapi))
    .filter((one) => one.name && one.in);
  const unique = [...new Map(inputs.map((one) => [`${one.in} ${one.name}`, one])).values()];
  return {
    method: method.toUpperCase(), path, tag: own.tags?.[0] ?? "",
    summary: own.summary ?? "", description: own.description ?? "",
    inputs: [...unique.map((one) => input(one, openapi)), ...secrets(openapi, own)],
    body: body(resolved(own.requestBody, openapi), openapi),
  };
};

const input = (one, openapi) => {
  const schema = resolved(one.schema ?? {}, openapi);
  const choices = schema.enum ?? resolved((schema.anyOf ?? []).find((other) => other?.$ref || other?.enum) ?? {}, openapi).enum;
  const given = one.example ?? Object.values(one.examples ?? {})[0]?.value ?? schema.example ?? schema.examples?.[0];
  const value = given ?? (one.required ? sample(schema, openapi) : undefined);
  return {
    name: one.name, place: one.in, required: Boolean(one.required), schema,
    description: one.description ?? schema.description ?? "", choices,
    value: value ?? "", placeholder: schema.default ?? "",
  };
};

/* What a request must prove who sends it: a field for each scheme, whose value other requests keep. */
const secrets = (openapi, own) => {
  const wanted = own.security ?? openapi.security ?? [];
  const names = [...new Set(wanted.flatMap((one) => Object.keys(one)))];
  return names.flatMap((key) => {
    const scheme = resolved(openapi.components?.securitySchemes?.[key], openapi);
    if (!scheme?.type) return [];
    const isKey = scheme.type === "apiKey";
    return [{
      name: isKey ? scheme.name : "Authorization", place: isKey ? scheme.in : "header", key,
      required: false, schema: { type: "string" }, description: scheme.description ?? "",
      value: "", placeholder: isKey ? "" : scheme.scheme === "basic" ? "Basic …" : "Bearer …",
    }];
  });
};

const body = (own, openapi) => {
  const content = Object.entries(own.content ?? {});
  if (!content.length) return null;
  const [type, media] = content.find(([name]) => /json/.test(name)) ?? content[0];
  const given = media.example ?? Object.values(media.examples ?? {})[0]?.value;
  const value = given ?? sample(media.schema ?? {}, openapi);
  const isData = /json/.test(type) || type === "application/x-www-form-urlencoded";
  return { type, required: Boolean(own.required), isData, text: isData ? JSON.stringify(value, null, 2) : String(value ?? "") };
};

/** Return ``{method, path, headers, body}`` of an operation with the values that were filled in.
 *
 * @param values pairs of an input and its text
 * @throws {Error} where a form's body is no object
 */
export const request = (chosen, values, text) => {
  let path = chosen.path;
  const query = new URLSearchParams();
  const headers = [];
  const cookies = [];
  for (const [one, value] of values) {
    if (one.place === "path") path = path.replaceAll(`{${one.name}}`, encodeURIComponent(value));
    else if (value === "") continue;
    else if (one.place === "query") for (const part of listed(one, value)) query.append(one.name, part);
    else if (one.place === "header") headers.push([one.name, value]);
    else if (one.place === "cookie") cookies.push(`${one.name}=${value}`);
  }
  if (cookies.length) headers.push(["Cookie", cookies.join("; ")]);
  const sent = chosen.body && text.trim() ? packed(chosen.body, text) : null;
  if (sent !== null) headers.push(["Content-Type", chosen.body.type]);
  return { method: chosen.method, path: query.size ? `${path}?${query}` : path, headers, body: sent };
};

const listed = (one, value) => (one.schema.type === "array" ? value.split(",").map((part) => part.trim()) : [value]);

const packed = ({ type }, text) => {
  if (type !== "application/x-www-form-urlencoded") return text;
  const fields = JSON.parse(text);
  if (fields === null || typeof fields !== "object") throw new Error("the fields of a form are an object");
  return new URLSearchParams(Object.entries(fields).map(([name, value]) => [name, String(value)])).toString();
};
