/* Which snippets of a session have run, and with what code; so that each run meets what it should.
 *
 * A snippet runs in the session that the snippets before it have made, and never in one that it, or
 * a later one, has been in already: then everything begins anew, in the same runtime. So a run gives
 * the verdict that it would give alone, however often a reader presses the button.
 */
import { Session } from "./session.js";

/** What ended because somebody pressed Stop. */
export const isStop = (error) => error?.name === "Stopped";

const stopped = () => Object.assign(new Error("Stopped"), { name: "Stopped" });

/* One thing runs at a time: all sessions share the machine that they run on. */
let queue = Promise.resolve();
let stops = 0;
const inTurn = (does) => {
  const since = stops;
  const result = queue.then(() => {
    if (since !== stops) throw stopped();
    return does();
  });
  queue = result.catch(() => {});
  return result;
};

const all = new Set();

/** Stop what runs and what waits; every session that shares the runtime is gone with it. */
export const stop = () => {
  stops += 1;
  for (const group of all) group.stop();
};

/** A session of a plan on this page. */
export class Group {
  /**
   * @param code returns the code of an address that is to run: a reader's, or the agent's
   */
  constructor({ root, runtime, plan, id, code }) {
    this.plan = plan;
    this.code = code;
    this.steps = plan.sessions[id].steps;
    this.done = new Map();
    this.hooks = {};
    const onProgress = (progress) => this.hooks.progress?.(progress);
    this.session = new Session({ root, runtime, plan, id, onProgress });
    all.add(this);
  }

  /** Begin anew with the next run. */
  drop() {
    this.session.reset();
    this.done.clear();
  }

  stop() {
    this.session.stop();
    this.done.clear();
  }

  /** Whether what a snippet made is still there. */
  knows(address) {
    return this.session.alive && this.done.has(address);
  }

  /** Run a snippet, after those before it that have not run.
   *
   * @param hooks ``progress``, ``output``, ``before(number)`` and ``begins()``, all to be called
   * @returns the result with ``before``: what ran before it, as ``{address, result}``
   */
  run(address, hooks) {
    return inTurn(async () => {
      this.hooks = hooks;
      const before = this.steps.slice(0, this.steps.indexOf(address));
      if (!this.fits(address, before)) this.drop();
      await this.session.ready();
      const waiting = before.filter((one) => !this.done.has(one));
      if (waiting.length) hooks.before?.(waiting.length);
      const ran = [];
      for (const one of waiting) ran.push({ address: one, result: await this.step(one) });
      hooks.begins?.();
      const result = await this.step(address, { onOutput: (text) => hooks.output?.(text) });
      return { ...result, before: ran };
    });
  }

  /** Send a request to the app that the session's last snippet has made. */
  request(asked) {
    return inTurn(() => this.session.request(asked));
  }

  fits(address, before) {
    const later = this.steps.slice(this.steps.indexOf(address));
    return this.session.alive && !later.some((one) => this.done.has(one))
      && before.every((one) => !this.done.has(one) || this.done.get(one) === this.code(one));
  }

  async step(address, options = {}) {
    const { step, promise } = this.plan.snippets[address];
    const code = this.code(address);
    const changed = code !== step.code;
    const end = promise.first + code.trimEnd().split("\n").length;
    const result = await this.session.run(
      changed ? { ...step, code, changed } : step,
      changed ? { ...promise, end, changed } : promise,
      options,
    );
    this.done.set(address, code);
    return result;
  }
}
