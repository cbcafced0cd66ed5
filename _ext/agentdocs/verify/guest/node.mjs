// Orders (one JSON object a line) on one descriptor → reports on the other. A step is over when
// nothing is left to wait for, as it is for a script of its own.
import assert from "node:assert";
import fs from "node:fs";
import module from "node:module";
import path from "node:path";
import { pathToFileURL } from "node:url";
import vm from "node:vm";

const [orders, reports] = process.argv.slice(2).map(Number);
process.argv.splice(1);
const base = path.join(process.cwd(), "snippet.js");
const require = module.createRequire(base);
Object.assign(globalThis, { require, module: { exports: {} }, __filename: base });
globalThis.exports = globalThis.module.exports;
globalThis.__dirname = process.cwd();

let asserted = 0;
let failure = null;
let step = null;
let next = null;

for (const object of [assert, assert.strict]) {
  for (const [name, value] of Object.entries(object)) {
    if (typeof value !== "function" || name === "strict" || /^[A-Z]/.test(name)) continue;
    object[name] = function (...values) {
      asserted += 1;
      return value.apply(this, values);
    };
  }
}
const plain = console.assert;
console.assert = (truth, ...rest) => {
  asserted += 1;
  if (!truth) throw new assert.AssertionError({ message: rest.join(" ") || "console.assert" });
  return plain.call(console, truth, ...rest);
};
module.syncBuiltinESMExports();

function fail(error, where) {
  if (failure) return;
  const trace = String((error && error.stack) || error);
  const at = trace.split(step.file + ":")[1];
  failure = {
    status: "failed",
    where,
    kind: (error && error.name) || "Error",
    text: String(error && error.message !== undefined ? `${error.name}: ${error.message}` : error),
    trace: trace
      .split("\n")
      .filter((row) => !/node:internal|node\.mjs/.test(row))
      .join("\n"),
    line: at ? parseInt(at, 10) || 0 : 0,
    network: ["ECONNREFUSED", "ENETUNREACH", "EAI_AGAIN", "ENOTFOUND"].includes(
      (error && (error.code || (error.cause && error.cause.code))) || "",
    ),
    missing: missing(error),
  };
}

function missing(error) {
  if (!error) return "";
  if (["MODULE_NOT_FOUND", "ERR_MODULE_NOT_FOUND"].includes(error.code)) {
    const name = /'([^']+)'/.exec(error.message);
    return name ? `module ${name[1]}` : "";
  }
  if (error.name === "ReferenceError") {
    const name = /^(\S+) is not defined/.exec(error.message);
    return name ? `name ${name[1]}` : "";
  }
  if (error.code === "ENOENT" && error.path) return `file ${error.path}`;
  return "";
}

// Types are replaced by spaces, so that lines and columns stay.
function plainScript(part) {
  if (step.mode !== "typescript") return part.code;
  try {
    return module.stripTypeScriptTypes(part.code);
  } catch (error) {
    if (error.code !== "ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX") throw error;
    return module.stripTypeScriptTypes(part.code, { mode: "transform" });
  }
}

const load = (specifier) =>
  import(/^\.{0,2}\//.test(specifier) ? pathToFileURL(path.resolve(specifier)) : resolved(specifier));

function resolved(specifier) {
  if (specifier.startsWith("node:") || module.builtinModules.includes(specifier)) return specifier;
  return pathToFileURL(require.resolve(specifier)).href;
}

async function asModule(code, part) {
  const source = new vm.SourceTextModule(code, {
    identifier: part.file,
    lineOffset: part.line - 1,
    importModuleDynamically: load,
    initializeImportMeta: (meta) => {
      meta.url = pathToFileURL(base).href;
      meta.dirname = process.cwd();
      meta.filename = base;
    },
  });
  await source.link(async (specifier) => {
    const namespace = await load(specifier);
    const names = Object.keys(namespace);
    return new vm.SyntheticModule(
      names,
      function () {
        for (const name of names) this.setExport(name, namespace[name]);
      },
      { identifier: specifier },
    );
  });
  await source.evaluate();
}

async function run(part, where) {
  let code;
  try {
    code = plainScript(part);
  } catch (error) {
    failure = syntax(error, part, where);
    return;
  }
  const options = {
    filename: part.file,
    lineOffset: part.line - 1,
    importModuleDynamically: load,
  };
  let script = null;
  try {
    script = new vm.Script(code, options);
  } catch (error) {
    if (!/import|export|await/.test(error.message)) {
      failure = syntax(error, part, where);
      return;
    }
  }
  try {
    if (script === null) {
      await asModule(code, part);
      return;
    }
    try {
      script.runInThisContext();
    } catch (error) {
      // Names that an earlier snippet declared: this one gets its own.
      if (!(error instanceof SyntaxError) || !/already been declared/.test(error.message)) throw error;
      new vm.Script(`{${code}\n}`, options).runInThisContext();
    }
  } catch (error) {
    if (error instanceof SyntaxError && where === "snippet" && !/at /.test(error.stack.split("\n").pop()))
      failure = syntax(error, part, where);
    else fail(error, where);
  }
}

function syntax(error, part, where) {
  const line = new RegExp(`^${part.file.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")}:(\\d+)`).exec(
    error.stack || "",
  );
  const text = String(error.message).replace(/\s+/g, " ").trim();
  return { status: "syntax", where, text, line: line ? Number(line[1]) : 0 };
}

function* parts() {
  if (step.setup) yield ["setup", step.setup];
  yield ["snippet", step];
  if (step.check) yield ["check", step.check];
}

function begin() {
  const line = order();
  if (line === null) process.exit(0);
  step = JSON.parse(line);
  asserted = 0;
  failure = null;
  next = parts();
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

// Called whenever nothing is left to do: the part before is over.
process.on("beforeExit", () => {
  if (step !== null) {
    const { value, done } = failure ? { done: true } : next.next();
    if (!done) {
      if (value[0] === "check") globalThis.output = printed();
      run(value[1], value[0]);
      setImmediate(() => {});
      return;
    }
    const report = failure || { status: "ok", asserted };
    if (report.text) report.text = report.text.slice(0, 2000);
    if (report.trace) report.trace = report.trace.slice(0, 20000);
    fs.writeSync(reports, JSON.stringify(report) + "\n");
  }
  begin();
  setImmediate(() => {});
});
process.on("uncaughtException", (error) => fail(error, "snippet"));
process.on("unhandledRejection", (error) => fail(error, "snippet"));
