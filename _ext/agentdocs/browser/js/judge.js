// What came of a JavaScript step → its verdict. As verify/judge.py says it; that runs for Python.

/** Return {verdict, tier, reason, error, output, expected} of a report. */
export function judge(step, promise, report, output) {
  const below = promise.tier === "none" ? "parses" : promise.tier;
  const told = (verdict, tier, reason = "", error = null, expected = null) => ({
    verdict, tier, reason, error, output, expected,
  });
  const wanted = promise.fails || "";
  if (report.status === "ok") {
    if (wanted) return told("failed", "runs", `should fail with ${brief(wanted, 80)}, and does not`);
    if (typeof promise.expect === "string") {
      if (fits(promise.expect, output)) return told("passed", "checked");
      const reason = "prints something else than its contract expects";
      return told("failed", "runs", reason, null, promise.expect);
    }
    if (report.asserted > 0) return told("passed", "checked");
    return told("passed", "runs", promise.only_defines ? "only defines things" : "");
  }
  const inside = Number.isInteger(report.line) && report.line >= step.line && report.line < end(step);
  const error = { text: report.text, line: inside ? report.line : step.line, trace: report.trace ?? "", path: "" };
  if (wanted && report.status === "failed" && report.where === "snippet") {
    const text = brief(report.text, 120);
    if (`${report.text}\n${output}`.includes(wanted)) {
      return told("passed", "checked", `fails, as it is meant to: ${text}`);
    }
    return told("failed", below, `fails with ${text} instead of ${brief(wanted, 80)}`, error);
  }
  if (report.status === "syntax" && report.where === "snippet") {
    return told("failed", "none", `does not parse: ${brief(report.text, 200)}`, error);
  }
  if (report.status === "syntax") report.text = `does not parse: ${report.text}`;
  if (report.endless) return told("failed", below, "prints or writes more than 32 MB", error);
  const reason = excused(step, promise, report);
  if (reason) return told("unproved", below, reason, error);
  const text = brief(report.text.trim().split("\n")[0], 200);
  if (report.where === "snippet") return told("failed", below, text, error);
  const path = step[report.where].file;
  const place = { ...error, line: report.line ?? 0, path };
  const tier = report.where === "check" ? "runs" : below;
  return told("failed", tier, `the ${report.where} of its contract fails: ${text}`, place);
}

const end = (step) => step.line + step.code.split("\n").length;

/** Return what is missing for a snippet that may well be right. */
function excused(step, promise, report) {
  if (report.where !== "snippet") return "";
  if (report.network) return "needs the network";
  const [what, name] = /^(\S*) ?(.*)$/s.exec(report.missing ?? "").slice(1);
  if (!name) return "";
  const shown = brief(name, 80);
  if (what === "module") return `imports ${shown}, which is not installed here`;
  if (what !== "name") return "";
  const line = promise.defined?.[name];
  if (line === undefined) return `uses ${shown}, which nothing defines`;
  if (line === step.line - 1) return "";
  return `uses ${shown}, and the snippet of line ${line} that defines it did not run`;
}

/** Cut a text in one line after so many characters. */
function brief(text, length) {
  const line = String(text).split(/\s+/).join(" ").trim();
  return line.length > length ? `${line.slice(0, length - 1).trimEnd()}…` : line;
}

/** Whether an output is the expected one; `...` stands for anything. */
export function fits(expected, output) {
  const [one, other] = [plain(expected), plain(output)];
  if (one === other) return true;
  if (!one.includes("...")) return false;
  const pieces = one.split("...");
  const [first, last] = [pieces.shift(), pieces.pop()];
  if (!other.startsWith(first) || !other.endsWith(last)) return false;
  let at = first.length;
  const limit = other.length - last.length;
  for (const piece of pieces) {
    const found = other.indexOf(piece, at);
    if (found < 0 || found + piece.length > limit) return false;
    at = found + piece.length;
  }
  return at <= limit;
}

function plain(text) {
  const rows = text.replaceAll("\r\n", "\n").split("\n").map((row) => row.trimEnd());
  while (rows.at(-1) === "") rows.pop();
  return `${rows.join("\n")}\n`;
}
