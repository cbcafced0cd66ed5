// A session of snippets, for a page: it loads what is needed, runs steps and can be stopped.
//
// One runtime of a kind (frame and worker) serves all sessions of a page. When it ends, by `stop`
// or because a step takes too long, each of its sessions begins anew with its next step; `alive`
// says beforehand whether what earlier steps made is still there.

const CACHE = "agentdocs-run";
const VISIT = "agentdocs-ran";
const PATIENCE = 40; // seconds for an answer; the worker itself hangs up after 20

/** Why a call of a session that was stopped comes to nothing. */
export class Stopped extends Error {
  name = "Stopped";
}

/** Whether a snippet ran before in this tab. */
export function visited() {
  try {
    return sessionStorage.getItem(VISIT) !== null;
  } catch {
    return false; // a browser may permit no storage
  }
}

function remember() {
  try {
    sessionStorage.setItem(VISIT, "1");
  } catch {
    // Then the next page does not know of it, and begins with a click.
  }
}

export class Session {
  #options;
  #base;
  #runtime = null;
  #opened = null;

  /**
   * @param root the site's root, relative to the page or not
   * @param runtime what is in runtime.json
   * @param plan a plan of an agent, @param id its session
   * @param onProgress gets {loaded, total, phase}: bytes, and "load", "start" or "packages"
   */
  constructor(options) {
    this.#options = options;
    this.#base = new URL("_run/", new URL(options.root, document.baseURI));
  }

  /** Whether what its steps made is still there. */
  get alive() {
    return this.#opened !== null && this.#runtime !== null && !this.#runtime.ended;
  }

