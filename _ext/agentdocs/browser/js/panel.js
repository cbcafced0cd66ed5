/* What stands below a snippet that can run: its buttons, its state, and what came of it. */
import { Code } from "./code.js";
import { button, count, duration, element, scrolls } from "./dom.js";
import { badge, parts, Printed, spoken, words } from "./output.js";
import { Requests } from "./requests.js";
import { isStop, stop } from "./sessions.js";
import { brief, visible } from "./text.js";
import { share, toggle, toolbar } from "./tools.js";

const LANGUAGES = { python: "Python", javascript: "JavaScript", sql: "SQLite" };
const MEGA = 1e6;

export class Panel {
  /**
   * @param wrapper the element around the code
   * @param address the snippet's in its plan
   * @param group the session, of ``sessions.js``
   * @param load returns the module of the editor
   * @param peers returns the panels of the session that this page has so far, in its order
   * @param every makes all that it can have, and resolves to them
   */
  constructor({ wrapper, address, plan, group, runtime, load, peers, every }) {
    Object.assign(this, { wrapper, address, group, runtime, peers, every });
    this.snippet = plan.snippets[address];
    this.runner = plan.sessions[this.snippet.session].runner;
    const block = wrapper.closest(".agentdocs-snippet") ?? wrapper;
    const holder = block.querySelector(".highlight");
    this.code = new Code({
      holder, load,
      original: this.snippet.step.code, first: this.snippet.step.line, language: this.snippet.language,
      label: `Code of ${address}`,
      hooks: {
        changed: () => this.changed(),
        run: () => this.run(),
        left: (had) => had && this.buttons.edit.focus(),
      },
    });
    this.isStranger = false;
    this.running = false;
    this.make();
    this.frame = holder.closest('div[class*="highlight-"]') ?? holder;
    this.frame.after(this.node);
  }

