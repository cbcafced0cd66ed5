/* Copy buttons, keyboard access to what scrolls, and the filter. Pages are complete without. */
(() => {
  "use strict";

  const element = (name, attributes = {}, ...children) => {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    made.append(...children);
    return made;
  };

  /* --- copy ----------------------------------------------------------------------------- */

  const copyButton = (block) => {
    const button = element("button", { type: "button", class: "agentdocs-copy" }, "Copy");
    button.addEventListener("click", async () => {
      try {
        await navigator.clipboard.writeText(block.textContent);
        button.textContent = "Copied";
      } catch {
        const range = document.createRange();
        range.selectNodeContents(block);
        getSelection().removeAllRanges();
        getSelection().addRange(range);
        button.textContent = "Selected";
      }
      setTimeout(() => { button.textContent = "Copy"; }, 1500);
    });
    return button;
  };

  for (const snippet of document.querySelectorAll(".agentdocs-snippet")) {
    const caption = snippet.querySelector(".code-block-caption");
    const block = snippet.querySelector("pre");
    if (caption && block) caption.append(copyButton(block));
  }
  for (const verbatim of document.querySelectorAll(".agentdocs-verbatim")) {
    verbatim.prepend(copyButton(verbatim.querySelector("pre")));
  }
  for (const command of document.querySelectorAll(".agentdocs-command")) {
    command.after(copyButton(command));
  }

  /* --- what scrolls can be reached with the keyboard ------------------------------------- */

  const reach = (region) => {
    if (region.scrollWidth > region.clientWidth) region.tabIndex = 0;
  };
  document.querySelectorAll(".table-wrapper, .highlight pre, .agentdocs-graph").forEach(reach);
  for (const fold of document.querySelectorAll(".agentdocs-evidence details")) {
    fold.addEventListener("toggle", () => {
      for (const output of fold.querySelectorAll("pre")) {
        reach(output);
        if (output.scrollHeight > output.clientHeight) output.tabIndex = 0;
      }
    });
  }

  /* --- filter --------------------------------------------------------------------------- */

  const root = document.documentElement.dataset.content_root ?? "";
  let loading;
  const load = () => loading ??= new Promise((resolve, reject) => {
    const script = element("script", { src: `${root}_static/agentdocs-catalogue.js` });
    script.addEventListener("load", () => resolve(window.agentdocsCatalogue.map(([url, card]) => ({
      ...card,
      url: root + url,
      text: [card.name, card.tags.join(" "), card.summary, card.words, card.tools.join(" "), card.collection]
        .map((part) => part.toLowerCase()),
    }))));
    script.addEventListener("error", reject);
    document.head.append(script);
  });

  /* The name counts most, then tags, then the description. Every word must occur. */
  const WEIGHTS = [12, 6, 4, 2, 2, 1];
  const score = (card, words) => {
    let total = 0;
    for (const word of words) {
      let best = 0;
      card.text.forEach((part, index) => {
        const at = part.indexOf(word);
        if (at < 0) return;
        const whole = at === 0 || /[^\p{L}\p{N}]/u.test(part[at - 1]);
        best = Math.max(best, WEIGHTS[index] * (whole ? 2 : 1));
      });
      if (!best) return 0;
      total += best;
    }
    return total || 1;
  };

  const FACETS = [
    ["collection", "Collection", (card) => [card.collection]],
    ["tool", "Tool", (card) => card.tools],
    ["tag", "Tag", (card) => card.tags],
    ["model", "Model", (card) => (card.model ? [card.model] : [])],
  ];
  const SHOWN = 24;

  const show = (card) => element("li", {},
    element("p", {}, element("strong", {}, element("a", { href: card.url }, card.name)),
      element("span", {}, card.collection)),
    element("p", {}, card.summary));

  const setUp = async (finder) => {
    const all = finder.classList.contains("agentdocs-finder-all");
    const input = element("input", { type: "search", name: "q", autocomplete: "off",
      placeholder: "What should it do?", "aria-describedby": "agentdocs-count" });
    const form = element("form", { role: "search", "aria-label": "Filter agents" },
      element("label", {}, "Find an agent", input));
    const count = element("output", { id: "agentdocs-count", "aria-live": "polite" });
    const results = element("ul", { class: "agentdocs-results" });
    finder.replaceChildren(form, count, results);
    form.addEventListener("submit", (event) => event.preventDefault());

    const cards = await load();
    const selects = new Map();
    for (const [key, title, values] of all ? FACETS : []) {
      const found = [...new Set(cards.flatMap(values))].sort((a, b) => a.localeCompare(b));
      if (found.length < 2) continue;
      const select = element("select", { name: key }, element("option", { value: "" }, "any"),
        ...found.map((value) => element("option", { value }, value)));
      selects.set(key, [select, values]);
      form.append(element("label", {}, title, select));
    }

    const update = () => {
      const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
      const chosen = [...selects.values()].filter(([select]) => select.value);
      const active = words.length || chosen.length;
      const state = new URLSearchParams();
      if (input.value) state.set("q", input.value);
      for (const [key, [select]] of selects) if (select.value) state.set(key, select.value);
      if (all) history.replaceState(null, "", `${location.pathname}${state.size ? `?${state}` : ""}${location.hash}`);
      if (!active) {
        count.textContent = "";
        results.replaceChildren();
        return;
      }
      const found = cards
        .filter((card) => chosen.every(([select, values]) => values(card).includes(select.value)))
        .map((card) => [score(card, words), card])
        .filter(([points]) => points)
        .sort(([a, left], [b, right]) => b - a || left.name.localeCompare(right.name));
      const rest = found.length > SHOWN ? `, the first ${SHOWN} shown` : "";
      count.textContent = `${found.length} of ${cards.length} agents${rest}`;
      results.replaceChildren(...found.slice(0, SHOWN).map(([, card]) => show(card)));
    };

    const state = new URLSearchParams(location.search);
    if (all) {
      input.value = state.get("q") ?? "";
      for (const [key, [select]] of selects) select.value = state.get(key) ?? "";
    }
    form.addEventListener("input", update);
    update();
  };

  for (const finder of document.querySelectorAll(".agentdocs-finder")) {
    setUp(finder).catch(() => {
      finder.textContent = "The list of agents could not be loaded; the lists below still work.";
    });
  }
})();