  get #request() {
    const { plan, id } = this.#options;
    return plan.sessions[id];
  }

  /** Load the runtime and nothing else. */
  async warm() {
    await this.#started().ready;
  }

  /** Load all that the session needs. */
  async ready() {
    if (!this.alive) this.#opened = null;
    const runtime = this.#started();
    this.#opened ??= this.#open(runtime);
    const opened = this.#opened;
    try {
      await opened;
    } catch (error) {
      if (this.#opened === opened) this.#opened = null;
      throw error;
    }
  }

  /** Run a step and hold it against its promise; `onOutput` gets text as it is printed. */
  async run(step, promise, { onOutput } = {}) {
    await this.ready();
    remember();
    const runtime = this.#runtime;
    const limit = step.timeout * 6 + 10;
    runtime.listeners.set(this.#name, onOutput);
    try {
      const ran = runtime.call("run", [this.#name, step, promise]);
      const result = await within(limit, runtime, ran);
      return result === null ? timedOut(limit, promise) : checked(result);
    } finally {
      runtime.listeners.delete(this.#name);
    }
  }

  /** Ask the application that the session's last step named. */
  async request(asked) {
    if (!this.alive) throw new Stopped("The session has ended; run the example again.");
    const answered = this.#runtime.call("request", [this.#name, asked]);
    const answer = await within(PATIENCE, this.#runtime, answered);
    if (answer === null) throw new Error(`the application did not answer within ${PATIENCE} s`);
    return answer;
  }

  /** End worker and frame at once, for all sessions that they serve. */
  stop() {
    this.#runtime?.end(new Stopped("Stopped; the session begins anew."));
  }

  /** Begin anew with the next step, and leave other sessions as they are. */
  reset() {
    this.#opened = null;
  }

  get #name() {
    return `${this.#options.plan.agent} ${this.#options.id}`;
  }

  #started() {
    const kind = this.#request.runner === "javascript" ? "javascript" : "python";
    const { runtime, onProgress } = this.#options;
    this.#runtime = started(kind, this.#base, runtime, onProgress);
    return this.#runtime;
  }

  async #open(runtime) {
    const { onProgress } = this.#options;
    const { packages, files, runner } = this.#request;
    await runtime.ready;
    await runtime.install(packages ?? [], onProgress);
    await runtime.call("open", [this.#name, { runner, files }]);
  }
}

const PICTURE = /^data:image\/(?:png|svg\+xml);base64,[A-Za-z0-9+/=]*$/;

// A snippet that tries may have made the answer: an address in place of a picture would be asked for.
function checked(result) {
  const text = (value) => String(value ?? "");
  const { error } = result;
  return {
    ...result,
    verdict: text(result.verdict),
    tier: text(result.tier),
    reason: text(result.reason),
    output: text(result.output),
    error: error ? { text: text(error.text), line: Number(error.line), trace: text(error.trace), path: text(error.path) } : null,
    images: [...(result.images ?? [])].filter((url) => PICTURE.test(url)),
  };
}

/** Wait so many seconds; then end the runtime and return null. */
async function within(seconds, runtime, answer) {
  let timer;
  const late = new Promise((resolve) => {
    timer = setTimeout(() => {
      resolve(null);
      runtime.end(new Stopped("It took too long; the session begins anew."));
    }, seconds * 1000);
  });
  try {
    return await Promise.race([answer, late]);
  } finally {
    clearTimeout(timer);
  }
}

function timedOut(limit, promise) {
  return {
    verdict: "failed",
    tier: promise.tier === "none" ? "parses" : promise.tier,
    reason: `timed out after ${limit} s`,
    error: null,
    output: "",
    cut: false,
    expected: null,
    seconds: limit,
    images: [],
    tables: [],
    api: null,
  };
}

// --- runtimes ------------------------------------------------------------------------------------

const BOOT = {
  python: ["pyodide.asm.mjs", "pyodide.asm.wasm", "python_stdlib.zip", "guest.zip"],
  javascript: [],
};
const running = new Map();

function started(kind, base, runtime, onProgress) {
  const key = `${kind} ${base}`;
  const known = running.get(key);
  if (known && !known.ended) {
    known.watch(onProgress);
    return known;
  }
  const fresh = new Runtime(kind, base, runtime);
  fresh.watch(onProgress);
  running.set(key, fresh);
  fresh.begin();
  return fresh;
}

class Runtime {
  ended = false;
  listeners = new Map();
  #calls = new Map();
  #last = 0;
  #watchers = new Set();
  #installed = new Map();
  #frame = null;
  #port = null;

  constructor(kind, base, runtime) {
    this.kind = kind;
    this.base = base;
    this.runtime = runtime;
  }

  /** Tell somebody more of the progress. */
  watch(onProgress) {
    if (onProgress) this.#watchers.add(onProgress);
  }

  begin() {
    this.ready = this.#begin().catch((error) => {
      const known = error instanceof Stopped ? error : readable(error);
      this.end(known);
      throw known;
    });
    this.ready.catch(() => {}); // whoever waits for it hears of it
  }

  async #begin() {
    const names = BOOT[this.kind];
    const [[script, ...files]] = await Promise.all([
      this.#fetch([`${this.kind}.js`, ...names]),
      this.#connect(),
    ]);
    if (this.ended) throw new Stopped("Stopped");
    this.#tell({ loaded: 1, total: 1, phase: "start" });
    const listening = new Promise((resolve, reject) => {
      this.#calls.set("listening", { resolve, reject });
    });
    const text = new TextDecoder().decode(script);
    this.#frame.contentWindow.postMessage(text, "*", [this.#channel.port2]);
    await listening;
    if (names.length > 0) {
      const posted = Object.fromEntries(names.map((name, index) => [name, files[index]]));
      await this.call("boot", [posted], files);
    }
    this.#watchers.clear();
  }

  #channel = new MessageChannel();

  /** Make the frame, and wait until it listens. */
  #connect() {
    const frame = document.createElement("iframe");
    frame.setAttribute("sandbox", "allow-scripts");
    frame.hidden = true;
    frame.title = "Runs examples";
    frame.src = new URL("frame.html", this.base);
    this.#frame = frame;
    this.#port = this.#channel.port1;
    this.#port.onmessage = ({ data }) => this.#heard(data);
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error("its frame does not answer")), 30000);
      const hear = ({ source, data }) => {
        if (source !== frame.contentWindow || data !== "agentdocs-frame") return;
        removeEventListener("message", hear);
        clearTimeout(timer);
        resolve();
      };
      addEventListener("message", hear);
      document.body.append(frame);
    });
  }

  /** Fetch files in parallel and tell how far it is. */
  async #fetch(names) {
    const total = names.reduce((sum, name) => sum + (this.runtime.files[name]?.size ?? 0), 0);
    let loaded = 0;
    const tell = (size) => {
      loaded += size;
      this.#tell({ loaded, total, phase: names[0]?.startsWith("wheels/") ? "packages" : "load" });
    };
    return Promise.all(names.map((name) => fetched(this.base, name, this.runtime, tell)));
  }

  #tell(progress) {
    for (const watcher of this.#watchers) watcher(progress);
  }

  /** Bring packages that are not there yet, in this order. */
  async install(packages, onProgress) {
    const known = packages.filter((name) => this.runtime.packages[name]);
    const fresh = known.filter((name) => !this.#installed.has(name));
    if (fresh.length > 0) {
      this.watch(onProgress);
      const done = this.#bring(fresh);
      for (const name of fresh) this.#installed.set(name, done);
      done.catch(() => fresh.forEach((name) => this.#installed.delete(name)));
    }
    await Promise.all(known.map((name) => this.#installed.get(name)));
  }

  async #bring(names) {
    const files = names.map((name) => this.runtime.packages[name].file);
    try {
      const data = await this.#fetch(files);
      const wheels = data.map((bytes, index) => ({ name: files[index].split("/").pop(), data: bytes }));
      await this.call("install", [wheels], data);
    } catch (error) {
      throw error instanceof Stopped ? error : readable(error);
    } finally {
      this.#watchers.clear();
    }
  }

  /** Call a method of the worker. */
  call(method, values, transfer = []) {
    if (this.ended) return Promise.reject(new Stopped("The session has ended."));
    const call = ++this.#last;
    return new Promise((resolve, reject) => {
      this.#calls.set(call, { resolve, reject });
      this.#port.postMessage({ call, method, values }, transfer);
    });
  }

  // What comes is made in part by a snippet, and no more than data.
  #heard({ call, value, error, event, id, text }) {
    if (this.ended) return;
    if (event === "output") return void this.listeners.get(id)?.(String(text));
    if (event === "broken") return this.end(readable(new Error(text)));
    const waiting = this.#calls.get(event ?? call);
    this.#calls.delete(event ?? call);
    if (error === undefined) waiting?.resolve(value);
    else waiting?.reject(new Error(error));
  }

  /** End it; all that wait for it hear why. */
  end(reason) {
    if (this.ended) return;
    this.ended = true;
    this.#frame?.remove();
    this.#port?.close();
    for (const { reject } of this.#calls.values()) reject(reason);
    this.#calls.clear();
    for (const [key, one] of running) if (one === this) running.delete(key);
  }
}

function readable(error) {
  const text = String(error?.message ?? error).replace(/\.$/, "");
  return new Error(`The runtime could not be loaded: ${text}; press Run to try again.`);
}

// --- files ---------------------------------------------------------------------------------------

/** Return the bytes of a file of the runtime, kept from an earlier visit or fetched. */
async function fetched(base, name, runtime, tell) {
  const known = runtime.files[name];
  if (!known) throw new Error(`the site has no ${name}`);
  const url = new URL(`${name}?${known.hash}`, base).href;
  const store = await opened();
  const kept = await store?.match(url);
  if (kept) {
    const bytes = await kept.arrayBuffer();
    tell(bytes.byteLength);
    return bytes;
  }
  let response;
  try {
    response = await fetch(url);
  } catch {
    throw new Error("the site does not answer");
  }
  if (!response.ok) throw new Error(`${name} is not there (${response.status})`);
  const bytes = await read(response, tell);
  await keep(store, base, name, url, bytes);
  return bytes;
}

async function read(response, tell) {
  const chunks = [];
  const reader = response.body.getReader();
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    chunks.push(part.value);
    tell(part.value.length);
  }
  return new Blob(chunks).arrayBuffer();
}

// Private windows, and sites without https, may have no storage.
async function opened() {
  try {
    return await caches.open(CACHE);
  } catch {
    return null;
  }
}

async function keep(store, base, name, url, bytes) {
  if (!store) return;
  try {
    // What another version left.
    await store.delete(new URL(name, base).href, { ignoreSearch: true });
    await store.put(url, new Response(bytes.slice(0)));
  } catch {
    // A full disk keeps nothing; then it is fetched again next time.
  }
}
