// A folder → the scripts, the frame and the Python that a reader's browser loads, in it.
import { copyFile, mkdir, stat } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = path.dirname(fileURLToPath(import.meta.url));
const out = process.argv[2];
if (!out) {
  console.error("usage: node build.mjs FOLDER");
  process.exit(2);
}

// Each is loaded on its own, when it is needed; so nothing is shared between them.
const SCRIPTS = ["page.js", "editor.js", "check.js", "frame.js", "python.js", "javascript.js"];
const COPIES = ["frame.html", "run.css"];
const PYODIDE = ["pyodide.asm.mjs", "pyodide.asm.wasm", "python_stdlib.zip"];

const there = async (name) => stat(path.join(here, name)).then(() => true, () => false);

await mkdir(out, { recursive: true });
for (const name of SCRIPTS) {
  if (!(await there(name))) continue;
  await build({
    entryPoints: [path.join(here, name)],
    outfile: path.join(out, name),
    bundle: true,
    format: "esm",
    target: "es2022",
    minify: true,
    legalComments: "inline",
    logLevel: "warning",
    // Pyodide imports these where it runs in Node, which it does not.
    external: ["node:*"],
    absWorkingDir: here,
    // Libraries written for Node look for these two.
    define: { global: "globalThis", "process.env.NODE_DEBUG": "undefined" },
  });
}
for (const name of COPIES) {
  if (await there(name)) await copyFile(path.join(here, name), path.join(out, name));
}
const pyodide = path.join(here, "node_modules", "pyodide");
for (const name of PYODIDE) await copyFile(path.join(pyodide, name), path.join(out, name));
