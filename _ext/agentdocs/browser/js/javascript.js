// The worker for JavaScript and TypeScript. Steps mean what verify/guest/node.mjs says of them.
import { inspect, format, MODULES, assert, asserted, Buffer, count } from "./modules.js";
import { judge } from "./judge.js";
import * as timers from "./timers.js";
import { transform } from "./transform.js";
import { scriptURL, serve } from "./worker.js";

const SHOWN = 64_000; // characters of output that are handed on
const MOST = 32 * 2 ** 20; // and all that may be printed
const PAUSE = 50; // milliseconds between two pieces of output on their way
const GRACE = 200; // milliseconds for what no timer tells of, as a digest

const sessions = new Map();
let number = 0;
let session = null;
let part = null; // the one that runs
let failure = null; // the first thing that went wrong in it
let output = "";
let printed = 0;
let told = 0;
let tell = () => {};

/** Begin to listen to the page. */
export function start(port) {
  const send = serve(port, {
    install() {},
    open: (id) => void sessions.set(id, { id, own: new Map() }),
    async run(id, step, promise) {
      tell = (text) => send({ event: "output", id, text });
      enter(sessions.get(id));
      try {
        return await run(step, promise);
      } finally {
        leave();
      }
    },
    request() {
      throw new Error("there is no application to ask");
    },
  });
}

// --- what a snippet finds ------------------------------------------------------------------------

const missing = (name) => {
  const error = new Error(`Cannot find module '${name}'`);
  return Object.assign(error, { code: "MODULE_NOT_FOUND" });
};

const known = (name) => {
  const found = MODULES[String(name).replace(/^node:/, "")];
  if (!found) throw missing(name);
  return found;
};

const write = (text) => {
  printed += text.length;
  if (printed > MOST) throw Object.assign(new Error("prints or writes more than 32 MB"), { endless: true });
  if (output.length < SHOWN) output += text;
  const now = performance.now();
  if (now - told > PAUSE && output.length <= SHOWN) {
    told = now;
    tell(text);
  }
  return true;
};

let indent = "";
const say = (...values) => void write(`${values.length ? format(...values) : ""}`.replace(/^/gm, indent) + "\n");
const counts = new Map();
const clocks = new Map();
Object.assign(console, {
  log: say,
  info: say,
  debug: say,
  warn: say,
  error: say,
  trace: say,
  dir: (value, options) => say(inspect(value, options)),
  group(...values) {
    if (values.length > 0) say(...values);
    indent += "  ";
  },
  groupEnd: () => void (indent = indent.slice(2)),
  count(label = "default") {
    counts.set(label, (counts.get(label) ?? 0) + 1);
    say(`${label}: ${counts.get(label)}`);
  },
  time: (label = "default") => void clocks.set(label, performance.now()),
  timeEnd: (label = "default") => say(`${label}: ${(performance.now() - clocks.get(label)).toFixed(3)}ms`),
  assert(truth, ...rest) {
    count();
    if (!truth) throw new assert.AssertionError({ message: rest.join(" ") || "console.assert" });
  },
});

const stream = { write: (text) => write(String(text)), isTTY: false, columns: 80 };
const begun = performance.now();
const hrtime = () => {
  const now = performance.now() - begun;
  return [Math.floor(now / 1000), Math.floor((now % 1000) * 1e6)];
};
hrtime.bigint = () => BigInt(Math.round((performance.now() - begun) * 1e6));
const process = {
  argv: ["node", "snippet.js"],
  env: {},
  exitCode: undefined,
  hrtime,
  nextTick: (callback, ...values) => queueMicrotask(() => callback(...values)),
  stderr: stream,
  stdout: stream,
  uptime: () => (performance.now() - begun) / 1000,
};

const refused = () => {
  const cause = Object.assign(new Error("there is no network here"), { code: "ENETUNREACH" });
  return Promise.reject(Object.assign(new TypeError("fetch failed"), { cause }));
};

const { setTimeout, setInterval, setImmediate, clearTimeout, clearInterval, clearImmediate } = timers;
Object.assign(self, { setTimeout, setInterval, setImmediate, clearTimeout, clearInterval, clearImmediate });
Object.assign(self, { Buffer, process, fetch: refused, require: known });
// By the same clock as all other timers, so that the one which is due first comes first.
AbortSignal.timeout = (after) => {
  const controller = new AbortController();
  const reason = () => new DOMException("The operation was aborted due to timeout", "TimeoutError");
  setTimeout(() => controller.abort(reason()), after).unref();
  return controller.signal;
};
// What is of the browser and would do nothing in here.
for (const name of ["XMLHttpRequest", "WebSocket", "EventSource", "importScripts", "postMessage", "close"]) {
  Object.defineProperty(self, name, { value: undefined, configurable: true, writable: true });
}

