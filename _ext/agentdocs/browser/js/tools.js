/* A row of buttons: one stop for the Tab key, arrows go from one to the next. */
import { element } from "./dom.js";
import { fragment } from "./link.js";

/** Return the toolbar of a snippet. */
export const toolbar = (label, ...items) => {
  const bar = element("div", { class: "agentdocs-run-tools", role: "toolbar", "aria-label": label }, ...items);
  const buttons = () => [...bar.querySelectorAll("button")].filter((one) => !one.hidden);
  const settle = (current) => {
    for (const one of bar.querySelectorAll("button")) one.tabIndex = one === current ? 0 : -1;
  };
  settle(buttons()[0]);
  bar.addEventListener("focusin", ({ target }) => settle(target));
  bar.addEventListener("keydown", (event) => {
    const every = buttons();
    const at = every.indexOf(document.activeElement);
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: every.length - 1 }[event.key];
    if (to === undefined || at < 0) return;
    event.preventDefault();
    every[(to + every.length) % every.length].focus();
  });
  return bar;
};

/** Show or hide a button; where it had the focus, another one gets it. */
export const toggle = (one, shown, other) => {
  const had = document.activeElement === one;
  one.hidden = !shown;
  if (!shown && had) other.focus();
  if (!shown && one.tabIndex === 0) {
    one.tabIndex = -1;
    other.tabIndex = 0;
  }
};

/** Say on a button for a moment what came of it. */
const answer = (one, text) => {
  const title = one.dataset.title ?? one.textContent;
  one.dataset.title = title;
  one.textContent = text;
  setTimeout(() => { one.textContent = title; }, 1500);
};

/** Copy a link to changed code; where that is not permitted, put it into the address bar. */
export const share = async (one, address, code) => {
  const link = new URL(await fragment(address, code), location.href);
  try {
    await navigator.clipboard.writeText(link.href);
    answer(one, "Copied");
  } catch {
    location.hash = link.hash;
    answer(one, "In the address bar");
  }
};
