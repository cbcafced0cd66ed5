/* The editor: CodeMirror with the page's own colours, loaded when somebody wants to change code. */
import { defaultKeymap, history, historyKeymap, indentWithTab } from "@codemirror/commands";
import { javascript } from "@codemirror/lang-javascript";
import { json } from "@codemirror/lang-json";
import { python } from "@codemirror/lang-python";
import { sql } from "@codemirror/lang-sql";
import { yaml } from "@codemirror/lang-yaml";
import { bracketMatching, indentOnInput, indentUnit, syntaxHighlighting } from "@codemirror/language";
import { lintGutter, setDiagnostics } from "@codemirror/lint";
import { EditorState } from "@codemirror/state";
import { drawSelection, EditorView, highlightActiveLine, keymap, lineNumbers } from "@codemirror/view";
import { tagHighlighter, tags } from "@lezer/highlight";

const LANGUAGES = {
  python, sql, json, yaml,
  javascript: () => javascript({ jsx: true }),
  typescript: () => javascript({ typescript: true }),
};
const NAMES = { py: "python", js: "javascript", jsx: "javascript", mjs: "javascript", ts: "typescript", yml: "yaml",
  jsonc: "json", python3: "python", sqlite: "sql", postgresql: "sql" };

/* The classes of Pygments: the theme colours the editor as it colours the code on the page. */
const COLOURS = [
  { tag: tags.keyword, class: "k" },
  { tag: [tags.operatorKeyword], class: "ow" },
  { tag: [tags.bool, tags.null, tags.atom], class: "kc" },
  { tag: [tags.string, tags.special(tags.string), tags.regexp], class: "s2" },
  { tag: tags.escape, class: "se" },
  { tag: [tags.lineComment, tags.blockComment, tags.comment], class: "c1" },
  { tag: tags.number, class: "mi" },
  { tag: [tags.function(tags.definition(tags.variableName)), tags.function(tags.definition(tags.propertyName))], class: "nf" },
  { tag: tags.definition(tags.className), class: "nc" },
  { tag: [tags.standard(tags.variableName), tags.standard(tags.name)], class: "nb" },
  { tag: tags.meta, class: "nd" },
  { tag: tags.self, class: "bp" },
  { tag: [tags.operator, tags.compareOperator, tags.arithmeticOperator], class: "o" },
];
const KEYS = { tag: [tags.propertyName, tags.definition(tags.propertyName)], class: "nt" };

const colours = (name) => tagHighlighter(["json", "yaml"].includes(name) ? [...COLOURS, KEYS] : COLOURS);

/* CodeMirror's own style sheet is adopted by the document, which the policy of a page permits. */
export class Editor {
  /**
   * @param first the number of the first line
   * @param onChange called with the text
   * @param onRun called for Ctrl-Enter; nothing where there is nothing to run
   */
  constructor({ parent, text, language, first, label, describedby, onChange, onRun }) {
    const name = NAMES[language] ?? language;
    this.view = new EditorView({
      parent,
      state: EditorState.create({
        doc: text,
        extensions: [
          keymap.of([
            { key: "Mod-Enter", run: () => { onRun?.(); return true; } },
            indentWithTab, ...defaultKeymap, ...historyKeymap,
          ]),
          lineNumbers({ formatNumber: (number) => String(number + first - 1) }),
          history(), drawSelection(), highlightActiveLine(), bracketMatching(), indentOnInput(), lintGutter(),
          indentUnit.of(name === "python" ? "    " : "  "),
          syntaxHighlighting(colours(name)),
          LANGUAGES[name]?.() ?? [],
          matchMedia("(max-width: 40em)").matches ? EditorView.lineWrapping : [],
          EditorView.contentAttributes.of({ "aria-label": label, "aria-describedby": describedby, tabindex: "0", spellcheck: "false" }),
          EditorView.updateListener.of((update) => {
            if (update.docChanged) onChange(update.state.doc.toString());
          }),
        ],
      }),
    });
  }

  get hasFocus() {
    return this.view.hasFocus;
  }

  focus() {
    this.view.focus();
  }

  replace(text) {
    this.view.dispatch({ changes: { from: 0, to: this.view.state.doc.length, insert: text } });
  }

  /** Mark lines: ``[{number, text}]``, 1 the first; those that were marked are no longer. */
  mark(found) {
    const { doc } = this.view.state;
    const marks = found.filter(({ number }) => number <= doc.lines).map(({ number, text }) => {
      const line = doc.line(number);
      const from = line.from + line.text.search(/\S|$/);
      return { from, to: Math.max(line.to, from), severity: "error", message: text };
    });
    this.view.dispatch(setDiagnostics(this.view.state, marks));
  }

  /** Put the cursor on a line. */
  show(number) {
    const { doc } = this.view.state;
    if (number < 1 || number > doc.lines) return;
    this.view.dispatch({ selection: { anchor: doc.line(number).from }, scrollIntoView: true });
    this.view.focus();
  }

  end() {
    this.view.destroy();
  }
}
