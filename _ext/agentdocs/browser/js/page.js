/* What a page loads when somebody presses Run: the buttons, the state, and what came of it.
 *
 * Nothing here is loaded by a page in which nobody presses anything, save for a link to changed
 * code, whose code is opened and not run.
 */
import { Data } from "./data.js";
import { element } from "./dom.js";
import { changed } from "./link.js";
import { Panel } from "./panel.js";
import { Session, visited } from "./session.js";
import { Group } from "./sessions.js";

const here = new URL("./", import.meta.url);
const root = new URL("../", here).href;

const once = (does) => {
  const kept = new Map();
  return (key = "") => {
    if (!kept.has(key)) {
      const result = does(key);
      kept.set(key, result);
      result.catch(() => kept.delete(key));
    }
    return kept.get(key);
  };
};

const fetched = async (name) => {
  const answer = await fetch(new URL(name, here), { cache: "no-cache" });
  if (!answer.ok) throw new Error(`${name} is not on this site`);
  return answer.json();
};

const runtime = once(() => fetched("runtime.json"));
const plan = once((agent) => fetched(`plans/${agent}.json`));
const located = async (name) => new URL(`${name}?${(await runtime()).files[name]?.hash ?? ""}`, here).href;
const editor = once(async () => import(await located("editor.js")));
const styled = once(async () => {
  const link = element("link", { rel: "stylesheet", href: new URL("run.css", here).href });
  await new Promise((resolve) => {
    link.addEventListener("load", resolve);
    link.addEventListener("error", resolve); // without it, everything works and is plain
    document.head.append(link);
  });
});

const groups = new Map();
const panels = new Map();

const wrappers = () => [...document.querySelectorAll(".agentdocs-runnable")];

const make = once(async (key) => {
  const wrapper = wrappers().find((one) => keyOf(one) === key);
  const { plan: agent, snippet: address } = wrapper.dataset;
  const [known, shared] = await Promise.all([plan(agent), runtime(), styled()]);
  const panel = known.snippets[address]
    ? new Panel({ wrapper, address, plan: known, group: group(known, shared, address), runtime: shared, load: editor,
      peers: () => peers(known, address),
      every: () => Promise.all(siblings(known, address).map((one) => make(keyOf(one)))) })
    : new Data({ wrapper, address, known: known.data[address], load: editor, checker: await located("check.js") });
  panels.set(key, panel);
  if (panel instanceof Panel) panel.peered(siblings(known, address).length);
  return panel;
});

const calm = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

const keyOf = ({ dataset }) => `${dataset.plan} ${dataset.snippet}`;

const group = (known, shared, address) => {
  const id = known.snippets[address].session;
  const key = `${known.agent} ${id}`;
  if (!groups.has(key)) {
    const code = (one) => panels.get(`${known.agent} ${one}`)?.current ?? known.snippets[one].step.code;
    groups.set(key, new Group({ root, runtime: shared, plan: known, id, code }));
  }
  return groups.get(key);
};

/* The wrappers of a session on this page, in the order in which they run. */
const siblings = (known, address) => {
  const { steps } = known.sessions[known.snippets[address].session];
  return wrappers().filter(({ dataset }) => dataset.plan === known.agent && steps.includes(dataset.snippet))
    .sort((one, other) => steps.indexOf(one.dataset.snippet) - steps.indexOf(other.dataset.snippet));
};

const peers = (known, address) => siblings(known, address).map((one) => panels.get(keyOf(one))).filter(Boolean);

/** Run the snippet of an ``.agentdocs-runnable``, or open the editor where there is nothing to run. */
export const run = async (wrapper) => {
  try {
    const panel = await make(keyOf(wrapper));
    // The button is above the code, and what comes of it is below.
    panel.node.scrollIntoView({ behavior: calm() ? "instant" : "smooth", block: "nearest" });
    await panel.run();
  } catch (error) {
    note(wrapper, `This cannot run now: ${error.message}`);
  }
};

const note = (place, text) => {
  const made = element("p", { class: "agentdocs-run-note", role: "status" });
  place.before(made);
  made.textContent = text;
  made.scrollIntoView({ behavior: "instant", block: "nearest" });
};

/** Open the code of a link to changed code; it waits for the reader. */
export const restore = async () => {
  let found;
  try {
    found = await changed(location.hash);
    if (!found) return;
  } catch (error) {
    await styled();
    note(document.querySelector("article > *") ?? document.body.firstElementChild,
      `The link brings changed code that cannot be read: ${error.message}.`);
    return;
  }
  const wrapper = wrappers().find(({ dataset }) => dataset.snippet === found.address);
  if (!wrapper) {
    await styled();
    note(document.querySelector("article > *") ?? document.body.firstElementChild,
      "The link brings changed code of a snippet that this page does not have.");
    return;
  }
  try {
    const panel = await make(keyOf(wrapper));
    if (found.code !== panel.code.text) await panel.offer(found.code);
    // The editor is measured in the next frame; until then, it is lower than it will be.
    requestAnimationFrame(() => requestAnimationFrame(() => wrapper.scrollIntoView({ behavior: "instant" })));
  } catch (error) {
    note(wrapper, `The code of the link cannot be shown: ${error.message}`);
  }
};

/** Load the runtime in advance, where something has run in this visit and data is not to be saved. */
export const warm = async () => {
  if (!visited() || navigator.connection?.saveData) return;
  for (const { dataset } of wrappers()) {
    const known = await plan(dataset.plan);
    const id = known.snippets[dataset.snippet]?.session;
    if (!id) continue;
    await new Session({ root, runtime: await runtime(), plan: known, id }).warm();
    return;
  }
};

/** What a page does that is opened by such a link, or later in such a visit. */
export const arrive = async () => {
  await restore();
  // What fails here fails again, with a word, when somebody presses Run.
  await warm().catch(() => {});
};
