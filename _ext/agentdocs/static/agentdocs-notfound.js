/* On the page that stands for those that are not there: what was asked for, a search for it, and
   the agents whose names come near. The address is a stranger's text, and only ever shown as text. */
(() => {
  "use strict";

  const page = document.querySelector(".agentdocs-notfound");
  if (!page) return;
  const root = page.dataset.root;

  const plain = (text) => {
    try {
      return decodeURIComponent(text);
    } catch {
      return text;
    }
  };
  const inside = location.pathname.startsWith(root) ? location.pathname.slice(root.length) : location.pathname;
  const parts = inside.split("/").map((part) => plain(part).replace(/\.(?:html?|md)$/i, "").slice(0, 80))
    .filter(Boolean);
  if (parts.join() === "404") return; // the page itself was asked for

  /* --- what was asked for ---------------------------------------------------------------- */

  const asked = document.createElement("code");
  asked.textContent = plain(location.pathname).slice(0, 300);
  page.querySelector(".agentdocs-asked").replaceChildren("There is nothing at ", asked,
    ". It may have been moved, renamed or removed.");

  /* The last part says most, unless it is one that every agent has. */
  const COMMON = ["index", "reference", "examples", "schemas", "source"];
  const telling = parts.filter((part) => !COMMON.includes(part));
  const form = page.querySelector(".agentdocs-seek");
  if (form) {
    form.hidden = false;
    form.elements.q.value = (telling.at(-1) ?? parts.at(-1) ?? "").replace(/[^\p{L}\p{N}]+/gu, " ").trim();
  }

  /* --- near names ------------------------------------------------------------------------ */

  const pairs = (text) => {
    const bare = ` ${text.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, " ").trim()} `;
    return Array.from({ length: bare.length - 1 }, (_, at) => bare.slice(at, at + 2));
  };
  /* Dice's coefficient: the share of pairs of letters that two words have in common. */
  const likeness = (one, other) => {
    const left = pairs(one);
    const rest = pairs(other);
    const total = left.length + rest.length;
    let common = 0;
    for (const pair of left) {
      const at = rest.indexOf(pair);
      if (at < 0) continue;
      rest.splice(at, 1);
      common += 1;
    }
    return (2 * common) / total;
  };
  const LEAST = 0.4;
  const SHOWN = 4;

  const show = ([url, card]) => {
    const item = document.createElement("li");
    const head = document.createElement("p");
    const name = document.createElement("strong");
    const link = document.createElement("a");
    const collection = document.createElement("span");
    const summary = document.createElement("p");
    link.href = root + url;
    link.textContent = card.name;
    collection.textContent = card.collection;
    summary.textContent = card.summary;
    name.append(link);
    head.append(name, collection);
    item.append(head, summary);
    return item;
  };

  const catalogue = document.createElement("script");
  catalogue.src = `${root}_static/agentdocs-catalogue.js`;
  catalogue.addEventListener("load", () => {
    const near = window.agentdocsCatalogue
      .map((row) => {
        // Of agents with one name, that of the collection which was asked for comes first.
        const same = parts.includes(row[1].collection) ? 0.1 : 0;
        return [Math.max(0, ...telling.map((part) => likeness(part, row[1].name))), same, row];
      })
      .filter(([points]) => points >= LEAST)
      .sort(([a, here], [b, there]) => b + there - a - here)
      .slice(0, SHOWN);
    if (!near.length) return;
    const section = page.querySelector(".agentdocs-near");
    section.querySelector("ul").replaceChildren(...near.map(([, , row]) => show(row)));
    section.hidden = false;
  });
  document.head.append(catalogue);
})();
