/* What a program printed → text in which nothing acts, with the colours that it asked for. */
import { element } from "./dom.js";

/** Characters of an output that a page shows. */
export const MOST = 100_000;

const SEQUENCE = /\x1b\[([0-?]*)[ -/]*([@-~])|\x9b[0-?]*[ -/]*[@-~]|\x1b[\]PX^_][^\x07\x1b\x9c]{0,4096}(?:\x07|\x1b\\|\x9c)?|\x1b[ -/]*[0-~]/g;
const COLOURS = ["black", "red", "green", "yellow", "blue", "magenta", "cyan", "white"];

/** Return text with controls and changes of direction made visible. */
export const visible = (text) => String(text)
  .replace(SEQUENCE, "")
  .replace(/\r\n?/g, "\n")
  .replace(/[\x00-\x08\x0b-\x1f]/g, (one) => String.fromCharCode(0x2400 + one.charCodeAt(0)))
  .replace(/\x7f/g, "␡")
  .replace(/[\x80-\x9f]|[^\P{Cf}\u200c\u200d]|\p{Cs}/gu, "\ufffd");

/** Return the first line of a text, cut where it is too long to stand beside other words. */
export const brief = (text, most = 160) => {
  const line = visible(text).trim().split("\n")[0];
  return line.length > most ? `${line.slice(0, most - 1)}…` : line;
};

/** Return the end of each coloured stretch with its classes, and whatever stands between. */
export const coloured = (text) => {
  const made = document.createDocumentFragment();
  const state = { colour: "", bold: false };
  let at = 0;
  const add = (part) => {
    if (!part) return;
    const classes = [state.colour && `agentdocs-ansi-${state.colour}`, state.bold && "agentdocs-ansi-bold"].filter(Boolean);
    made.append(classes.length ? element("span", { class: classes.join(" ") }, visible(part)) : visible(part));
  };
  for (const found of text.matchAll(SEQUENCE)) {
    add(text.slice(at, found.index));
    at = found.index + found[0].length;
    if (found[2] === "m") colour(state, found[1]);
  }
  add(text.slice(at));
  return made;
};

const colour = (state, codes) => {
  for (const code of codes.split(";").map(Number)) {
    if (code === 0) Object.assign(state, { colour: "", bold: false });
    else if (code === 1) state.bold = true;
    else if (code === 22) state.bold = false;
    else if (code === 39) state.colour = "";
    else if ((code >= 30 && code <= 37) || (code >= 90 && code <= 97)) state.colour = COLOURS[code % 10];
    else if (code === 38 || code === 48) return; // a colour of 256 or more: left as text is
  }
};
