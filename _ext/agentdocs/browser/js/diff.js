/* What was expected and what came → the lines that differ, one below the other. */
import { element } from "./dom.js";
import { visible } from "./text.js";

/** Lines of each side that are compared; the square of it is what comparing costs. */
const MOST = 400;
/** Characters of each side. */
const LONGEST = 20_000;

const lines = (text) => {
  const found = visible(text.slice(0, LONGEST)).split("\n").map((line) => line.trimEnd());
  while (found.length && !found.at(-1)) found.pop();
  return found;
};

/* Whether a line is the expected one; ``...`` stands for anything. */
const fits = (expected, got) => {
  if (expected === got) return true;
  const parts = expected.split("...");
  if (parts.length === 1 || !got.startsWith(parts[0]) || !got.endsWith(parts.at(-1))) return false;
  let at = parts[0].length;
  for (const part of parts.slice(1, -1)) {
    const found = got.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return at + parts.at(-1).length <= got.length;
};

/** Return pairs of ``same``, ``expected`` or ``got``, and a line. */
export const compared = (expected, got) => {
  const [left, right] = [lines(expected).slice(0, MOST), lines(got).slice(0, MOST)];
  const table = Array.from({ length: left.length + 1 }, () => new Uint16Array(right.length + 1));
  for (let i = left.length - 1; i >= 0; i -= 1) {
    for (let j = right.length - 1; j >= 0; j -= 1) {
      table[i][j] = fits(left[i], right[j])
        ? table[i + 1][j + 1] + 1
        : Math.max(table[i + 1][j], table[i][j + 1]);
    }
  }
  const found = [];
  let [i, j] = [0, 0];
  while (i < left.length || j < right.length) {
    if (i < left.length && j < right.length && fits(left[i], right[j])) {
      found.push(["same", right[j]]);
      i += 1;
      j += 1;
    } else if (j >= right.length || (i < left.length && table[i + 1][j] >= table[i][j + 1])) {
      found.push(["expected", left[i]]);
      i += 1;
    } else {
      found.push(["got", right[j]]);
      j += 1;
    }
  }
  return found;
};

const KINDS = { same: "span", expected: "del", got: "ins" };
const WORDS = { same: "", expected: "expected: ", got: "came: " };

/** Return a list of the lines, each with what it is in words for those who see no colours. */
export const difference = (expected, got) => element("ol", { class: "agentdocs-run-diff", "aria-label": "Expected, and what came" },
  ...compared(expected, got).map(([kind, line]) => element("li", { class: `agentdocs-run-${kind}` },
    element(KINDS[kind], {}, WORDS[kind] && element("span", { class: "agentdocs-unseen" }, WORDS[kind]), line || " "))));
