/* JSON or YAML that is checked while it is typed. */
import { Code } from "./code.js";
import { button, count, element } from "./dom.js";
import { brief, visible } from "./text.js";
import { share, toggle, toolbar } from "./tools.js";

const PAUSE = 250;
const LIMIT = 2000;
/** Characters of a fault: a schema may list thousands of values. */
const LONGEST = 300;

export class Data {
  /**
   * @param known ``{language, schema, line}`` of the plan
   * @param checker the address of the worker's script
   */
  constructor({ wrapper, address, known, load, checker }) {
    Object.assign(this, { wrapper, address, known, checker });
    const block = wrapper.closest(".agentdocs-snippet") ?? wrapper;
    const holder = block.querySelector(".highlight");
    this.worker = null;
    this.timer = 0;
    this.code = new Code({
      holder, load,
      original: holder.querySelector("pre").textContent, first: known.line ?? 1, language: known.language,
      label: `${known.language.toUpperCase()} of ${address}`,
      hooks: { changed: () => this.changed(), left: (had) => had && this.buttons.edit.focus() },
    });
    this.make();
    this.frame = holder.closest('div[class*="highlight-"]') ?? holder;
    this.frame.after(this.node);
  }

  make() {
    this.buttons = {
      edit: button("Edit", () => this.run()),
      reset: button("Reset", () => this.reset()),
      copy: button("Copy link", ({ currentTarget }) => share(currentTarget, this.address, this.code.text), { hidden: true }),
    };
    this.mark = element("span", { class: "agentdocs-run-changed", hidden: true }, "Changed");
    this.notice = element("div", { class: "agentdocs-run-panel agentdocs-run-notice" },
      element("p", {}, element("b", {}, "This text comes from the link, not from the agent.")));
    this.state = element("div", { class: "agentdocs-run-state", role: "status" });
    this.faults = element("div", { class: "agentdocs-run-result" });
    this.node = element("div", { class: "agentdocs-run-panel" },
      toolbar(`Edit ${this.address}`, ...Object.values(this.buttons), this.mark), this.state, this.faults);
  }

  /** Open the editor; here, to run is to edit. */
  async run() {
    try {
      await this.code.edit();
      this.code.editor.focus();
      this.check();
    } catch (error) {
      this.say("bad", `The editor cannot be loaded: ${error.message}`);
    }
  }

  async offer(text) {
    await this.code.edit(text);
    this.frame.before(this.notice);
    this.check();
  }

  reset() {
    this.stop();
    clearTimeout(this.timer);
    this.notice.remove();
    this.code.reset();
    clearTimeout(this.timer);
    this.state.replaceChildren();
    this.faults.replaceChildren();
  }

  changed() {
    const { isChanged, editor } = this.code;
    this.mark.hidden = !isChanged;
    toggle(this.buttons.edit, !editor, this.buttons.reset);
    toggle(this.buttons.copy, isChanged, this.buttons.reset);
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.check(), PAUSE);
  }

  /* A pattern of a stranger's schema may take for ever; then the worker is ended. */
  check() {
    this.stop();
    const worker = new Worker(this.checker, { type: "module" });
    const limit = setTimeout(() => {
      this.stop();
      this.say("open", `Not checked: the schema takes longer than ${LIMIT / 1000} s`);
    }, LIMIT);
    this.worker = { worker, limit };
    worker.addEventListener("message", ({ data }) => {
      this.stop();
      if (data.broken) this.say("open", `Not checked: ${brief(data.broken)}`);
      else this.show(data.found);
    });
    worker.addEventListener("error", () => {
      this.stop();
      this.say("open", "Not checked: the check cannot be loaded");
    });
    worker.postMessage({ text: this.code.text, language: this.known.language, schema: this.known.schema });
  }

  stop() {
    if (!this.worker) return;
    this.worker.worker.terminate();
    clearTimeout(this.worker.limit);
    this.worker = null;
  }

  show(found) {
    const lines = found.map((one) => ({ ...one, line: one.line + this.code.first - 1 }));
    this.code.mark(lines.map(({ line, pointer, text }) => ({ line, text: brief(pointer ? `${pointer}: ${text}` : text, LONGEST) })));
    if (!found.length) this.say("good", this.known.schema ? "✓ valid" : "✓ well-formed");
    else this.say("bad", `✗ ${count(found.length, "fault")}`);
    this.faults.replaceChildren(...(lines.length ? [element("ul", { class: "agentdocs-run-faults" },
      ...lines.map(({ line, pointer, text }) => element("li", {},
        button(`Line ${line}`, () => this.code.show(line), { class: "agentdocs-run-line" }), " ",
        pointer ? element("code", {}, visible(pointer)) : null, pointer ? ": " : null, brief(text, LONGEST))))] : []));
  }

  say(kind, text) {
    if (kind !== "bad") this.faults.replaceChildren();
    // The same words again are not said again.
    if (this.state.textContent === text) return;
    this.state.replaceChildren(element("p", { class: `agentdocs-run-said agentdocs-${kind}` }, element("b", {}, text)));
  }
}
