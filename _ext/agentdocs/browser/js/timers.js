// Timers that are counted, since a step is over when nothing is left to wait for.

const own = {
  setTimeout: self.setTimeout.bind(self),
  clearTimeout: self.clearTimeout.bind(self),
  setInterval: self.setInterval.bind(self),
};
const waiting = new Set();

/** Whether a timer is left that keeps a program alive. */
export const busy = () => [...waiting].some((timer) => timer.hasRef());

/** End all timers, also those that keep nothing alive. */
export function clear() {
  for (const timer of waiting) timer.close();
}

class Timeout {
  #id;
  #kept = true;
  #again;

  constructor(callback, after, values, repeat) {
    const run = () => {
      if (!repeat) waiting.delete(this);
      callback(...values);
    };
    this.#again = () => (repeat ? own.setInterval(run, after) : own.setTimeout(run, after));
    this.#id = this.#again();
    waiting.add(this);
  }
  ref() {
    this.#kept = true;
    return this;
  }
  unref() {
    this.#kept = false;
    return this;
  }
  hasRef() {
    return this.#kept;
  }
  refresh() {
    own.clearTimeout(this.#id);
    this.#id = this.#again();
    waiting.add(this);
    return this;
  }
  close() {
    own.clearTimeout(this.#id);
    waiting.delete(this);
    return this;
  }
  [Symbol.toPrimitive]() {
    return this.#id;
  }
  [Symbol.dispose ?? Symbol()]() {
    this.close();
  }
}

const stop = (timer) => {
  const found = timer instanceof Timeout ? timer : [...waiting].find((one) => Number(one) === Number(timer));
  found?.close();
};

export const setTimeout = (callback, after = 0, ...values) => new Timeout(callback, after, values, false);
export const setInterval = (callback, after = 0, ...values) => new Timeout(callback, after, values, true);
export const setImmediate = (callback, ...values) => new Timeout(callback, 0, values, false);
export const clearTimeout = stop;
export const clearInterval = stop;
export const clearImmediate = stop;

/** Sleep without keeping anybody waiting. */
export const pause = (after) => new Promise((resolve) => own.setTimeout(resolve, after));

function sleep(after, value, { signal, ref = true } = {}) {
  return new Promise((resolve, reject) => {
    const reason = () => Object.assign(new Error("The operation was aborted", { cause: signal.reason }), { name: "AbortError", code: "ABORT_ERR" });
    if (signal?.aborted) return reject(reason());
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", ended);
      resolve(value);
    }, after);
    if (!ref) timer.unref();
    const ended = () => {
      timer.close();
      reject(reason());
    };
    return signal?.addEventListener("abort", ended, { once: true });
  });
}

async function* every(after, value, options) {
  for (;;) yield await sleep(after, value, options);
}

export const promises = {
  setTimeout: sleep,
  setImmediate: (value, options) => sleep(0, value, options),
  setInterval: every,
  scheduler: { wait: sleep, yield: () => sleep(0) },
};
