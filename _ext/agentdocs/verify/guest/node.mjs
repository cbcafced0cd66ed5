// Orders (one JSON object a line) on one descriptor → reports on the other. Snippets are evaluated
// as in the console of DevTools: names may be declared again, and `await` may stand anywhere. A
// step is over when nothing is left to wait for, as it is for a script of its own.
import assert from "node:assert";
import fs from "node:fs";
import inspector from "node:inspector";
import module from "node:module";
import path from "node:path";
import { pathToFileURL } from "node:url";
import util from "node:util";

const [orders, reports] = process.argv.slice(2).map(Number);
process.argv.splice(1);
const session = new inspector.Session();
session.connect();

let asserted = 0; // assertions of this step that were reached
let failure = null; // the first thing that went wrong in it
let step = null;
let parts = null; // what is left of it: setup, snippet, check
let part = null; // the one that runs
let count = 0;
let waiting = false; // for what the code awaits

// --- what a snippet finds ------------------------------------------------------------------------

const base = path.join(process.cwd(), "snippet.js");
const real = module.createRequire(base);
const counted = counting(assert);
globalThis.require = Object.assign((name) => replaced(name) ?? real(name), real);
globalThis.module = { exports: {} };
globalThis.exports = globalThis.module.exports;
globalThis.__filename = base;
globalThis.__dirname = process.cwd();
globalThis.__agentdocs = {
  meta: { url: pathToFileURL(base).href, filename: base, dirname: process.cwd() },
  async load(name) {
    const known = replaced(name);
    if (known) return { ...known, default: known };
    if (/^\.{0,2}\//.test(name)) return import(pathToFileURL(path.resolve(name)).href);
    if (module.isBuiltin(name) || /^\w+:/.test(name)) return import(name);
    // As a module would find it; a package may have another entry for `require`.
    return import(import.meta.resolve?.(name, __agentdocs.meta.url) ?? real.resolve(name));
  },
};

class Exit extends Error {}
const exit = process.exit.bind(process);
process.exit = (code = process.exitCode ?? 0) => {
  if (Number(code)) {
    const error = new Error(`ends with status ${code}`);
    fail(Object.assign(error, { name: "Status", plain: true }));
  }
  finish();
  throw new Exit();
};

// Assertions count themselves when they are reached.
function counting(original) {
  const count = (value) =>
    function (...values) {
      asserted += 1;
      return value.apply(this, values);
    };
  const copy = count(original);
  for (const [name, value] of Object.entries(original)) {
    const plain = typeof value !== "function" || /^[A-Z]/.test(name) || name === "strict";
    copy[name] = plain ? value : count(value);
  }
  copy.strict = original.strict === original ? copy : counting(original.strict);
  return copy;
}

function replaced(name) {
  const bare = String(name).replace(/^node:/, "");
  return { assert: counted, "assert/strict": counted.strict }[bare];
}

const said = console.assert;
console.assert = (truth, ...rest) => {
  asserted += 1;
  if (!truth) throw new assert.AssertionError({ message: rest.join(" ") || "console.assert" });
  return said.call(console, truth, ...rest);
};

// --- code ----------------------------------------------------------------------------------------

// Types are replaced by spaces, so that lines and columns stay.
function withoutTypes(code) {
  if (step.mode !== "typescript") return code;
  try {
    return module.stripTypeScriptTypes(code);
  } catch (error) {
    if (error.code !== "ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX") throw error;
    return module.stripTypeScriptTypes(code, { mode: "transform" });
  }
}

// The console knows no modules: what they import and export becomes names like all others.
function withoutModules(code) {
  return code
    .replace(/^import\s*(["'])(.+?)\1/gm, (_, quote, name) => `await __agentdocs.load("${name}")`)
    .replace(/^import\s+(?!\()([^"'();]+?)\s*from\s*(["'])(.+?)\2(\s+with\s*\{[^}]*\})?/gm, imported)
    .replace(/^export\s+default\s+(?=(?:async\s+)?function\b\s*\*?\s*\w|class\s+(?!extends\b)\w)/gm, "")
    .replace(/^export\s+default\s+/gm, "module.exports.default = ")
    .replace(/^export\s*\*(?:\s*as\s+\w+)?\s*from\s*(["'].+?["'])/gm, "await __agentdocs.load($1)")
    .replace(/^export\s*\{[^}]*\}(?:\s*from\s*["'].+?["'])?/gm, (text) => text.replace(/[^\n]/g, " "))
    .replace(/^export\s+(?=(?:async|const|let|var|function|class)\b)/gm, "")
    .replace(/\bimport\.meta\b/g, "__agentdocs.meta")
    .replace(/(^|[^\w.$])import\s*\(/gm, "$1__agentdocs.load(");
}

function imported(_, clause, quote, name) {
  const all = /(?:^|,)\s*\*\s*as\s+(\w+)\s*$/.exec(clause);
  const named = /\{([^}]*)\}/.exec(clause);
  const first = /^\s*([\w$]+)\s*(?:,|$)/.exec(clause);
  const inner = named ? named[1].replace(/\s+as\s+/g, ": ") : "";
  const rest = "\n".repeat((clause.match(/\n/g) ?? []).length - (inner.match(/\n/g) ?? []).length);
  const names = [first ? `default: ${first[1]}` : "", inner].filter((text) => text.trim()).join(", ");
  const load = `await __agentdocs.load("${name}")`;
  if (all && first) return `const ${all[1]} = ${load}, ${first[1]} = ${all[1]}.default${rest}`;
  return `const ${all ? all[1] : `{ ${names} }`} = ${load}${rest}`;
}

const url = (number) => `agentdocs-snippet-${number}`;

function run() {
  count += 1;
  part.url = url(count);
  let code;
  try {
    code = withoutModules(withoutTypes(part.code));
  } catch (error) {
    const row = /^[^\n]*:(\d+)\n/.exec(error.stack);
    syntax(error, part.line + (row ? Number(row[1]) : 1) - 1);
    return;
  }
  const expression = `${"\n".repeat(part.line - 1)}${code}\n//# sourceURL=${part.url}`;
  const mine = part;
  waiting = true;
  // The answer comes when all that is awaited has come.
  session.post("Runtime.evaluate", { expression, replMode: true }, (fault, evaluated) => {
    if (part !== mine) return;
    waiting = false;
    const details = fault ? { text: fault.message } : evaluated.exceptionDetails;
    if (!details) return;
    const error = details.exception ? value(details.exception) : details.text;
    if (error instanceof Exit) return;
    // What cannot be compiled has no frame in the code.
    const inside = details.stackTrace || String(error?.stack).includes(`at ${mine.url}`);
    if (error instanceof SyntaxError && !inside) syntax(error, details.lineNumber + 1);
    else fail(error, details.lineNumber + 1);
  });
}

function post(method, options) {
  let answer;
  session.post(method, options, (error, result) => (answer = error ?? result));
  return answer;
}

// The value itself, of which the protocol gives no more than a description.
function value(remote) {
  if (!remote.objectId) return remote.value ?? remote.description;
  let taken;
  globalThis.__agentdocs.take = (object) => (taken = object);
  const functionDeclaration = "function () { __agentdocs.take(this); }";
  post("Runtime.callFunctionOn", { objectId: remote.objectId, functionDeclaration });
  return taken;
}

// --- what went wrong -----------------------------------------------------------------------------

function fail(error, line = 0) {
  if (failure || error instanceof Exit || !part) return;
  const isError = error instanceof Error || util.types.isNativeError(error);
  const text = isError ? (error.plain ? error.message : `${error.name}: ${error.message}`) : util.inspect(error);
  const causes = chain(error);
  const trace = causes.map((cause) => readable(String(cause?.stack ?? cause))).join("\nCaused by: ");
  const place = new RegExp(`${part.url}:(\\d+)`).exec(causes.map((cause) => cause?.stack).join("\n"));
  const network = ["ECONNREFUSED", "ENETUNREACH", "EAI_AGAIN", "ENOTFOUND"];
  failure = {
    status: "failed",
    where: part.where,
    kind: isError ? error.name : "Error",
    text: text.slice(0, 2000),
    trace: trace.replaceAll(/agentdocs-snippet-\d+/g, part.file).slice(0, 20000),
    line: place ? Number(place[1]) : line,
    network: causes.some((cause) => network.includes(cause?.code)),
    missing: missing(error),
  };
}

function chain(error) {
  const found = [error];
  for (const one of found) {
    if (found.length > 5) break;
    found.push(...[one?.cause, ...(one?.errors ?? [])].filter((cause) => cause && !found.includes(cause)));
  }
  return found;
}

// Without the frames of Node and of this file.
function readable(stack) {
  const rows = stack.split("\n");
  return rows.filter((row) => !/^\s+at .*(node:|node\.mjs|new Promise \(<anonymous>\))/.test(row)).join("\n");
}

function missing(error) {
  const code = error?.code;
  if (code === "MODULE_NOT_FOUND" || code === "ERR_MODULE_NOT_FOUND") {
    const name = /'([^']+)'/.exec(error.message);
    return name ? `module ${name[1]}` : "";
  }
  if (error?.name === "ReferenceError") {
    const name = /^(\S+) is not defined/.exec(error.message);
    return name ? `name ${name[1]}` : "";
  }
  return code === "ENOENT" && error.path ? `file ${error.path}` : "";
}

function syntax(error, line) {
  const text = String(error?.message ?? error).split("\n")[0].replace(/\s+/g, " ").trim();
  failure ??= { status: "syntax", where: part.where, text: text.slice(0, 500), line };
}

// --- orders and reports --------------------------------------------------------------------------

function begin() {
  const line = order();
  if (line === null) exit(0);
  step = JSON.parse(line);
  asserted = 0;
  failure = null;
  const all = { setup: step.setup, snippet: step, check: step.check };
  parts = Object.entries(all).filter(([, value]) => value);
}

let kept = Buffer.alloc(0);
function order() {
  const chunk = Buffer.alloc(65536);
  while (!kept.includes(10)) {
    const size = fs.readSync(orders, chunk);
    if (size === 0) return null;
    kept = Buffer.concat([kept, chunk.subarray(0, size)]);
  }
  const end = kept.indexOf(10);
  const line = kept.subarray(0, end).toString();
  kept = kept.subarray(end + 1);
  return line;
}

function printed() {
  const size = fs.fstatSync(1).size - step.begin;
  const data = Buffer.alloc(Math.max(0, Math.min(size, 1_000_000)));
  fs.readSync(1, data, 0, data.length, step.begin);
  return data.toString();
}

// The next part of the step; where there is none, the report, and the next step.
function advance() {
  if (step !== null) {
    const next = failure ? undefined : parts.shift();
    if (next) {
      const [where, value] = next;
      part = { file: value.file, line: value.line, code: value.code, where };
      if (where === "check") globalThis.output = printed();
      run();
      return;
    }
    const report = failure ?? { status: "ok", asserted };
    fs.writeSync(reports, JSON.stringify({ ...report, over: waiting }) + "\n");
    // V8 may fall over an evaluation that is collected before it has ended.
    if (waiting) exit(0);
    step = part = null;
  }
  begin();
  advance();
}

// A part that asks for the end of the process is over, whatever it may have left open.
function finish() {
  waiting = false;
  parts = failure ? [] : parts;
  setImmediate(advance);
}

process.on("beforeExit", () => {
  // Node ends a program so, too, with status 13.
  if (waiting) fail(Object.assign(new Error("awaits what never comes"), { plain: true }));
  advance();
  setImmediate(() => {});
});
process.on("uncaughtException", (error) => fail(error));
process.on("unhandledRejection", (error) => fail(error));
