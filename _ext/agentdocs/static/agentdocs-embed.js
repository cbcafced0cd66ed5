/* search/embed.html: its address says what the search in it is like, and whoever shows it in a
   frame is told how high it is. */
(() => {
  "use strict";

  const params = new URLSearchParams(location.search);
  const search = document.querySelector("agent-search");
  const theme = params.get("theme");
  if (["light", "dark"].includes(theme)) {
    document.documentElement.dataset.theme = theme;
    search.setAttribute("theme", theme);
  }
  for (const name of ["q", "label", "placeholder", "filters"]) {
    if (params.get(name)) search.setAttribute(name, params.get(name));
  }
  if (params.get("target") === "_blank") search.setAttribute("target", "_blank");

  /* Somebody was typing when the frame came. */
  if (params.has("focus")) {
    customElements.whenDefined("agent-search").then(() => {
      search.input.focus();
      search.input.setSelectionRange(search.input.value.length, search.input.value.length);
    });
  }

  if (window.parent !== window) {
    new ResizeObserver(() => {
      window.parent.postMessage({ agentSearchHeight: document.documentElement.offsetHeight }, "*");
    }).observe(document.documentElement);
  }
})();
