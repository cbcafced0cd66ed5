/* Asking: what somebody types → agents and pages that fit, the best first. No DOM.

   Pagefind looks words up; what stands here asks it for each word, adds up what it says by agent,
   and picks the sections that fit. Both searches use it: the site's own, and the element in pages
   of other sites. */

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
const PAGES = 14; /* pages that are loaded for one question; with fewer, answers get worse */
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
const find = async (pagefind, text, chosen) => {
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
  return found.sort((a, b) => b.score - a.score).map(shown);
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

/* The words around the place where most of the question stands together; those of the question
   as { mark }. */
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
    made.push(marked.has(at) ? { mark: words[at] } : words[at], " ");
  }
  if (end < until) made.push("…");
  return made;
};

/* --- what is shown -------------------------------------------------------------------------- */

const hit = (page, section) => {
  const { url, meta } = page.data;
  const crumbs = [meta.agent && meta.title !== meta.name ? meta.title : "", section.title].filter(Boolean);
  return {
    href: section.id ? `${url}#${section.id}` : url,
    title: crumbs.length ? crumbs.join(" › ") : meta.agent ? "Overview" : meta.title,
    line: section.line && meta.file ? `${meta.file}:${section.line}` : "",
    excerpt: excerpt(section),
  };
};

/* A group as data: what fits best, and what stands behind “more”. */
const shown = ({ key, agent, name, where, score, pages }) => {
  const [first, ...others] = pages.map((page) => [page, sectionsOf(page)]);
  const sections = first[1].slice(1, 3).filter((section) => section.score > 0);
  const rest = [...others.map(([page, all]) => hit(page, all[0])), ...sections.map((section) => hit(first[0], section))];
  return { key, agent, name, where, score, first: hit(first[0], first[1][0]), rest: rest.slice(0, SHOWN) };
};

/* Return the index of the site at an address; it fails where Pagefind cannot be loaded.

   - find(text, chosen): groups { key, agent, name, where, score, first, rest }, with hits
     { href, title, line, excerpt }; chosen holds a value for each filter.
   - filters(): { filter: { value: number of pages } }. */
const sites = new Map();
export const open = (root) => {
  if (!sites.has(root.href)) sites.set(root.href, load(root));
  return sites.get(root.href);
};

const load = (root) => (root.origin === location.origin && self.document ? inWorker(root) : here(root));

/* Asking happens beside the page, so that typing goes on. Pagefind could do that by itself, but
   would load its code twice, once for either side. */
const inWorker = (root) => new Promise((resolve, reject) => {
  const worker = new Worker(import.meta.url, { type: "module" });
  const waiting = new Map();
  let number = 0;
  const ask = (...order) => new Promise((done, failed) => {
    waiting.set(number += 1, { done, failed });
    worker.postMessage([number, ...order]);
  });
  worker.onmessage = ({ data: [which, answer, fault] }) => {
    const { done, failed } = waiting.get(which);
    waiting.delete(which);
    if (fault) failed(new Error(fault));
    else done(answer);
  };
  worker.onerror = () => here(root).then(resolve, reject); /* a browser without such workers */
  ask("open", root.href).then(() => resolve({
    find: (text, chosen) => ask("find", text, chosen),
    filters: () => ask("filters"),
  }), reject);
});

if (!self.document) {
  let site;
  const answers = {
    open: async (href) => { site = await open(new URL(href)); },
    find: (text, chosen) => site.find(text, chosen),
    filters: () => site.filters(),
  };
  onmessage = async ({ data: [number, what, ...order] }) => {
    try {
      postMessage([number, await answers[what](...order)]);
    } catch (fault) {
      postMessage([number, undefined, String(fault)]);
    }
  };
}

const here = async (root) => {
  const pagefind = await import(new URL("_pagefind/pagefind.js", root).href);
  /* The policy of a page of another site may forbid what Pagefind needs; Pagefind itself would wait
     for ever. */
  if (root.origin !== location.origin) {
    new WebAssembly.Module(Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0)); /* the empty one */
    await fetch(new URL("_pagefind/pagefind-entry.json", root));
  }
  await pagefind.options({ ranking: RANKING, excerptLength: EXCERPT, noWorker: true });
  await pagefind.init();
  return { find: (text, chosen = {}) => find(pagefind, text, chosen), filters: () => pagefind.filters() };
};
