// Modules of Node that can be had in a browser, and do there what they do in Node.
import { hmac } from "@noble/hashes/hmac.js";
import { md5, sha1 } from "@noble/hashes/legacy.js";
import { pbkdf2 } from "@noble/hashes/pbkdf2.js";
import { scrypt } from "@noble/hashes/scrypt.js";
import { sha224, sha256, sha384, sha512 } from "@noble/hashes/sha2.js";
import assert from "assert";
import { Buffer } from "buffer";
import EventEmitter from "events";
import path from "path-browserify";
import util from "util";
import { format, inspect } from "./inspect.js";
import * as timers from "./timers.js";

// `buffer` of the registry is older than this encoding.
const { toString } = Buffer.prototype;
Buffer.prototype.toString = function (encoding, ...place) {
  if (encoding !== "base64url") return toString.call(this, encoding, ...place);
  const text = toString.call(this, "base64", ...place);
  return text.replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
};
const { from } = Buffer;
Buffer.from = (value, encoding, ...rest) => from(value, encoding === "base64url" ? "base64" : encoding, ...rest);

const HASHES = { md5, sha1, sha224, sha256, sha384, sha512 };

function algorithm(name) {
  const found = HASHES[String(name).toLowerCase().replace("-", "")];
  if (!found) throw Object.assign(new Error("Digest method not supported"), { code: "ERR_CRYPTO_INVALID_DIGEST" });
  return found;
}

const bytes = (data, encoding) => (typeof data === "string" ? Buffer.from(data, encoding) : new Uint8Array(data.buffer ?? data, data.byteOffset, data.byteLength));

class Hash {
  #made;
  constructor(made) {
    this.#made = made;
  }
  update(data, encoding) {
    this.#made.update(bytes(data, encoding));
    return this;
  }
  digest(encoding) {
    const found = Buffer.from(this.#made.digest());
    return encoding && encoding !== "buffer" ? found.toString(encoding) : found;
  }
  copy() {
    return new Hash(this.#made.clone());
  }
}

function scryptSync(password, salt, size, { N = 16384, r = 8, p = 1 } = {}) {
  return Buffer.from(scrypt(bytes(password), bytes(salt), { N, r, p, dkLen: size }));
}

function pbkdf2Sync(password, salt, rounds, size, name) {
  return Buffer.from(pbkdf2(algorithm(name), bytes(password), bytes(salt), { c: rounds, dkLen: size }));
}

// A function whose last value is called with the result, later.
const later = (make) => (...values) => {
  const done = values.pop();
  timers.setImmediate(() => {
    let result;
    try {
      result = make(...values);
    } catch (error) {
      return done(error);
    }
    return done(null, result);
  });
};

const crypto = {
  createHash: (name) => new Hash(algorithm(name).create()),
  createHmac: (name, key) => new Hash(hmac.create(algorithm(name), bytes(key))),
  getHashes: () => Object.keys(HASHES),
  getRandomValues: (array) => self.crypto.getRandomValues(array),
  pbkdf2: later(pbkdf2Sync),
  pbkdf2Sync,
  randomBytes(size, done) {
    const found = Buffer.from(self.crypto.getRandomValues(new Uint8Array(size)));
    return done ? void timers.setImmediate(() => done(null, found)) : found;
  },
  randomInt(low, high) {
    const [from, to] = high === undefined ? [0, low] : [low, high];
    return from + Math.floor((self.crypto.getRandomValues(new Uint32Array(1))[0] / 2 ** 32) * (to - from));
  },
  // A frame of its own origin is no secure context everywhere, so there may be no such method.
  randomUUID() {
    const raw = self.crypto.getRandomValues(new Uint8Array(16));
    raw[6] = (raw[6] & 15) | 64;
    raw[8] = (raw[8] & 63) | 128;
    const hex = Buffer.from(raw).toString("hex");
    return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
  },
  scrypt: later(scryptSync),
  scryptSync,
  timingSafeEqual(one, other) {
    const [first, second] = [bytes(one), bytes(other)];
    if (first.length !== second.length) throw new RangeError("Input buffers must have the same byte length");
    return first.every((byte, index) => byte === second[index]);
  },
  webcrypto: self.crypto,
};

// `events` of the registry is older than these two.
const once = (emitter, name, { signal } = {}) =>
  new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const heard = (...values) => {
      emitter.off?.("error", failed);
      resolve(values);
    };
    const failed = (error) => {
      emitter.off(name, heard);
      reject(error);
    };
    signal?.addEventListener("abort", () => reject(signal.reason), { once: true });
    if (emitter instanceof EventTarget) return emitter.addEventListener(name, (event) => resolve([event]), { once: true });
    emitter.once(name, heard);
    return name !== "error" && emitter.once("error", failed);
  });
EventEmitter.once = once;

const counting = { asserted: 0 };

/** Return how many assertions were reached since this was asked last. */
export function asserted() {
  const { asserted: count } = counting;
  counting.asserted = 0;
  return count;
}

export const count = () => (counting.asserted += 1);

// As in verify/guest/node.mjs.
function counted(original) {
  const one = (value) =>
    function (...values) {
      count();
      return value.apply(this, values);
    };
  const copy = one(original);
  for (const [name, value] of Object.entries(original)) {
    const plain = typeof value !== "function" || /^[A-Z]/.test(name) || name === "strict";
    copy[name] = plain ? value : one(value);
  }
  copy.strict = original.strict === original ? copy : counted(original.strict);
  return copy;
}

const checked = counted(assert);
const shownUtil = { ...util, inspect, format, stripVTControlCharacters: (text) => text.replace(/\x1b\[[0-9;]*m/g, "") };
shownUtil.isDeepStrictEqual = (one, other) => {
  try {
    assert.deepStrictEqual(one, other);
    return true;
  } catch {
    return false;
  }
};
// The registry's `util` knows no timers that stand in for Node's.
shownUtil.promisify = (original) =>
  original[util.promisify.custom] ?? util.promisify(original);
shownUtil.promisify.custom = util.promisify.custom;
shownUtil.TextEncoder = TextEncoder;
shownUtil.TextDecoder = TextDecoder;

export const MODULES = {
  assert: checked,
  "assert/strict": checked.strict,
  buffer: { Buffer, Blob, atob, btoa },
  crypto,
  events: Object.assign(EventEmitter, { EventEmitter }),
  path,
  "path/posix": path,
  perf_hooks: { performance },
  timers: { ...timers, promises: timers.promises },
  "timers/promises": timers.promises,
  url: { URL, URLSearchParams },
  util: shownUtil,
};

export { assert, Buffer, format, inspect };