  make() {
    const mac = navigator.platform?.startsWith("Mac");
    this.buttons = {
      run: button("Run", () => this.run(), { class: "agentdocs-run-main", title: mac ? "⌘-Enter" : "Ctrl-Enter" }),
      stop: button("Stop", stop, { hidden: true }),
      edit: button("Edit", () => this.edit()),
      all: button("Run all", () => this.all(), { hidden: true }),
      reset: button("Reset", () => this.reset()),
      copy: button("Copy link", ({ currentTarget }) => share(currentTarget, this.address, this.code.text), { hidden: true, title: "A link to the code as you changed it" }),
    };
    this.mark = element("span", { class: "agentdocs-run-changed", hidden: true }, "Changed");
    this.notice = element("div", { class: "agentdocs-run-panel agentdocs-run-notice" });
    this.state = element("div", { class: "agentdocs-run-state" });
    this.result = element("div", { class: "agentdocs-run-result" });
    this.requests = null;
    this.live = element("p", { class: "agentdocs-unseen", role: "status" });
    this.node = element("div", { class: "agentdocs-run-panel" },
      toolbar(`Run ${this.address}`, ...Object.values(this.buttons), this.mark),
      this.state, this.result, this.live);
    this.node.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && !event.defaultPrevented
        && !event.target.closest(".agentdocs-run-requests")) {
        event.preventDefault();
        this.run();
      }
    });
  }

  /** Offer to run all ``number`` snippets of the session on this page. */
  peered(number) {
    toggle(this.buttons.all, number > 1, this.buttons.run);
    this.buttons.all.textContent = `Run all ${number}`;
    this.buttons.all.title = "All of this session on this page, in order";
  }

  /** The code that runs where a later snippet needs this one: a stranger's only once it was run by hand. */
  get current() {
    return this.isStranger ? this.code.original : this.code.text;
  }

  // --- what the buttons do --------------------------------------------------------------------

  async edit() {
    try {
      await this.code.edit();
      this.code.editor.focus();
    } catch (error) {
      this.say("bad", `The editor cannot be loaded: ${error.message}`);
    }
  }

  /** Open code that came with a link; it waits until the reader runs it. */
  async offer(text) {
    this.isStranger = true;
    await this.code.edit(text);
    this.notice.replaceChildren(
      element("p", {}, element("b", {}, "This code comes from the link, not from the agent."), " Read it before you run it."),
      button("Show the agent’s", () => this.reset()));
    this.frame.before(this.notice);
    this.live.textContent = "This code comes from the link, not from the agent. Read it before you run it.";
  }

  reset() {
    this.isStranger = false;
    if (this.running) stop();
    this.notice.remove();
    this.group.drop();
    this.code.reset();
    this.state.replaceChildren();
    this.result.replaceChildren();
    this.requests = null;
    this.live.textContent = "Reset";
    this.outdate();
  }

  async all() {
    this.group.drop();
    for (const one of await this.every()) {
      if (one.isStranger) {
        one.say("open", "Not run: its code comes from the link. Read it, then press Run here.");
        return;
      }
      if (!await one.run()) return;
    }
  }

  /** Run it and show what came. @returns whether it came to an end */
  async run() {
    if (this.running) return false;
    this.isStranger = false;
    this.begin();
    let ended = false;
    try {
      this.show(await this.group.run(this.address, {
        progress: (progress) => this.progress(progress),
        before: (number) => this.say("plain", `Running ${count(number, "snippet")} before it …`),
        begins: () => this.say("plain", "Running …"),
        output: (text) => this.printed(text),
      }));
      ended = true;
    } catch (error) {
      this.fault(error);
    }
    this.end();
    return ended;
  }

  // --- states ---------------------------------------------------------------------------------

  begin() {
    this.running = true;
    this.node.classList.add("agentdocs-run-running");
    this.buttons.run.setAttribute("aria-disabled", "true");
    toggle(this.buttons.stop, true, this.buttons.run);
    this.result.setAttribute("aria-busy", "true");
    this.code.unmark();
    this.notice.remove();
    this.shown = null;
    this.told = "";
    this.say("plain", "Starting …");
    this.live.textContent = "";
  }

  end() {
    this.running = false;
    this.node.classList.remove("agentdocs-run-running");
    this.buttons.run.removeAttribute("aria-disabled");
    toggle(this.buttons.stop, false, this.buttons.run);
    this.result.removeAttribute("aria-busy");
  }

  say(kind, text) {
    this.state.replaceChildren(element("p", { class: `agentdocs-run-said agentdocs-${kind}` }, text));
  }

  progress({ loaded, total, phase }) {
    const name = LANGUAGES[this.runner === "sql" ? "python" : this.runner];
    if (phase === "start") {
      this.say("plain", `Starting ${name} …`);
      return;
    }
    const what = phase === "packages" ? "packages" : name;
    const text = `Loading ${what}, ${(loaded / MEGA).toFixed(1)} of ${(total / MEGA).toFixed(1)} MB`;
    let bar = this.state.querySelector("progress");
    if (!bar) {
      bar = element("progress", {});
      this.state.replaceChildren(element("label", { class: "agentdocs-run-loading" }, element("span", {}), bar));
    }
    this.state.querySelector("span").textContent = text;
    Object.assign(bar, { max: Math.max(total, 1), value: Math.min(loaded, total) });
    // Said once of each: more would be noise to those who listen.
    if (this.told === what) return;
    this.told = what;
    this.live.textContent = text;
  }

  printed(text) {
    if (!this.shown) {
      this.shown = new Printed("Output");
      this.result.replaceChildren(this.shown.node);
    }
    this.shown.add(text);
  }

  show(result) {
    const proved = this.code.isChanged ? this.snippet.proved : null;
    const found = words(result, proved);
    const lines = result.error?.line && !this.isElsewhere(result.error)
      && this.code.mark([{ line: result.error.line, text: brief(result.error.text) }]);
    this.state.replaceChildren(element("p", { class: "agentdocs-run-verdict" },
      badge(found), element("span", { class: "agentdocs-run-time" }, `${duration(result.seconds)} · ${this.engine()}`)));
    if (result.before.length) this.state.append(this.earlier(result.before));
    this.result.replaceChildren(...parts(result, this.shown, (error) => this.place(error, lines)));
    this.app(result.api);
    this.live.textContent = spoken(found, result);
    this.node.classList.remove("agentdocs-run-old");
    this.outdate();
  }

  /* A snippet that ran after this one in the session did so in one that is no more. */
  outdate() {
    for (const one of this.peers()) {
      if (one !== this && one.group === this.group && !this.group.knows(one.address)) one.stale();
    }
  }

  stale() {
    if (!this.result.hasChildNodes() || this.running) return;
    this.node.classList.add("agentdocs-run-old");
    this.state.querySelector(".agentdocs-run-time")?.replaceChildren("The session has begun anew since");
  }

  engine() {
    const version = this.runner === "python" ? ` ${this.runtime.python}` : "";
    return `${LANGUAGES[this.runner] ?? this.runner}${version} in this browser`;
  }

  isElsewhere(error) {
    return Boolean(error.path) && error.path !== this.snippet.step.file;
  }

  place(error, isMarked) {
    if (this.isElsewhere(error)) {
      return element("span", { class: "agentdocs-run-where" }, `${visible(error.path)}, line ${error.line}: `);
    }
    if (!isMarked) return null;
    return button(`Line ${error.line}`, () => this.code.show(error.line), { class: "agentdocs-run-line" });
  }

  earlier(before) {
    const failed = before.filter(({ result }) => result.verdict === "failed");
    const title = `Ran ${count(before.length, "snippet")} before it${failed.length ? `, ${failed.length} of them failed` : ""}`;
    return element("details", { class: "agentdocs-run-before", open: failed.length > 0 }, element("summary", {}, title),
      element("ol", {}, ...before.map(({ address, result }) => element("li", {},
        element("code", {}, address), " ", badge(words(result))))));
  }

  app(api) {
    if (!api) {
      this.requests = null;
      return;
    }
    if (!this.requests?.fits(api)) {
      this.requests = new Requests(api, {
        send: (asked) => this.group.request(asked),
        isThere: () => this.group.knows(this.address),
      });
    }
    this.result.append(this.requests.node);
  }

  fault(error) {
    if (isStop(error)) {
      this.say("plain", "Stopped. The next run begins anew.");
      this.live.textContent = "Stopped";
      return;
    }
    this.say("bad", "It cannot run here");
    const text = element("pre", { class: "agentdocs-run-text" }, visible(error?.message ?? error));
    this.result.replaceChildren(scrolls(text, "What went wrong"));
    this.live.textContent = `It cannot run here: ${brief(error?.message ?? String(error))}`;
  }

  changed() {
    const { isChanged } = this.code;
    this.mark.hidden = !isChanged;
    toggle(this.buttons.edit, !this.code.editor, this.buttons.run);
    toggle(this.buttons.copy, isChanged, this.buttons.run);
    this.node.classList.toggle("agentdocs-run-edited", isChanged);
  }
}
