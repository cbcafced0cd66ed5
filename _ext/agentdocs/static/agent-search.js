/* <agent-search src="https://docs.example/">: the search of an agentdocs site, in any page.

   A page of another site names this one file, as a classic script: a module would not come from a
   server that allows other sites nothing (CORS). From a server that does allow it, what finds is
   loaded into the page; from any other, and where the page's own policy stands against it, the
   site's search/embed.html is shown in a frame.

   Attributes: src, label, placeholder, filters ("collection:toolkit; role:tester"), q, theme
   (light, dark), target, page; and alone, which is for embed.html itself. Text of agents only ever becomes text. */
(() => {
  "use strict";

  if (customElements.get("agent-search")) return;

  const script = document.currentScript ?? document.querySelector('script[src*="/agent-search.js"]');
  const home = script ? new URL("../", script.src) : undefined;

  const STYLE = `
    :host {
      display: block; text-align: start;
      --text: light-dark(#1c1e21, #e6e7ea); --muted: light-dark(#595d66, #a9adb8);
      --line: light-dark(#dcdee3, #3a3d45); --page: light-dark(#fff, #17181c);
      --soft: light-dark(#e3f4f0, #12332e); --hover: light-dark(#f4f5f7, #22242a);
      --accent: var(--agent-search-accent, light-dark(#0b6e5f, #5fd3bf));
      --edge: light-dark(#85888f, #80848e);
      font: 1rem/1.5 system-ui, sans-serif;
    }
    :host([hidden]) { display: none; }
    :host([theme="light"]) { color-scheme: light; }
    :host([theme="dark"]) { color-scheme: dark; }
    * { box-sizing: border-box; }
    .box { color: var(--text); background: var(--page); border: 1px solid var(--line); border-radius: 0.7rem; padding: 0.75rem; }
    .field { position: relative; display: block; }
    .field::before {
      content: ""; position: absolute; left: 0.85rem; top: 50%; width: 0.7rem; height: 0.7rem; translate: 0 -62%;
      border: 2px solid var(--muted); border-radius: 50%; pointer-events: none;
    }
    .field::after {
      content: ""; position: absolute; left: 1.5rem; top: 50%; width: 0.4rem; height: 2px; translate: 0 0.32rem; rotate: 45deg;
      background: var(--muted); pointer-events: none;
    }
    input {
      width: 100%; margin: 0; padding: 0.55rem 0.8rem 0.55rem 2.4rem; font: inherit; color: var(--text);
      background: var(--page); border: 1px solid var(--edge); border-radius: 0.45rem;
    }
    input::placeholder { color: var(--muted); opacity: 1; }
    :is(input, a):focus-visible { outline: 2px solid var(--accent); outline-offset: 1px; }
    .list { max-height: var(--agent-search-height, 26rem); overflow-y: auto; overscroll-behavior: contain; margin: 0.5rem -0.25rem 0; }
    .list:empty { display: none; }
    .group { padding: 0.45rem 0; border-top: 1px solid var(--line); }
    .group:first-child { border-top: 0; padding-top: 0.1rem; }
    .name { display: flex; flex-wrap: wrap; gap: 0 0.6rem; align-items: baseline; padding: 0 calc(0.6rem + 3px); overflow-wrap: anywhere; }
    .name span, small { font-size: 0.8rem; font-weight: 400; color: var(--muted); }
    .name b { font-weight: 650; }
    [role="option"] {
      display: block; padding: 0.3rem 0.6rem; border-left: 3px solid transparent; border-radius: 0.4rem;
      color: inherit; text-decoration: none; overflow-wrap: anywhere;
    }
    [role="option"]:hover { background: var(--hover); }
    [role="option"][aria-selected="true"] { background: var(--soft); border-left-color: var(--accent); }
    .title { display: block; font-size: 0.94rem; font-weight: 500; color: var(--accent); }
    .excerpt { display: -webkit-box; -webkit-box-orient: vertical; -webkit-line-clamp: 3; overflow: hidden; font-size: 0.86rem; color: var(--muted); }
    [aria-selected="true"] :is(small, .excerpt) { color: var(--text); }
    mark { background: none; color: var(--text); font-weight: 650; text-decoration: underline; text-decoration-color: var(--accent); text-underline-offset: 0.15em; }
    .foot { display: flex; flex-wrap: wrap; gap: 0.2rem 1rem; justify-content: space-between; padding: 0.5rem 0.25rem 0; font-size: 0.84rem; color: var(--muted); }
    .list:not(:empty) + .foot { border-top: 1px solid var(--line); }
    .foot a { color: var(--accent); text-decoration: none; }
    .foot a:hover { text-decoration: underline; }
    iframe { display: block; width: 100%; height: 8.5rem; max-height: 80vh; border: 0; border-radius: 0.7rem; }
  `;
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(STYLE);

  const element = (name, attributes = {}, ...children) => {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) {
      if (value !== undefined) made.setAttribute(key, value);
    }
    made.append(...children);
    return made;
  };

  /* "collection:toolkit; role:tester" as { collection: "toolkit", role: "tester" }. */
  const filtersOf = (text) => Object.fromEntries((text ?? "").split(";")
    .map((one) => one.split(/:(.*)/s).map((word) => word.trim()))
    .filter(([key, value]) => key && value));

  class AgentSearch extends HTMLElement {
    #options = [];
    #active = -1;
    #asked = 0;
    #timer;
    #heard = (event) => this.#hear(event);

    connectedCallback() {
      if (this.shadowRoot) return addEventListener("message", this.#heard);
      this.attachShadow({ mode: "open" }).adoptedStyleSheets = [sheet];
      this.root = this.#root();
      this.filters = filtersOf(this.getAttribute("filters"));
      this.target = this.getAttribute("target") ?? undefined;
      this.#build();
      addEventListener("message", this.#heard);
      if (!this.root) {
        this.input.disabled = true;
        this.all.remove();
        return this.#say("There is nothing to search: src is not the address of a site.");
      }
      /* Small, and enough to know whether the site lets its modules be loaded from here. */
      this.asking = import(new URL("_static/agentdocs-ask.js", this.root).href);
      this.asking.then(() => this.input.value && this.#ask(), () => this.#frame());
      this.input.addEventListener("focus", () => this.#index().catch(() => this.#frame()), { once: true });
    }

    disconnectedCallback() {
      removeEventListener("message", this.#heard);
    }

    #root() {
      const src = this.getAttribute("src");
      if (!src) return home;
      try {
        const root = new URL(src, document.baseURI);
        if (!root.pathname.endsWith("/")) root.pathname += "/";
        return /^https?:$/.test(root.protocol) ? root : undefined;
      } catch {
        return undefined;
      }
    }

    #build() {
      const label = this.getAttribute("label") ?? "Search agents";
      this.input = element("input", {
        type: "text", role: "combobox", autocomplete: "off", autocapitalize: "off", spellcheck: "false",
        enterkeyhint: "search", placeholder: this.getAttribute("placeholder") ?? label, "aria-label": label,
        "aria-autocomplete": "list", "aria-expanded": "false", "aria-controls": "list",
      });
      this.input.value = this.getAttribute("q") ?? "";
      this.list = element("div", { role: "listbox", id: "list", class: "list", "aria-label": "Results" });
      this.count = element("output", { "aria-live": "polite" });
      const rel = this.target === "_blank" ? "noopener" : undefined;
      this.all = element("a", { target: this.target, rel }, "Open the full search");
      if (this.root) this.#lead();
      this.input.addEventListener("input", () => {
        this.#lead();
        clearTimeout(this.#timer);
        this.#timer = setTimeout(() => this.#ask(), 150);
      });
      this.input.addEventListener("keydown", (event) => this.#key(event));
      /* So that a click beside a link leaves the cursor where it is. */
      this.list.addEventListener("mousedown", (event) => {
        if (!event.target.closest("a")) event.preventDefault();
      });
      this.shadowRoot.append(element("div", { class: "box", role: "search", "aria-label": label },
        element("div", { class: "field" }, this.input), this.list,
        element("div", { class: "foot" }, this.count, this.all)));
    }

    async #index() {
      return (await this.asking).open(this.root);
    }

    /* The site's own search page goes on with the same question. */
    #lead() {
      const params = new URLSearchParams({ q: this.input.value.trim(), ...this.filters });
      this.all.href = new URL(`${this.getAttribute("page") ?? "search.html"}?${params}`, this.root).href;
    }

    #say(text) {
      this.count.textContent = text;
    }

    async #ask() {
      const mine = this.#asked += 1;
      const text = this.input.value.trim();
      let groups = [];
      if (text) {
        try {
          groups = await (await this.#index()).find(text, this.filters);
        } catch {
          return mine === this.#asked ? this.#frame() : undefined;
        }
        if (mine !== this.#asked) return;
      }
      this.list.replaceChildren(...groups.map((group, at) => this.#group(group, at)));
      this.list.scrollTop = 0;
      this.#options = [...this.list.querySelectorAll("[role=option]")];
      this.#options.forEach((option, at) => { option.id = `option-${at}`; });
      this.input.setAttribute("aria-expanded", String(groups.length > 0));
      this.#activate(-1);
      this.#say(!text ? "" : groups.length ? `${groups.length} found` : "Nothing found");
    }

    #group({ name, where, first }, at) {
      const words = first.excerpt.map((one) => one.mark ? element("mark", {}, one.mark) : one);
      const rel = this.target === "_blank" ? "noopener" : undefined;
      return element("div", { role: "group", "aria-labelledby": `group-${at}`, class: "group" },
        element("div", { id: `group-${at}`, class: "name", role: "presentation" },
          element("b", {}, name), element("span", {}, where)),
        element("a", {
          role: "option", tabindex: "-1", "aria-selected": "false", target: this.target, rel,
          href: new URL(first.href, this.root).href,
        }, element("span", { class: "title" }, first.title,
          ...(first.line ? [element("small", {}, ` ${first.line}`)] : [])),
        element("span", { class: "excerpt" }, ...words)));
    }

    #activate(at) {
      this.#options[this.#active]?.setAttribute("aria-selected", "false");
      this.#active = at;
      const option = this.#options[at];
      if (!option) return this.input.removeAttribute("aria-activedescendant");
      option.setAttribute("aria-selected", "true");
      option.scrollIntoView({ block: "nearest" });
      this.input.setAttribute("aria-activedescendant", option.id);
    }

    #key(event) {
      if (event.isComposing) return;
      const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      const number = this.#options.length;
      if (step && number) {
        event.preventDefault();
        const next = this.#active < 0 && step < 0 ? number - 1 : this.#active + step;
        this.#activate((next + number) % number);
      } else if (event.key === "Enter") {
        event.preventDefault();
        const { ctrlKey, metaKey, shiftKey } = event;
        const click = new MouseEvent("click", { ctrlKey, metaKey, shiftKey, bubbles: true, cancelable: true });
        (this.#options[this.#active] ?? this.all).dispatchEvent(click);
      } else if (event.key === "Escape" && this.input.value) {
        event.preventDefault();
        this.input.value = "";
        this.#lead();
        this.#ask();
      }
    }

    /* --- where nothing can be loaded from the site -------------------------------------------- */

    #frame() {
      if (this.frame) return;
      if (this.hasAttribute("alone")) return this.#say("The search could not be loaded.");
      const isTyping = this.shadowRoot.activeElement === this.input;
      const params = new URLSearchParams({
        q: this.input.value.trim(), theme: this.#scheme(), target: this.target ?? "_top",
        ...Object.fromEntries(["label", "placeholder", "filters"]
          .filter((name) => this.hasAttribute(name)).map((name) => [name, this.getAttribute(name)])),
        ...(isTyping ? { focus: "" } : {}),
      });
      this.frame = element("iframe", {
        src: new URL(`search/embed.html?${params}`, this.root).href,
        title: this.input.getAttribute("aria-label"),
      });
      this.shadowRoot.replaceChildren(this.frame);
      if (isTyping) this.frame.focus();
    }

    /* What the page around it is shown in, where nothing else is said. */
    #scheme() {
      return getComputedStyle(this.input).color === "rgb(28, 30, 33)" ? "light" : "dark";
    }

    #hear({ source, data }) {
      const height = data?.agentSearchHeight;
      if (!this.frame || source !== this.frame.contentWindow || !Number.isFinite(height)) return;
      this.frame.style.height = `${Math.max(0, height)}px`;
    }
  }

  customElements.define("agent-search", AgentSearch);
})();
