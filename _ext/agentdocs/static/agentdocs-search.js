/* Search: in a dialog that / and Ctrl-K open on any page, and on the search page itself.

   agentdocs-ask.js finds; what stands here shows what it found. Text of agents only ever becomes
   text. Where Pagefind cannot be loaded, Sphinx's own search is left to do its work. */
(() => {
  "use strict";

  const root = new URL(document.documentElement.dataset.content_root ?? "./", location.href);
  const inFiles = location.protocol === "file:";

  /* --- asking, by a module that is loaded when somebody does ---------------------------------- */

  /* With the digest that this script is asked for with, so that a browser keeps neither longer. */
  const { src } = document.currentScript;
  const asking = new URL("agentdocs-ask.js", src);
  asking.search = new URL(src).search;
  let loading;
  const index = () => loading ??= import(asking.href).then(({ open }) => open(root));
  const find = async (text, chosen) => (await index()).find(text, chosen);

  /* --- elements ---------------------------------------------------------------------------- */

  const element = (name, attributes = {}, ...children) => {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    made.append(...children);
    return made;
  };

  const FACETS = {
    kind: "Kind", collection: "Collection", role: "Role", tool: "Tool", tag: "Tag",
    model: "Model", language: "Language", tier: "Proof",
  };

  /* --- recent searches, in this browser only ------------------------------------------------- */

  const STORE = "agentdocs-searches";
  const recent = () => {
    try {
      const found = JSON.parse(localStorage.getItem(STORE));
      return Array.isArray(found) ? found.filter((one) => typeof one === "string").slice(0, 8) : [];
    } catch {
      return [];
    }
  };
  const remember = (text) => {
    const query = text.trim();
    if (!query) return;
    try {
      const every = [query, ...recent().filter((one) => one !== query)].slice(0, 8);
      localStorage.setItem(STORE, JSON.stringify(every));
    } catch { /* without storage, nothing is remembered */ }
  };
  const forget = () => {
    try {
      localStorage.removeItem(STORE);
    } catch { /* nothing was remembered */ }
  };

  /* --- the box and its list ------------------------------------------------------------------ */

  let views = 0;
  const view = ({ onChange = () => {}, eager = false } = {}) => {
    const id = `agentdocs-search-${views += 1}`;
    const input = element("input", {
      type: "text", role: "combobox", autocomplete: "off", autocapitalize: "off", spellcheck: "false",
      enterkeyhint: "search", placeholder: "Search agents and manual", "aria-label": "Search",
      "aria-autocomplete": "list", "aria-expanded": "false", "aria-controls": `${id}-list`,
    });
    const facets = element("div", { class: "agentdocs-search-facets" });
    const fold = element("details", { class: "agentdocs-search-fold" }, element("summary", {}, "Filters"), facets);
    const count = element("output", { "aria-live": "polite", class: "agentdocs-search-count" });
    const list = element("div", { role: "listbox", id: `${id}-list`, "aria-label": "Results", class: "agentdocs-search-list" });
    const box = element("div", { class: "agentdocs-search" },
      element("div", { class: "agentdocs-search-bar" }, input), fold, count, list);
    const selects = {};
    let options = [], active = -1, asked = 0, timer;

    const state = () => ({
      q: input.value.trim(),
      ...Object.fromEntries(Object.entries(selects).map(([key, select]) => [key, select.value])
        .filter(([, value]) => value)),
    });

    const activate = (index, scroll = true) => {
      options[active]?.setAttribute("aria-selected", "false");
      active = index;
      const option = options[active];
      if (!option) return input.removeAttribute("aria-activedescendant");
      option.setAttribute("aria-selected", "true");
      input.setAttribute("aria-activedescendant", option.id);
      if (scroll) option.scrollIntoView({ block: "nearest" });
    };

    const collect = () => {
      options = [...list.querySelectorAll("[role=option]")];
      options.forEach((option, index) => {
        option.id = `${id}-${index}`;
        if (!option.hasAttribute("aria-selected")) option.setAttribute("aria-selected", "false");
      });
      input.setAttribute("aria-expanded", String(options.length > 0));
    };

    const hit = ({ href, title, line, excerpt }) => {
      const words = excerpt.map((one) => one.mark ? element("mark", {}, one.mark) : one);
      const option = element("a", { role: "option", tabindex: "-1", class: "agentdocs-search-hit", href },
        element("span", { class: "agentdocs-search-title" }, title,
          ...(line ? [element("small", {}, ` ${line}`)] : [])),
        element("span", { class: "agentdocs-search-excerpt" }, ...words));
      option.addEventListener("click", () => remember(input.value));
      return option;
    };

    const shown = (group, at) => {
      const name = `${id}-group-${at}`;
      const { first, rest } = group;
      const made = element("div", { role: "group", "aria-labelledby": name, class: "agentdocs-search-group" },
        element("div", { id: name, class: "agentdocs-search-name", role: "presentation" },
          element("b", {}, group.name), " ", element("span", {}, group.where)),
        hit(first));
      if (rest.length) {
        const what = group.agent ? "agent" : "page";
        const more = element("span", { role: "option", class: "agentdocs-search-more" },
          `${rest.length} more from this ${what}`);
        more.addEventListener("click", () => {
          const at = options.indexOf(more);
          more.replaceWith(...rest.map(hit));
          active = -1;
          collect();
          activate(at);
          input.focus();
        });
        made.append(more);
      }
      return made;
    };

    const suggest = () => {
      const known = recent();
      count.textContent = "";
      list.replaceChildren();
      list.setAttribute("aria-label", known.length ? "Recent searches" : "Results");
      box.querySelector(".agentdocs-search-forget")?.remove();
      for (const query of known) {
        const option = element("span", { role: "option", class: "agentdocs-search-recent" }, query);
        option.addEventListener("click", () => {
          input.value = query;
          changed();
          input.focus();
        });
        list.append(option);
      }
      if (known.length) {
        const clear = element("button", { type: "button", class: "agentdocs-search-forget" }, "Forget recent searches");
        clear.addEventListener("click", () => {
          forget();
          suggest();
          input.focus();
        });
        list.after(clear);
      }
      active = -1;
      collect();
      activate(-1);
    };

    const say = (number) => {
      if (!number) return "Nothing found";
      return number === 1 ? "1 agent or page" : `${number} agents and pages`;
    };

    const fail = () => { count.textContent = "The search could not be loaded."; };

    const ask = async () => {
      const mine = asked += 1;
      const { q, ...chosen } = state();
      if (!q && !Object.keys(chosen).length) return suggest();
      let groups;
      try {
        groups = await find(q, chosen);
      } catch {
        return mine === asked ? fail() : undefined;
      }
      if (mine !== asked) return;
      box.querySelector(".agentdocs-search-forget")?.remove();
      list.setAttribute("aria-label", "Results");
      list.replaceChildren(...groups.map(shown));
      list.scrollTop = 0;
      count.textContent = say(groups.length);
      active = -1;
      collect();
      activate(eager && options.length ? 0 : -1, false);
    };

    const changed = (how = "typed") => {
      onChange(state(), how);
      clearTimeout(timer);
      timer = setTimeout(ask, how === "typed" ? 150 : 0);
    };

    input.addEventListener("input", () => changed());
    input.addEventListener("keydown", (event) => {
      if (event.isComposing) return;
      const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (step && options.length) {
        event.preventDefault();
        const next = active < 0 && step < 0 ? options.length - 1 : active + step;
        activate((next + options.length) % options.length);
      } else if (event.key === "Enter") {
        event.preventDefault();
        const { ctrlKey, metaKey, shiftKey } = event;
        const click = { ctrlKey, metaKey, shiftKey, bubbles: true, cancelable: true };
        if (options[active]) options[active].dispatchEvent(new MouseEvent("click", click));
        else {
          remember(input.value);
          changed("settled");
        }
      }
    });
    /* So that a click leaves the box where it is, and the keyboard goes on from there. */
    list.addEventListener("mousedown", (event) => {
      if (!event.target.closest("a")) event.preventDefault();
    });

    const label = () => {
      const number = Object.values(selects).filter(({ value }) => value).length;
      fold.querySelector("summary").textContent = number ? `Filters (${number})` : "Filters";
    };
    /* All values of all filters are much to load, so they wait until somebody wants to choose. */
    let filling;
    const fill = () => filling ??= (async () => {
      const known = await (await index()).filters();
      for (const [key, title] of Object.entries(FACETS)) {
        const values = Object.keys(known[key] ?? {}).sort((a, b) => a.localeCompare(b));
        if (!values.length) continue;
        const select = selects[key] = element("select", {}, element("option", { value: "" }, "any"));
        for (const value of values) select.append(element("option", { value }, value));
        select.addEventListener("change", () => {
          label();
          changed("chosen");
        });
        facets.append(element("label", {}, title, select));
      }
    })();
    fold.addEventListener("toggle", () => { if (fold.open) fill().catch(fail); });
    const choices = async (chosen) => {
      await index();
      if (fold.open || Object.values(chosen).some(Boolean)) await fill();
      for (const [key, select] of Object.entries(selects)) {
        const value = chosen[key] ?? "";
        select.value = [...select.options].some((option) => option.value === value) ? value : "";
      }
      label();
    };

    const restore = async ({ q = "", ...chosen }) => {
      input.value = q;
      await choices(chosen);
      await ask();
    };
    return { box, input, fold, state, restore, fail };
  };

  /* --- addresses --------------------------------------------------------------------------- */

  const address = (state) => {
    const params = new URLSearchParams(Object.entries(state).filter(([, value]) => value));
    return params.size ? `?${params}` : "";
  };
  const fromAddress = () => {
    const params = new URLSearchParams(location.search);
    return Object.fromEntries(["q", ...Object.keys(FACETS)].map((key) => [key, params.get(key) ?? ""]));
  };
  /* The search page's own address is in every theme's search form, whatever the builder. */
  const searchPage = () => {
    const form = [...document.forms].find(({ elements }) => elements.namedItem("q"));
    const action = form?.getAttribute("action");
    return new URL(action || "search.html", action ? location.href : root);
  };

  /* --- the search page --------------------------------------------------------------------- */

  const theirs = document.getElementById("search-results");
  /* Sphinx's index is as large as all the rest, so the page may leave it to be loaded from here. */
  const leaveItToSphinx = () => {
    const there = document.querySelector('script[src*="searchindex.js"]');
    if (!there && typeof Search === "object") Search.loadIndex(new URL("searchindex.js", root).href);
  };
  let page;
  if (theirs && inFiles) leaveItToSphinx();
  if (theirs && !inFiles) {
    /* Sphinx starts to search when the document is complete; it waits until it is needed. */
    let waiting = null;
    const own = typeof Search === "object" && Search.performSearch;
    if (own) Search.performSearch = (query) => { waiting = query; };
    page = view({
      onChange: (state, how) => {
        const to = `${location.pathname}${address(state)}`;
        if (to === `${location.pathname}${location.search}`) return;
        history[how === "typed" ? "replaceState" : "pushState"](null, "", to);
      },
    });
    index().then(async () => {
      const hidden = [...theirs.parentElement.children].filter((one) => !one.matches("h1, h2, noscript, script"));
      for (const one of hidden) one.hidden = true;
      if (!theirs.parentElement.querySelector("h1, h2")) theirs.before(element("h1", {}, "Search"));
      theirs.before(page.box);
      page.fold.open = matchMedia("(min-width: 40em)").matches;
      addEventListener("popstate", () => page.restore(fromAddress()));
      await page.restore(fromAddress());
      page.input.focus();
    }).catch(() => {
      page = undefined;
      if (!own) return;
      leaveItToSphinx();
      Search.performSearch = own;
      if (waiting !== null) Search.performSearch(waiting);
    });
  }

  /* --- the dialog ---------------------------------------------------------------------------- */

  let dialog;
  const open = () => {
    if (page?.box.isConnected) return page.input.focus();
    if (!dialog) {
      const all = element("a", { class: "agentdocs-search-all" }, "On a page of its own");
      const inside = view({ eager: true, onChange: (state) => { all.href = searchPage().href + address(state); } });
      const close = element("button", { type: "button", class: "agentdocs-search-close", "aria-label": "Close" }, "Esc");
      dialog = element("dialog", { class: "agentdocs-search-dialog", "aria-label": "Search" }, inside.box,
        element("p", { class: "agentdocs-search-keys" },
          element("span", {}, element("kbd", {}, "↑"), element("kbd", {}, "↓"), " choose ", element("kbd", {}, "Enter"), " open"), all));
      inside.input.after(close);
      all.href = searchPage().href;
      close.addEventListener("click", () => dialog.close());
      dialog.addEventListener("click", (event) => {
        if (event.target === dialog || event.target.closest("a.agentdocs-search-hit")) dialog.close();
      });
      document.body.append(dialog);
      dialog.view = inside;
    }
    if (dialog.open) return;
    dialog.showModal();
    dialog.view.input.focus();
    dialog.view.input.select();
    dialog.view.restore(dialog.view.state()).catch(dialog.view.fail);
  };

  if (!inFiles) {
    /* Before Sphinx's own handler, which would put the cursor into the side bar's box. */
    addEventListener("keydown", (event) => {
      const typing = event.target.closest?.("input, textarea, select, [contenteditable]");
      const slash = event.key === "/" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey;
      const control = event.key.toLowerCase() === "k" && (event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey;
      if (!slash && !control) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      open();
    }, { capture: true });
  }

  window.agentdocsSearch = { find, open };
})();
