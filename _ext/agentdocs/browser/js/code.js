/* The code of a snippet on the page: as it stands there, or in an editor with the same text. */
import { element, fresh } from "./dom.js";

/* Lines at fault in blocks that are no editors; one registry serves the page. */
const faults = globalThis.Highlight ? new Highlight() : null;
if (faults) CSS.highlights.set("agentdocs-fault", faults);

/** Return the nearest range of text that holds a line, 1 the first; null where there is none. */
const rangeOf = (block, number) => {
  const text = block.textContent;
  let from = 0;
  for (let line = 1; line < number; line += 1) {
    from = text.indexOf("\n", from) + 1;
    if (!from) return null;
  }
  const end = text.indexOf("\n", from);
  const range = document.createRange();
  const walker = document.createTreeWalker(block, NodeFilter.SHOW_TEXT);
  let at = 0;
  let begun = false;
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const next = at + node.data.length;
    if (!begun && from <= next) {
      range.setStart(node, from - at);
      begun = true;
    }
    if (begun && (end < 0 ? text.length : end) <= next) {
      range.setEnd(node, (end < 0 ? text.length : end) - at);
      return range;
    }
    at = next;
  }
  return null;
};

export class Code {
  /**
   * @param holder the element with the class ``highlight``
   * @param original the agent's code
   * @param first the line of its file that the code begins on
   * @param load returns the module of the editor
   * @param hooks ``changed()`` and ``run()``
   */
  constructor({ holder, original, first, language, label, load, hooks }) {
    Object.assign(this, { holder, original, first, language, label, load, hooks });
    this.block = holder.querySelector("pre");
    this.editor = null;
    this.text = original;
    // The end of the last line is the snippet's, and would be an empty line in an editor.
    this.tail = original.endsWith("\n") ? "\n" : "";
    this.range = null;
  }

  get isChanged() {
    return this.text !== this.original;
  }

  /** Put an editor where the block is. */
  async edit(text = this.text) {
    if (this.editor) {
      this.editor.replace(this.shown(text));
      return;
    }
    const { Editor } = await this.load();
    if (this.editor) return;
    const hint = element("p", { class: "agentdocs-run-hint", id: fresh("hint") },
      this.hooks.run ? `${navigator.platform?.startsWith("Mac") ? "⌘" : "Ctrl"}-Enter runs it. ` : "",
      "Esc, then Tab leaves the editor.");
    const place = element("div", { class: "agentdocs-run-editor" });
    // Keys that are typed here are no shortcuts of the page: Sphinx takes / for its search.
    place.addEventListener("keydown", (event) => event.stopPropagation());
    this.holder.append(place, hint);
    this.editor = new Editor({
      parent: place, text: this.shown(text), language: this.language, first: this.first,
      label: this.label, describedby: hint.id,
      onChange: (now) => {
        this.text = now + this.tail;
        this.unmark();
        this.hooks.changed();
      },
      onRun: this.hooks.run,
    });
    this.text = text;
    this.block.hidden = true;
    this.hint = hint;
    this.hooks.changed();
  }

  shown(text) {
    return this.tail && text.endsWith(this.tail) ? text.slice(0, -1) : text;
  }

  /** Put the block back, with the agent's code. */
  reset() {
    this.unmark();
    this.text = this.original;
    if (this.editor) {
      const had = this.editor.hasFocus;
      this.editor.end();
      this.holder.querySelector(".agentdocs-run-editor").remove();
      this.hint.remove();
      this.editor = null;
      this.block.hidden = false;
      this.hooks.left?.(had);
    }
    this.hooks.changed();
  }

  /** Mark lines of the file: ``[{line, text}]``. */
  mark(found) {
    this.unmark();
    const inside = found.map((one) => ({ ...one, number: one.line - this.first + 1 }))
      .filter(({ number }) => number >= 1 && number <= this.text.split("\n").length);
    if (this.editor) this.editor.mark(inside);
    else if (faults && inside.length) {
      this.range = rangeOf(this.block, inside[0].number);
      if (this.range) faults.add(this.range);
    }
    return inside.length > 0;
  }

  unmark() {
    this.editor?.mark([]);
    if (this.range) faults.delete(this.range);
    this.range = null;
  }

  /** Go to a line of the file. */
  show(line) {
    const number = line - this.first + 1;
    if (this.editor) this.editor.show(number);
    else {
      const box = rangeOf(this.block, number)?.getBoundingClientRect();
      if (box) scrollTo({ top: scrollY + box.top - innerHeight / 3 });
    }
  }
}
