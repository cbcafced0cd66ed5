/* What came of a run → what the reader sees of it: the verdict, the error, the text, tables, images. */
import { difference } from "./diff.js";
import { count, duration, element, scrolls } from "./dom.js";
import { brief, coloured, MOST, visible } from "./text.js";

/** What is shown of a table, of images and of an error: a page stays quick whatever a snippet makes. */
const ROWS = 200;
const COLUMNS = 40;
const IMAGES = 20;
const ERROR = 4_000;
const TRACE = 20_000;
const IMAGE = /^data:image\/(?:png|jpeg|gif|webp|svg\+xml)[;,]/;

const PASSED = {
  checked: ["good", "✓", "checked"], runs: ["good", "✓", "runs"], imports: ["plain", "", "imports"],
  names: ["plain", "", "names known"], parses: ["plain", "", "parses"], none: ["plain", "", "passed"],
};
const UNPROVED = { parses: "only parses", names: "only names known", imports: "only imports", runs: "only runs" };

/** Return kind, sign, text and reason, in the words that the site's badges have.
 *
 * @param proved the verdict on the agent's own code, where the code that ran is another; else null
 */
export const words = ({ verdict, tier, reason, error }, proved = null) => {
  // What the error below says is not said twice.
  const why = error?.text && error.text.startsWith(reason) ? "" : brief(reason ?? "");
  const broken = verdict === "unproved" && proved?.tier === "checked"; // of the agent's, it may be the place's fault
  if (verdict === "failed" || broken) return ["bad", "✗", proved?.tier === "checked" ? "no longer holds" : "failed", why];
  if (verdict === "unproved") return ["open", "○", UNPROVED[tier] ?? "unproved", why];
  if (verdict === "skipped") return ["plain", "–", "skipped", why];
  if (proved?.tier === "checked") {
    return tier === "checked"
      ? ["good", "✓", "checked", "the promise still holds"]
      : ["open", "○", "only runs", "nothing checks its promise any more"];
  }
  return [...(PASSED[tier] ?? PASSED.none), why];
};

/** Return the words of a verdict as the badges show them. */
export const badge = ([kind, sign, text, reason]) => element("span", { class: `agentdocs-verdict agentdocs-${kind}` },
  element("b", {}, `${sign ? `${sign} ` : ""}${text}`), reason ? ` · ${reason}` : null);

/** Text that grows while a program prints, and is written to the page once a frame. */
export class Printed {
  /** @param label what the text is, for those who come to it by keyboard */
  constructor(label) {
    this.node = element("pre", { class: "agentdocs-run-text" });
    this.text = "";
    this.waiting = false;
    scrolls(this.node, label);
  }

  add(text) {
    if (this.text.length > MOST) return;
    this.text += text;
    if (this.waiting) return;
    this.waiting = true;
    requestAnimationFrame(() => this.draw());
  }

  draw() {
    this.waiting = false;
    const rest = this.text.length > MOST ? "\n… more is not shown" : "";
    this.node.replaceChildren(coloured(this.text.slice(0, MOST).replace(/\n$/, "")), rest);
  }
}

/** Return the parts of a result, in the order in which they help.
 *
 * @param shown what was printed while it ran, or null
 * @param at marks the line of an error: called with its number, returns a node for it, or null
 */
export const parts = (result, shown, at) => [
  fault(result, at),
  differs(result),
  printed(result, shown),
  ...(result.tables ?? []).map(table),
  ...(result.images ?? []).filter((image) => IMAGE.test(image)).slice(0, IMAGES).map(picture),
].filter(Boolean);

const titled = (title, ...children) => element("div", { class: "agentdocs-run-part" },
  element("p", { class: "agentdocs-run-title" }, title), ...children);

const fault = ({ error }, at) => {
  if (!error?.text) return null;
  const place = error.line ? at(error) : null;
  const node = element("div", { class: "agentdocs-run-error" },
    element("p", {}, place, element("code", {}, visible(error.text.slice(0, ERROR)))));
  if (error.trace && error.trace.trim() !== error.text.trim()) {
    const trace = element("pre", {}, visible(error.trace.slice(0, TRACE)).trimEnd());
    node.append(element("details", {}, element("summary", {}, "Trace"), scrolls(trace, "Trace")));
  }
  return node;
};

const differs = ({ expected, output }) => (typeof expected === "string"
  ? titled("Expected, and what came", scrolls(difference(expected, output ?? ""), "Expected, and what came"))
  : null);

/* What came piece by piece has the colours, and stays only where all of it has come. */
const printed = ({ output, expected }, shown) => {
  const isAll = shown && visible(shown.text).trimEnd() === visible(output ?? "").trimEnd();
  if (!(output ?? "").trim() || (typeof expected === "string" && !isAll)) return null;
  const node = isAll ? shown : new Printed("Output");
  if (!isAll) node.text = output;
  node.draw();
  return titled("Output", node.node);
};

const table = ({ columns, rows }) => {
  const more = rows.length > ROWS ? `, the first ${ROWS} shown` : "";
  const cell = (value) => (value === null
    ? element("td", { class: "agentdocs-run-null" }, "NULL")
    : element("td", { class: typeof value === "number" ? "agentdocs-run-number" : null }, visible(value)));
  const isNumber = (index) => rows.length > 0 && rows.slice(0, ROWS).every((row) => row[index] === null || typeof row[index] === "number");
  const made = element("table", {},
    element("caption", {}, `${count(rows.length, "row")}${more}`),
    element("thead", {}, element("tr", {}, ...columns.slice(0, COLUMNS).map((name, index) =>
      element("th", { scope: "col", class: isNumber(index) ? "agentdocs-run-number" : null }, visible(name))))),
    element("tbody", {}, ...rows.slice(0, ROWS).map((row) => element("tr", {}, ...row.slice(0, COLUMNS).map(cell)))));
  return scrolls(element("div", { class: "agentdocs-run-table" }, made), "Table");
};

const picture = (source, index) => element("img", { class: "agentdocs-run-image", src: source, alt: `Image ${index + 1} of the output` });

/** Return what is said in one sentence to those who do not see it. */
export const spoken = (found, result) => {
  const [, , text, reason] = found;
  const line = result.error?.line ? `Line ${result.error.line}: ${brief(result.error.text)}` : "";
  const printed = (result.output ?? "").trim();
  const lines = printed ? `${count(printed.split("\n").length, "line")} of output` : "No output";
  return [`${text}${reason ? `: ${reason}` : ""}`, line, lines, duration(result.seconds)]
    .filter(Boolean).join(". ");
};
