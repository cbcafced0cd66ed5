/* Elements, made without markup: what strangers wrote only ever becomes text. */

/** Return an element; attributes that are null or false are left out, true ones are empty. */
export const element = (name, attributes = {}, ...children) => {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    made.setAttribute(key, value === true ? "" : value);
  }
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
};

/** Return a button that does something. */
export const button = (title, does, attributes = {}) => {
  const made = element("button", { type: "button", ...attributes }, title);
  made.addEventListener("click", does);
  return made;
};

let last = 0;

/** Return an id that no other element of the page has. */
export const fresh = (name) => `agentdocs-run-${name}-${(last += 1)}`;

/** Return ``1 snippet`` or ``2 snippets``. */
export const count = (number, noun) => `${number} ${noun}${number === 1 ? "" : "s"}`;

/** Return a length of time in words that fit beside a verdict. */
export const duration = (seconds) => {
  if (!(seconds >= 0.01)) return "< 0.01 s";
  return `${seconds >= 10 ? seconds.toFixed(0) : seconds.toFixed(2)} s`;
};

/** Make what overflows reachable with the keyboard, as all that scrolls on a page is. */
export const scrolls = (region, label) => {
  const measure = () => {
    const more = region.scrollWidth > region.clientWidth || region.scrollHeight > region.clientHeight;
    if (more === region.hasAttribute("tabindex")) return;
    for (const [key, value] of [["tabindex", "0"], ["role", "group"], ["aria-label", label]]) {
      if (more) region.setAttribute(key, value);
      else region.removeAttribute(key);
    }
  };
  new ResizeObserver(measure).observe(region);
  measure();
  return region;
};