self.__agentdocs = {
  meta: { url: "file:///snippet.js", filename: "/snippet.js", dirname: "/" },
  /** Return a module as an `import` gets it. */
  async load(name, wanted = []) {
    const found = known(name);
    const all = { ...found, default: found };
    for (const one of wanted) {
      if (one in all || one in found) continue;
      throw new SyntaxError(`The requested module '${name}' does not provide an export named '${one}'`);
    }
    return new Proxy(all, { get: (target, key) => target[key] ?? found[key] });
  },
  /** Let names of a snippet be read and changed from everywhere. */
  share(names) {
    for (const [name, [get, set]] of Object.entries(names)) {
      Object.defineProperty(self, name, { get, set, configurable: true, enumerable: true });
    }
  },
};

// Names belong to a session; another one does not find them.
const first = new Set(Object.getOwnPropertyNames(self));
const hidden = new Map();

function enter(one) {
  session = one;
  self.module = { exports: {} };
  self.exports = self.module.exports;
  for (const [name, descriptor] of session.own) {
    if (first.has(name) && !hidden.has(name)) hidden.set(name, Object.getOwnPropertyDescriptor(self, name));
    Object.defineProperty(self, name, descriptor);
  }
}

function leave() {
  timers.clear();
  for (const name of Object.getOwnPropertyNames(self)) {
    const descriptor = Object.getOwnPropertyDescriptor(self, name);
    if (first.has(name) || !descriptor.configurable) continue;
    session.own.set(name, descriptor);
    delete self[name];
  }
  session = null;
}

// --- steps ---------------------------------------------------------------------------------------

async function run(step, promise) {
  const begin = performance.now();
  output = "";
  printed = told = 0;
  indent = "";
  failure = null;
  asserted();
  const all = { setup: step.setup, snippet: step, check: step.check };
  for (const [where, one] of Object.entries(all)) {
    if (!one || failure) continue;
    if (where === "check") self.output = output;
    part = { file: one.file, line: one.line, code: one.code, where };
    await evaluate(step.mode);
  }
  part = null;
  const report = failure ?? { status: "ok", asserted: asserted() };
  const cut = printed > SHOWN;
  const found = judge(step, promise, report, output.slice(0, SHOWN));
  const seconds = (performance.now() - begin) / 1000;
  return { ...found, cut, seconds, images: [], tables: [], api: null };
}

async function evaluate(mode) {
  number += 1;
  part.url = `agentdocs-snippet-${number}`;
  let url;
  try {
    const code = transform(part.code, part.where === "snippet" ? mode : "");
    url = scriptURL(`${"\n".repeat(part.line - 1)}${code}\n//# sourceURL=${part.url}`);
  } catch (error) {
    failure ??= { status: "syntax", where: part.where, text: error.message, line: part.line + (error.line ?? 1) - 1 };
    return;
  }
  let over = false;
  const done = import(url).catch(fail).finally(() => (over = true));
  let idle = 0;
  // A step is over when nothing is left to wait for, whatever has come of its own code.
  while (!failure && idle < 3) {
    await Promise.race([timers.pause(over || timers.busy() ? 1 : 5), over ? timers.pause(1) : done]);
    if (timers.busy()) idle = 0;
    else if (over) idle += 1;
    else if ((idle += 3 / (GRACE / 5)) >= 3) fail(plain("awaits what never comes"));
  }
  URL.revokeObjectURL(url);
  if (!failure && Number(process.exitCode)) fail(plain(`ends with status ${process.exitCode}`, "Status"));
  process.exitCode = undefined;
}

const plain = (message, name = "Error") => Object.assign(new Error(message), { name, plain: true });

self.addEventListener("error", (event) => {
  event.preventDefault();
  fail(event.error ?? new Error(event.message));
});
self.addEventListener("unhandledrejection", (event) => {
  event.preventDefault();
  fail(event.reason);
});

// --- what went wrong -----------------------------------------------------------------------------

function fail(error) {
  if (failure || !part) return;
  const isError = error instanceof Error;
  const text = isError ? (error.plain ? error.message : `${error.name}: ${error.message}`) : inspect(error);
  const causes = chain(error);
  const trace = causes.map((cause) => readable(String(cause?.stack ?? cause))).join("\nCaused by: ");
  const place = new RegExp(`${part.url}:(\\d+)`).exec(causes.map((cause) => cause?.stack).join("\n"));
  failure = {
    status: "failed",
    where: part.where,
    kind: isError ? error.name : "Error",
    text: text.slice(0, 2000),
    trace: trace.replaceAll(/agentdocs-snippet-\d+/g, part.file).slice(0, 20_000),
    line: place ? Number(place[1]) : 0,
    network: causes.some((cause) => cause?.code === "ENETUNREACH"),
    missing: absent(error),
    endless: Boolean(error?.endless),
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

// Without the frames of this file.
function readable(stack) {
  const rows = stack.split("\n");
  return rows.filter((row) => !/^\s+at .*(blob:|<anonymous>)/.test(row)).join("\n");
}

function absent(error) {
  if (error?.code === "MODULE_NOT_FOUND") return `module ${/'([^']+)'/.exec(error.message)[1]}`;
  if (error?.name !== "ReferenceError") return "";
  const name = /^(\S+) is not defined/.exec(error.message);
  return name ? `name ${name[1]}` : "";
}
