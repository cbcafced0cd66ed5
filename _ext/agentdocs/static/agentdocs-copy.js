/* Links to a page's Markdown and an agent's file → buttons that copy them. From a file, where
   nothing can be fetched, and without a clipboard, they stay links. */
(() => {
  "use strict";

  if (!location.protocol.startsWith("http") || !navigator.clipboard) return;

  for (const link of document.querySelectorAll("a[data-agentdocs-copy]")) {
    const title = link.dataset.agentdocsCopy;
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = title;
    button.className = "agentdocs-copy";
    const say = (words) => {
      button.textContent = words;
      setTimeout(() => { button.textContent = title; }, 1500);
    };
    button.addEventListener("click", async () => {
      try {
        const answer = await fetch(link.href);
        if (!answer.ok) throw new Error(answer.statusText);
        await navigator.clipboard.writeText(await answer.text());
        say("Copied");
      } catch {
        location.assign(link.href);
      }
    });
    link.replaceWith(button);
  }
})();
