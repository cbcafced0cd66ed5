// The worker for Python and SQL: Pyodide without a network, and sessions in it.
import { loadPyodide } from "pyodide";
import { info } from "pyodide/pyodide-lock.json";
import { scriptURL, serve } from "./worker.js";

// Bytes of a file, and of all memory, that a snippet may use.
const FILE = 32 * 2 ** 20;
const MEMORY = 2 ** 30;
const EFBIG = 22; // as Emscripten counts

const TOP = "/home/reader";
const SITE = "/lib/agentdocs";
const TYPES = { wasm: "application/wasm" };

let py = null;
let guest = null;
const sessions = new Map();
const installed = new Set();

/** Begin to listen to the page. */
export function start(port) {
  const send = serve(port, {
    boot,
    install,
    open(id, request) {
      // A proxy lives until it is destroyed; a session takes its place under the same id.
      sessions.get(id)?.destroy();
      const tell = (text) => send({ event: "output", id, text });
      const top = `${TOP}/${sessions.size}-${Date.now().toString(36)}`;
      sessions.set(id, guest.opened(JSON.stringify(request), top, tell));
    },
    run: (id, step, promise) => called(sessions.get(id).run, step, promise),
    request: (id, asked) => called(sessions.get(id).request, asked),
  });
}

const called = (method, ...values) => JSON.parse(method(...values.map((value) => JSON.stringify(value))));

/** Begin Pyodide with files that the page has fetched: name → bytes. */
async function boot(files) {
  limitMemory();
  self.fetch = async (url) => {
    const name = String(url).split("/").pop();
    if (!files[name]) throw new TypeError(`there is no network here for ${url}`);
    const type = TYPES[name.split(".").pop()] ?? "application/octet-stream";
    return new Response(files[name], { headers: { "Content-Type": type } });
  };
  const { default: createPyodideModule } = await import(scriptURL(files["pyodide.asm.mjs"]));
  py = await loadPyodide({
    indexURL: "https://runtime.invalid/",
    createPyodideModule,
    lockFileContents: { info, packages: {} },
    env: { HOME: TOP, TZ: "UTC", PYTHONDONTWRITEBYTECODE: "1" },
  });
  for (const name of Object.keys(files)) if (name !== "guest.zip") delete files[name];
  self.fetch = () => Promise.reject(new TypeError("there is no network here"));
  py.FS.mkdirTree(SITE);
  py.FS.mkdirTree(TOP);
  py.FS.writeFile(`${SITE}/guest.zip`, new Uint8Array(files["guest.zip"]));
  limitFiles();
  py.runPython(BEGIN);
  guest = py.globals.get("guest");
}

const BEGIN = `
import os, sys
sys.path.append("${SITE}/guest.zip")
def _file():
    number = os.open("${SITE}/output", os.O_RDWR | os.O_CREAT | os.O_APPEND)
    os.dup2(number, 1)
    os.dup2(number, 2)
    empty = os.open("/dev/null", os.O_RDONLY)
    os.dup2(empty, 0)
_file()
from agentdocs.browser.guest import remote as guest
guest.begin()
`;

/** Put packages where Python finds them: `[{name, data}]`, wheels as they are. */
function install(wheels) {
  for (const { name, data } of wheels) {
    if (installed.has(name)) continue;
    const path = `${SITE}/${name}`;
    py.FS.writeFile(path, new Uint8Array(data));
    guest.install(path);
    installed.add(name);
  }
}

/** Let no file grow beyond what it may have outside as well. */
function limitFiles() {
  const stream = py.FS.lookupPath(`${SITE}/guest.zip`).node.stream_ops;
  const write = stream.write;
  stream.write = (file, buffer, offset, length, position, canOwn) => {
    const room = FILE - position;
    if (room <= 0 && length > 0) throw new py.FS.ErrnoError(EFBIG);
    return write(file, buffer, offset, Math.min(length, room), position, canOwn);
  };
}

/** Let memory grow no further than a page can bear; Python says MemoryError then. */
function limitMemory() {
  const grow = WebAssembly.Memory.prototype.grow;
  WebAssembly.Memory.prototype.grow = function (pages) {
    if (this.buffer.byteLength + Number(pages) * 65536 > MEMORY) throw new RangeError("no more memory");
    return grow.call(this, pages);
  };
}
