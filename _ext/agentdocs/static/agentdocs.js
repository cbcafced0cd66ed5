/* Copy buttons, checklists, lines that wrap, keyboard access to what scrolls, paper, and the
   filter. Pages are complete without. */
(() => {
  "use strict";

  const element = (name, attributes = {}, ...children) => {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    made.append(...children);
    return made;
  };

  /* --- copy ----------------------------------------------------------------------------- */

  const copyButton = (block, title = "Copy", text = () => block.textContent) => {
    const button = element("button", { type: "button", class: "agentdocs-copy" }, title);
    button.addEventListener("click", async () => {
      try {
        await navigator.clipboard.writeText(text());
        button.textContent = "Copied";
      } catch {
        const range = document.createRange();
        range.selectNodeContents(block);
        getSelection().removeAllRanges();
        getSelection().addRange(range);
        button.textContent = "Selected";
      }
      setTimeout(() => { button.textContent = title; }, 1500);
    });
    return button;
  };

  for (const snippet of document.querySelectorAll(".agentdocs-snippet")) {
    const caption = snippet.querySelector(".code-block-caption");
    const block = snippet.querySelector("pre");
    if (caption && block) caption.append(copyButton(block));
  }
  /* A console shows what was typed among what came back; only the first can be used again. */
  const typed = (block) => {
    const kept = block.cloneNode(true);
    if (!kept.querySelector(".gp")) return block.textContent;
    for (const other of kept.querySelectorAll(".gp, .go")) other.remove();
    return kept.textContent.replace(/^\n+/gm, "");
  };

  /* Code outside of agents gets the same bar, unless another extension brings buttons. */
  const others = document.querySelector('script[src*="copybutton"]')
    ? [] : document.querySelectorAll('article div[class*="highlight-"]');
  for (const lone of others) {
    const block = lone.querySelector("pre");
    if (!block || lone.closest(".agentdocs-snippet, .agentdocs-verbatim, .literal-block-wrapper")) continue;
    const [language] = lone.className.match(/(?<=highlight-)[\w+-]+/) ?? [];
    const label = ["default", "none", "text"].includes(language) ? "" : language;
    const caption = element("div", { class: "code-block-caption" },
      element("span", { class: "caption-text agentdocs-language" }, label),
      copyButton(block, "Copy", () => typed(block)));
    const frame = element("div", { class: "agentdocs-snippet container" });
    lone.replaceWith(frame);
    frame.append(caption, lone);
  }
  for (const verbatim of document.querySelectorAll(".agentdocs-verbatim")) {
    verbatim.prepend(copyButton(verbatim.querySelector("pre")));
  }
  for (const command of document.querySelectorAll(".agentdocs-command")) {
    command.after(copyButton(command));
  }

  /* --- checklists: ticked in this browser only -------------------------------------------- */

  const store = `agentdocs-ticks:${location.pathname}`;
  const remembered = () => {
    try {
      const found = JSON.parse(localStorage.getItem(store));
      return found && typeof found === "object" ? found : {};
    } catch {
      return {};
    }
  };
  const remember = (ticks) => {
    try {
      if (Object.keys(ticks).length) localStorage.setItem(store, JSON.stringify(ticks));
      else localStorage.removeItem(store);
    } catch { /* without storage, ticks last as long as the page */ }
  };

  /* Inline code is the only markup that a task's text needs to stay what it says. */
  const inMarkdown = (node) => [...node.childNodes].map((child) => {
    if (child.nodeType === Node.TEXT_NODE) return child.data;
    if (child.nodeType !== Node.ELEMENT_NODE || child.matches("ul, ol, input")) return "";
    return child.matches("code") ? `\`${child.textContent}\`` : inMarkdown(child);
  }).join("").replace(/\s+/g, " ");

  const isTask = (item) => item.matches(".agentdocs-todo, .agentdocs-done");
  const checklist = (list, ticks, number) => {
    const tasks = [...list.querySelectorAll("li")].filter(isTask);
    const count = element("output", { class: "agentdocs-ticked" });
    const boxes = tasks.map((item, index) => {
      const sign = item.querySelector(".agentdocs-box");
      const text = sign.parentElement;
      sign.remove();
      const key = `${number}.${index} ${inMarkdown(text).trim().slice(0, 80)}`;
      const initial = item.classList.contains("agentdocs-done");
      const box = element("input", { type: "checkbox" });
      box.checked = ticks[key] ?? initial;
      const label = element("label", {}, box, ...text.childNodes);
      text.append(label);
      item.classList.add("agentdocs-task");
      box.addEventListener("change", () => {
        if (box.checked === initial) delete ticks[key];
        else ticks[key] = box.checked;
        remember(ticks);
        tell();
      });
      return { item, box, key, initial, text: inMarkdown(label).trim() };
    });
    const tell = () => {
      count.textContent = `${boxes.filter(({ box }) => box.checked).length} of ${boxes.length} done`;
    };
    const depth = (item) => {
      let found = 0;
      for (let at = item.parentElement; at !== list; at = at.parentElement) found += at.matches("ul, ol");
      return found;
    };
    const asMarkdown = () => boxes.map(({ item, box, text }) =>
      `${"  ".repeat(depth(item))}- [${box.checked ? "x" : " "}] ${text}\n`).join("");
    const clear = element("button", { type: "button", class: "agentdocs-copy" }, "Reset");
    clear.addEventListener("click", () => {
      for (const { box, key, initial } of boxes) {
        box.checked = initial;
        delete ticks[key];
      }
      remember(ticks);
      tell();
    });
    tell();
    list.after(element("div", { class: "agentdocs-checklist" }, count,
      copyButton(list, "Copy as Markdown", asMarkdown), clear));
  };

  const lists = [...document.querySelectorAll("li.agentdocs-todo, li.agentdocs-done")]
    .map((item) => item.closest("ul, ol"))
    .filter((list, index, every) => every.indexOf(list) === index)
    .filter((list, _, every) => !every.some((other) => other !== list && other.contains(list)));
  if (lists.length) {
    const ticks = remembered();
    lists.forEach((list, number) => checklist(list, ticks, number));
  }

  /* --- lines that wrap on a phone begin below their own indentation ----------------------- */

  /* Each line becomes a box; the line ends stay between the boxes, so that what is selected or
     copied is what it was. */
  const inLines = (block) => {
    const lines = [[]];
    for (const node of [...block.childNodes]) {
      node.textContent.split("\n").forEach((text, index) => {
        if (index) lines.push([]);
        if (!text) return;
        const part = node.nodeType === Node.ELEMENT_NODE ? node.cloneNode(false) : new Text();
        part.textContent = text;
        lines.at(-1).push(part);
      });
    }
    block.replaceChildren(...lines.flatMap((parts, index) => {
      const end = index ? ["\n"] : [];
      if (!parts.length) return end;
      const line = element("span", { class: "agentdocs-line" }, ...parts);
      line.style.setProperty("--indent", line.textContent.search(/\S|$/));
      return [...end, line];
    }));
  };

  /* Boxes and columns made of characters fall apart where they wrap, so they scroll. */
  const drawn = (block, text) => /[\u2500-\u257f]/.test(text)
    || (block.closest(".highlight-console, .highlight-text, .highlight-default, .highlight-none")
      && (text.match(/\S {3,}\S/g) ?? []).length > 3);

  const code = [...document.querySelectorAll(".highlight pre")];
  for (const block of code) {
    const text = block.textContent;
    if (!block.closest(".agentdocs-verbatim") && drawn(block, text)) block.classList.add("agentdocs-drawn");
    // What fills a third of a sheet of paper may be parted.
    if (text.split("\n").length > 24) block.closest(".agentdocs-snippet, .agentdocs-verbatim")?.classList.add("agentdocs-long");
  }
  const narrow = matchMedia("(max-width: 40em)");
  /* Once is enough. What other extensions put into code, such as links, stays where it is. */
  const wrap = () => {
    for (const block of code.splice(0)) {
      const left = block.matches(".agentdocs-drawn, .agentdocs-verbatim pre");
      if (!left && !block.querySelector(":scope > * > *, [id]")) inLines(block);
    }
  };
  narrow.addEventListener("change", wrap);
  addEventListener("beforeprint", wrap);
  if (narrow.matches) wrap();

  /* --- what scrolls can be reached with the keyboard ------------------------------------- */

  const reach = (region) => {
    const wide = region.scrollWidth > region.clientWidth;
    if (wide) region.tabIndex = 0;
    else region.removeAttribute("tabindex");
    return wide;
  };
  /* The head of a table that fits stays at the top of the window, that of a wide one at the top of
     the region in which it scrolls. */
  const measure = (region) => {
    region.classList.remove("agentdocs-fits", "agentdocs-wide");
    const wide = reach(region);
    if (!region.matches(".table-wrapper")) return;
    region.classList.add(wide ? "agentdocs-wide" : "agentdocs-fits");
    if (!wide) region.removeAttribute("role");
    else for (const [key, value] of [["role", "group"], ["aria-label", "Table, scrolls sideways"]]) region.setAttribute(key, value);
  };
  const sized = new ResizeObserver((entries) => entries.forEach(({ target }) => measure(target)));
  for (const region of document.querySelectorAll(".table-wrapper, .highlight pre, .agentdocs-graph")) {
    measure(region);
    sized.observe(region);
  }
  for (const tabs of document.querySelectorAll(".agentdocs-tabs")) {
    const current = tabs.querySelector("strong");
    if (current) tabs.scrollLeft = current.offsetLeft - tabs.offsetLeft - (tabs.clientWidth - current.offsetWidth) / 2;
  }
  for (const fold of document.querySelectorAll(".agentdocs-evidence details, .agentdocs-fold")) {
    fold.addEventListener("toggle", () => {
      for (const output of fold.querySelectorAll("pre")) {
        reach(output);
        if (output.scrollHeight > output.clientHeight) output.tabIndex = 0;
      }
    });
  }

  /* --- on paper, what is folded up is open, and the page says where it is from ------------- */

  let undo = [];
  addEventListener("beforeprint", () => {
    const folds = [...document.querySelectorAll("article details:not([open])")]
      .filter((fold) => !fold.closest(".agentdocs-evidence"));
    for (const fold of folds) fold.open = true;
    const origin = element("p", { class: "agentdocs-printed" }, `${document.title} · ${location.href}`);
    document.querySelector("article")?.append(origin);
    undo = [() => origin.remove(), ...folds.map((fold) => () => { fold.open = false; })];
  });
  addEventListener("afterprint", () => {
    for (const step of undo) step();
    undo = [];
  });

  const root = document.documentElement.dataset.content_root ?? "";

  /* --- run: all that does it is loaded by the first click, or by a link to changed code ----- */

  const runnable = location.protocol.startsWith("http") ? [...document.querySelectorAll(".agentdocs-runnable")] : [];
  const runner = () => import(new URL(`${root}_run/page.js`, document.baseURI).href);
  for (const wrapper of runnable) {
    const button = wrapper.querySelector(".agentdocs-run");
    const title = button.textContent;
    button.hidden = false;
    button.addEventListener("click", async () => {
      button.setAttribute("aria-busy", "true");
      try {
        (await runner()).run(wrapper);
      } catch {
        button.textContent = "Cannot be loaded";
        setTimeout(() => { button.textContent = title; }, 3000);
      }
      button.removeAttribute("aria-busy");
    });
  }
  const ran = () => {
    try {
      return sessionStorage.getItem("agentdocs-ran");
    } catch {
      return null; // a browser may refuse
    }
  };
  const changedCode = () => location.hash.startsWith("#run=");
  const arrive = () => runner().then((module) => module.arrive(), () => {});
  if (runnable.length) {
    if (changedCode()) arrive();
    else if (ran()) (window.requestIdleCallback ?? setTimeout)(arrive);
    addEventListener("hashchange", () => changedCode() && arrive());
  }

  /* --- filter --------------------------------------------------------------------------- */

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
    finder.classList.add("agentdocs-ready");

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
