/* Search: in a dialog that / and Ctrl-K open on any page, and on the search page itself.

   Pagefind looks words up; what stands here asks it for each word, adds up what it says by agent,
   and shows the sections that fit. Text of agents only ever becomes text. Where Pagefind cannot be
   loaded, Sphinx's own search is left to do its work. */
(() => {
  "use strict";

  const root = new URL(document.documentElement.dataset.content_root ?? "./", location.href);
  const inFiles = location.protocol === "file:";

  /* --- asking ------------------------------------------------------------------------------ */

  /* How Pagefind weighs words on a page, and how agentdocs weighs what it says. Tuned with the
     questions of tests/search. */
  const RANKING = {
    termFrequency: 1,
    termSaturation: 0.9,
    pageLength: 0.6,
    termSimilarity: 9,
    metaWeights: { title: 5, about: 11, sections: 0.6, name: 0, agent: 0, collection: 0, file: 0 },
  };
  const COVERAGE = 0.5; /* how much it counts that most of the question is there */
  const DAMPING = 0.35; /* so that one word said often is not worth more than two words */
  const OVERVIEW = 1.3; /* what an agent says it is for counts more than what it mentions */
  const NEAR = 8; /* words that stand no further apart belong together, which counts */
  const PAGES = 40; /* pages that are looked at for one question */
  const EXCERPT = 30; /* words */
  const SHOWN = 4; /* sections of an agent behind “more” */

  /* Words of a question that say nothing of its subject. */
  const IDLE = new Set(`a about after again all am an and any anything are around as at be because
    been before being best between but by can could did do does doing for from get getting give go goes going gone got
    had has have having help helps here how i if in into is it its just keep know let like make
    makes me might most much must my need needs no not of on one only or other our out over own
    please put say says should show so some somebody someone something such than that the their them then
    there these they thing things this those through to too up us use uses using very want wants was way
    we went were what when where whether which while who whom whose why will with without would you
    your`.split(/\s+/));

  const wordsOf = (text) => {
    const every = text.match(/"[^"]+"|[\p{L}\p{N}_][^\s"]*/gu) ?? [];
    const plain = every.map((word) => (word[0] === '"' ? word : word.replace(/[^\p{L}\p{N}_+#]+$/u, "")));
    const telling = plain.filter((word) => !IDLE.has(word.toLowerCase().replace(/['’].*/, "")));
    return [...new Set(telling.length ? telling : plain)].slice(0, 12);
  };

  let loading;
  const engine = () => loading ??= (async () => {
    const pagefind = await import(new URL("_pagefind/pagefind.js", root).href);
    await pagefind.options({ ranking: RANKING, excerptLength: EXCERPT });
    await pagefind.init();
    return pagefind;
  })();

  /* Pairs of words of the question that stand close to each other, and what each is worth. */
  const pairsOf = (places) => {
    const found = new Map();
    places.sort((a, b) => a.place - b.place);
    places.forEach((one, at) => {
      for (let next = at + 1; next < places.length && places[next].place - one.place <= NEAR; next += 1) {
        const other = places[next];
        if (other.index === one.index) continue;
        const pair = [one.index, other.index].sort().join(" ");
        found.set(pair, Math.min(one.rarity, other.rarity));
      }
    });
    return found;
  };

  /* Return groups, the best first: all that fits of an agent, or a page that is of none. */
  const find = async (text, chosen = {}) => {
    const pagefind = await engine();
    const filters = Object.fromEntries(
      Object.entries(chosen).filter(([, value]) => value).map(([key, value]) => [key, value]));
    const words = wordsOf(text);
    if (!words.length && !Object.keys(filters).length) return [];
    const answers = await Promise.all(
      (words.length ? words : [null]).map((word) => pagefind.search(word, { filters })));
    /* How telling a word is: less so the more pages have it. */
    const rarities = answers.map(({ results }) => Math.log(1 + 400 / (1 + results.length)));
    const pages = new Map();
    answers.forEach(({ results }, index) => {
      const rarity = rarities[index];
      for (const result of results) {
        const page = pages.get(result.id) ?? { result, scores: [], places: [] };
        page.scores[index] = result.score;
        for (const place of result.words) page.places.push({ place, index, rarity });
        pages.set(result.id, page);
      }
    });
    const every = rarities.reduce((all, one) => all + one, 0);
    const sum = ({ scores, pairs }) => {
      let total = 0, there = 0;
      scores.forEach((score, index) => {
        total += score ** DAMPING;
        there += rarities[index];
      });
      const together = [...pairs.values()].reduce((all, one) => all + one, 0);
      return total * (there / every) ** COVERAGE * (1 + together / every);
    };
    for (const page of pages.values()) page.pairs = pairsOf(page.places);
    const best = [...pages.values()].sort((a, b) => sum(b) - sum(a)).slice(0, PAGES);
    await Promise.all(best.map(async (page) => {
      page.data = await page.result.data();
      const { meta } = page.data;
      if (meta.agent && meta.about) page.scores = page.scores.map((score) => score * OVERVIEW);
    }));
    const groups = new Map();
    for (const page of best) {
      const { meta, url } = page.data;
      const key = meta.agent ?? url;
      const group = groups.get(key)
        ?? { key, agent: meta.agent, name: meta.name ?? meta.title, where: meta.collection ?? "Manual", scores: [], pairs: new Map(), pages: [] };
      page.scores.forEach((score, index) => {
        group.scores[index] = Math.max(score, group.scores[index] ?? 0);
      });
      for (const [pair, worth] of page.pairs) group.pairs.set(pair, worth);
      group.pages.push(page);
      groups.set(key, group);
    }
    const found = [...groups.values()];
    for (const group of found) group.score = sum(group);
    return found.sort((a, b) => b.score - a.score);
  };

  /* --- what of a page fits ------------------------------------------------------------------ */

  const sectionsOf = ({ data, places }) => {
    const titles = new Map((data.meta.sections ?? "").split(" ‖ ").map((row) => {
      const [id, line, ...title] = row.split(" ");
      return [id, { line: Number(line), title: title.join(" ") }];
    }));
    const text = data.content.split(/\s+/);
    const sections = [{ id: "", title: "", line: 0, from: 0 }];
    for (const { element, id, location } of data.anchors) {
      if (element !== "section" || !titles.has(id)) continue;
      sections.push({ id, ...titles.get(id), from: location });
    }
    /* The first section is the page itself. */
    if (sections.length > 1 && sections[1].from <= 1) sections.shift();
    sections[0].id = "";
    sections[0].title = "";
    sections.forEach((section, index) => {
      section.until = sections[index + 1]?.from ?? text.length;
      section.places = places.filter(({ place }) => place >= section.from && place < section.until);
      const head = section.from + section.title.split(/\s+/).length;
      const seen = new Map();
      for (const { place, index: word, rarity } of section.places) {
        const worth = rarity * (section.title && place < head ? 2.5 : 1);
        const known = seen.get(word) ?? 0;
        seen.set(word, Math.max(known, worth) + (known ? 0.05 * rarity : 0));
      }
      section.score = [...seen.values()].reduce((all, worth) => all + worth, 0);
      section.words = text;
      section.body = section.title ? head : section.from;
    });
    return sections.sort((a, b) => b.score - a.score);
  };

  /* The words around the place where most of the question stands together. */
  const excerpt = ({ words, places, body, until }) => {
    const inside = places.filter(({ place }) => place >= body).sort((a, b) => a.place - b.place);
    let start = body, most = 0;
    for (const { place } of inside) {
      const near = new Map(inside
        .filter((other) => other.place >= place && other.place < place + EXCERPT - 6)
        .map(({ index, rarity }) => [index, rarity]));
      const worth = [...near.values()].reduce((all, one) => all + one, 0);
      if (worth > most) [most, start] = [worth, Math.max(body, place - 6)];
    }
    const end = Math.min(until, start + EXCERPT);
    const marked = new Set(places.map(({ place }) => place));
    const made = start > body ? ["… "] : [];
    for (let at = start; at < end; at += 1) {
      made.push(marked.has(at) ? element("mark", {}, words[at]) : words[at], " ");
    }
    if (end < until) made.push("…");
    return made;
  };

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

    const hit = (page, section) => {
      const { url, meta } = page.data;
      const crumbs = [meta.agent && meta.title !== meta.name ? meta.title : "", section.title].filter(Boolean);
      const line = section.line && meta.file ? `${meta.file}:${section.line}` : "";
      const title = crumbs.length ? crumbs.join(" › ") : meta.agent ? "Overview" : meta.title;
      const option = element("a", {
        role: "option", tabindex: "-1", class: "agentdocs-search-hit",
        href: section.id ? `${url}#${section.id}` : url,
      }, element("span", { class: "agentdocs-search-title" }, title,
        ...(line ? [element("small", {}, ` ${line}`)] : [])),
      element("span", { class: "agentdocs-search-excerpt" }, ...excerpt(section)));
      option.addEventListener("click", () => remember(input.value));
      return option;
    };

    const shown = (group, index) => {
      const name = `${id}-group-${index}`;
      const hits = group.pages.map((page) => [page, sectionsOf(page)[0]]);
      const made = element("div", { role: "group", "aria-labelledby": name, class: "agentdocs-search-group" },
        element("div", { id: name, class: "agentdocs-search-name", role: "presentation" },
          element("b", {}, group.name), " ", element("span", {}, group.where)),
        hit(...hits[0]));
      const sections = sectionsOf(group.pages[0]).slice(1, 3).filter(({ score }) => score > 0)
        .map((section) => [group.pages[0], section]);
      const rest = [...hits.slice(1), ...sections].slice(0, SHOWN);
      if (rest.length) {
        const what = group.agent ? "agent" : "page";
        const more = element("span", { role: "option", class: "agentdocs-search-more" },
          `${rest.length} more from this ${what}`);
        more.addEventListener("click", () => {
          const at = options.indexOf(more);
          more.replaceWith(...rest.map((one) => hit(...one)));
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
    const choices = async (chosen) => {
      if (!facets.childElementCount) {
        const known = await (await engine()).filters();
        if (facets.childElementCount) return;
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
      }
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
  let page;
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
    engine().then(async () => {
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
