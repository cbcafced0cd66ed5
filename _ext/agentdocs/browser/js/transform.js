// A snippet's code → a module that shares its names with the snippets after it.
//
// Lines stay what they are. Imports and exports are replaced where they stand, since a module that
// was made from text finds no others; what stands at the top is told to `__agentdocs.share`, so that
// it can be read and changed by its name from everywhere, as in a console.
import { parse } from "acorn";
import { transform as sucrase } from "sucrase";

/** Return JavaScript for code of a step's mode; throws SyntaxError with `line`. */
export function transform(code, mode) {
  const plain = mode === "typescript" ? withoutTypes(code) : code;
  const options = { ecmaVersion: "latest", sourceType: "module", allowHashBang: true, allowImportExportEverywhere: false };
  let tree;
  try {
    tree = parse(plain, options);
  } catch (error) {
    throw unparsable(error.message.replace(/ \(\d+:\d+\)$/, ""), error.loc?.line);
  }
  const edits = [];
  const names = new Set();
  for (const node of tree.body) top(node, plain, edits, names);
  walk(tree, (node) => {
    if (node.type === "ImportExpression") edits.push([node.start, node.start + 6, "__agentdocs.load"]);
    if (node.type === "MetaProperty" && node.meta.name === "import") edits.push([node.start, node.end, "__agentdocs.meta"]);
  });
  const shared = [...names].map((name) => `${name}: [() => ${name}, (_) => (${name} = _)]`);
  return `__agentdocs.share({ ${shared.join(", ")} });${edited(plain, edits)}`;
}

function withoutTypes(code) {
  try {
    return sucrase(code, { transforms: ["typescript"], disableESTransforms: true, keepUnusedImports: true }).code;
  } catch (error) {
    throw unparsable(error.message.replace(/ \(\d+:\d+\)$/, ""), error.loc?.line);
  }
}

const unparsable = (text, line = 1) => Object.assign(new SyntaxError(text), { line });

// A statement at the top: the names that it declares, and what takes its place.
function top(node, code, edits, names) {
  const blank = (start, end, text = "") => {
    const rows = code.slice(start, end).split("\n").length - 1;
    edits.push([start, end, text + "\n".repeat(rows)]);
  };
  const load = (source) => `await __agentdocs.load(${source.raw}`;
  if (node.type === "ImportDeclaration") {
    blank(node.start, node.end, imported(node, load(node.source)));
    for (const { local } of node.specifiers) names.add(local.name);
  } else if (node.type === "ExportAllDeclaration") blank(node.start, node.end, `${load(node.source)});`);
  else if (node.type === "ExportNamedDeclaration" && !node.declaration) {
    blank(node.start, node.end, node.source ? `${load(node.source)});` : "");
  } else if (node.type === "ExportNamedDeclaration") {
    blank(node.start, node.declaration.start);
    top(node.declaration, code, edits, names);
  } else if (node.type === "ExportDefaultDeclaration") {
    const named = node.declaration.id;
    blank(node.start, node.declaration.start, named ? "" : "module.exports.default = ");
    if (named) names.add(named.name);
  } else if (node.type === "VariableDeclaration") {
    for (const { id } of node.declarations) bound(id, names);
  } else if (/^(Function|Class)Declaration$/.test(node.type)) names.add(node.id.name);
}

function imported({ specifiers }, load) {
  const all = specifiers.find((one) => one.type === "ImportNamespaceSpecifier");
  const rest = specifiers.filter((one) => one !== all);
  const pairs = rest.map((one) => [one.imported?.name ?? one.imported?.value ?? "default", one.local.name]);
  const wanted = JSON.stringify(pairs.map(([name]) => name));
  const inner = pairs.map(([name, local]) => `${JSON.stringify(name)}: ${local}`).join(", ");
  if (all) {
    const first = `const ${all.local.name} = ${load});`;
    return pairs.length > 0 ? `${first} const { ${inner} } = ${all.local.name};` : first;
  }
  return pairs.length > 0 ? `const { ${inner} } = ${load}, ${wanted});` : `${load});`;
}

// The names in a pattern.
function bound(pattern, names) {
  if (!pattern) return;
  if (pattern.type === "Identifier") names.add(pattern.name);
  else if (pattern.type === "ObjectPattern") pattern.properties.forEach((one) => bound(one.value ?? one.argument, names));
  else if (pattern.type === "ArrayPattern") pattern.elements.forEach((one) => bound(one, names));
  else bound(pattern.left ?? pattern.argument, names);
}

function walk(node, visit) {
  if (Array.isArray(node)) return node.forEach((one) => walk(one, visit));
  if (node === null || typeof node !== "object") return undefined;
  if (typeof node.type === "string") visit(node);
  return Object.values(node).forEach((value) => typeof value === "object" && walk(value, visit));
}

function edited(code, edits) {
  let text = code;
  for (const [start, end, put] of edits.sort((one, other) => other[0] - one[0])) {
    text = text.slice(0, start) + put + text.slice(end);
  }
  return text;
}
