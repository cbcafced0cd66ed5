// Values → text as Node's console prints them.

const TOTAL = 80;
const GROUP = 6; // so many numbers or short texts and more stand in columns
const LEVELS = 3;
const MOST = 100;
const PLAIN = /^[a-zA-Z_][a-zA-Z_0-9]*$/;

/** Return a value as `util.inspect` does. */
export function inspect(value, options = {}) {
  const depth = options.depth === null ? Infinity : (options.depth ?? 2);
  return shown(value, { depth, breakLength: options.breakLength ?? TOTAL, seen: [], circular: new Map(), indent: 0, last: 0 }, 0);
}
inspect.custom = Symbol.for("nodejs.util.inspect.custom");

/** Return what `console.log` prints of its values. */
export function format(first, ...rest) {
  const parts = [];
  if (typeof first === "string" && rest.length > 0) {
    parts.push(
      first.replace(/%[sdifjoOc%]/g, (sign) => {
        if (sign === "%%") return "%";
        if (rest.length === 0) return sign;
        const value = rest.shift();
        if (sign === "%s") return typeof value === "object" && value !== null ? inspect(value, { depth: 0 }) : text(value);
        if (sign === "%d") return typeof value === "bigint" ? `${value}n` : String(Number(value));
        if (sign === "%i") return String(parseInt(value, 10));
        if (sign === "%f") return String(parseFloat(value));
        if (sign === "%j") return JSON.stringify(value);
        return sign === "%c" ? "" : inspect(value, { depth: 4 });
      }),
    );
  } else parts.push(text(first));
  return [...parts, ...rest.map(text)].join(" ");
}

const text = (value) => (typeof value === "string" ? value : inspect(value));

function quoted(value) {
  const sign = !value.includes("'") ? "'" : !value.includes('"') ? '"' : !value.includes("`") ? "`" : "'";
  const names = { "\n": "\\n", "\t": "\\t", "\r": "\\r", "\b": "\\b", "\f": "\\f", "\v": "\\v", "\\": "\\\\" };
  const safe = value.replace(/[\x00-\x1f\x7f\\]/g, (c) => names[c] ?? `\\x${c.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`);
  return sign + (sign === "'" ? safe.replaceAll("'", "\\'") : safe) + sign;
}

function primitive(value) {
  if (typeof value === "string") return quoted(value);
  if (Object.is(value, -0)) return "-0";
  return typeof value === "bigint" ? `${value}n` : String(value);
}

function nameOf(value) {
  for (let one = value; one !== null; one = Object.getPrototypeOf(one)) {
    const made = Object.getOwnPropertyDescriptor(one, "constructor")?.value;
    if (typeof made === "function" && made.name && value instanceof made) return made.name;
  }
  return null;
}

function shown(value, context, level) {
  if (value === null || (typeof value !== "object" && typeof value !== "function")) return primitive(value);
  const custom = value[inspect.custom];
  if (typeof custom === "function" && custom !== inspect) {
    const made = custom.call(value, context.depth - level, {}, inspect);
    if (made !== value) return typeof made === "string" ? made : shown(made, context, level);
  }
  if (context.seen.includes(value)) {
    if (!context.circular.has(value)) context.circular.set(value, context.circular.size + 1);
    return `[Circular *${context.circular.get(value)}]`;
  }
  const name = nameOf(value);
  const tag = value[Symbol.toStringTag];
  const kind = kindOf(value, name);
  const keys = [...Object.keys(value), ...Object.getOwnPropertySymbols(value).filter((s) => Object.prototype.propertyIsEnumerable.call(value, s))];
  const own = kind.list ? keys.filter((key) => typeof key === "symbol" || !/^\d+$/.test(key)) : keys;
  let prefix = kind.prefix;
  if (tag && tag !== name && kind.whole === undefined) prefix = `${prefix || `${name ?? "Object"} `}[${tag}] `;
  if (kind.whole !== undefined && own.length === 0) return kind.whole;
  const filled = own.length > 0 || (value.length ?? value.size ?? 0) > 0;
  if (filled && level > context.depth) return `[${kind.list ? "Array" : name === null ? "Object: null prototype" : (kind.prefix.trim() || name)}]`;
  const before = context.last;
  context.last = level;
  context.seen.push(value);
  context.indent += 2;
  const rows = kind.rows(context, level);
  for (const key of own) rows.push(property(value, key, context, level));
  context.indent -= 2;
  context.seen.pop();
  const [open, close] = kind.list ? ["[", "]"] : ["{", "}"];
  const mark = context.circular.has(value) ? `<ref *${context.circular.get(value)}> ` : "";
  if (kind.whole !== undefined) return mark + laid([...rows], `${kind.whole} {`, "}", context, level, value, false);
  if (rows.length === 0) {
    context.last = before; // nothing was shown
    return `${mark}${prefix}${open}${close}`;
  }
  return mark + laid(rows, prefix + open, close, context, level, value, kind.list);
}

function kindOf(value, name) {
  const none = () => [];
  const sized = (label, size) => `${name ?? `[${label}: null prototype]`}(${size}) `;
  if (Array.isArray(value)) {
    const prefix = name === "Array" ? "" : sized("Array", value.length);
    return { list: true, prefix, rows: (c, l) => items(value, c, l) };
  }
  if (ArrayBuffer.isView(value) && !(value instanceof DataView)) {
    if (name === "Buffer") return { whole: `<Buffer ${[...value.subarray(0, 50)].map((b) => b.toString(16).padStart(2, "0")).join(" ")}>`, prefix: "", list: true, rows: none };
    return { list: true, prefix: sized("Array", value.length), rows: (c, l) => items(value, c, l) };
  }
  if (value instanceof Map) {
    return { prefix: sized("Map", value.size), rows: (c, l) => [...value].map(([k, v]) => `${shown(k, c, l + 1)} => ${shown(v, c, l + 1)}`) };
  }
  if (value instanceof Set) return { prefix: sized("Set", value.size), rows: (c, l) => [...value].map((v) => shown(v, c, l + 1)) };
  if (value instanceof Error) return { whole: errorOf(value), prefix: "", rows: none };
  if (value instanceof RegExp || value instanceof Date) {
    const whole = value instanceof Date ? (Number.isNaN(+value) ? "Invalid Date" : value.toISOString()) : String(value);
    return { whole, prefix: "", rows: none };
  }
  if (value instanceof WeakMap || value instanceof WeakSet) {
    return { prefix: `${name} `, rows: () => ["<items unknown>"] };
  }
  if (value instanceof Promise) return { prefix: "Promise ", rows: () => ["<pending>"] };
  if (value instanceof Number || value instanceof String || value instanceof Boolean) {
    return { whole: `[${name}: ${primitive(value.valueOf())}]`, prefix: "", list: value instanceof String, rows: none };
  }
  if (typeof value === "function") {
    const source = Function.prototype.toString.call(value);
    if (/^class\b/.test(source)) {
      const parent = Object.getPrototypeOf(value)?.name;
      return { whole: `[class ${value.name || "(anonymous)"}${parent ? ` extends ${parent}` : ""}]`, prefix: "", rows: none };
    }
    return { whole: `[${name ?? "Function"}${value.name ? `: ${value.name}` : " (anonymous)"}]`, prefix: "", rows: none };
  }
  if (name === null) return { prefix: "[Object: null prototype] ", rows: none };
  return { prefix: name === "Object" ? "" : `${name} `, rows: none };
}

// The frames below the message are Node's or this file's; a snippet's output would never repeat.
function errorOf(error) {
  const message = error.stack ? String(error.stack) : `${error.name}: ${error.message}`;
  return error.stack ? message : `[${message}]`;
}

function items(list, context, level) {
  const rows = [];
  for (let i = 0; i < Math.min(list.length, MOST); i += 1) {
    if (i in list) rows.push(shown(list[i], context, level + 1));
    else {
      let gap = 1;
      while (i + gap < list.length && !(i + gap in list)) gap += 1;
      rows.push(`<${gap} empty item${gap > 1 ? "s" : ""}>`);
      i += gap - 1;
    }
  }
  const more = list.length - MOST;
  if (more > 0) rows.push(`... ${more} more item${more > 1 ? "s" : ""}`);
  return rows;
}

function property(value, key, context, level) {
  const label = typeof key === "symbol" ? `[${String(key)}]` : PLAIN.test(key) ? key : quoted(key);
  const { get, set, value: plain } = Object.getOwnPropertyDescriptor(value, key);
  if (get) return `${label}: [Getter${set ? "/Setter" : ""}]`;
  if (set) return `${label}: [Setter]`;
  return `${label}: ${shown(plain, context, level + 1)}`;
}

// One line where it fits and what was shown last lies less than three levels deeper; else a line
// for each.
function laid(rows, open, close, context, level, value, list) {
  const entries = rows.length;
  let grouped = rows;
  if (list && entries > GROUP) grouped = columns(rows, context, value);
  if (context.last - level < LEVELS && entries === grouped.length) {
    const length = rows.reduce((sum, row) => sum + row.length, 0) + rows.length;
    const begin = rows.length + context.indent + open.length + 10;
    if (length + begin <= context.breakLength && !rows.some((row) => row.includes("\n"))) {
      return `${open} ${rows.join(", ")} ${close}`;
    }
  }
  const pad = `\n${" ".repeat(context.indent)}`;
  return `${open}${pad}  ${grouped.join(`,${pad}  `)}${pad}${close}`;
}

function columns(rows, context, value) {
  const more = value.length > MOST ? 1 : 0;
  const length = rows.length - more;
  const sizes = rows.slice(0, length).map((row) => row.length + 2);
  const widest = Math.max(...sizes);
  const total = sizes.reduce((sum, size) => sum + size, 0);
  if (widest * 3 + context.indent >= context.breakLength) return rows;
  if (total / widest <= 5 && widest > GROUP + 2) return rows;
  const bias = Math.sqrt(widest - total / rows.length);
  const width = Math.max(widest - 3 - bias, 1);
  const count = Math.min(
    Math.round(Math.sqrt(2.5 * width * length) / width), // signs are 2.5 times as high as wide
    Math.floor((context.breakLength - context.indent) / widest),
    LEVELS * 4,
  );
  if (count <= 1) return rows;
  const widths = [];
  for (let i = 0; i < count; i += 1) {
    let most = 0;
    for (let j = i; j < length; j += count) most = Math.max(most, sizes[j]);
    widths.push(most);
  }
  const numbers = [...value].every((one) => typeof one === "number" || typeof one === "bigint");
  const found = [];
  for (let i = 0; i < length; i += count) {
    const end = Math.min(i + count, length);
    let row = "";
    for (let j = i; j < end - 1; j += 1) {
      const cell = `${rows[j]}, `;
      row += numbers ? cell.padStart(widths[j - i]) : cell.padEnd(widths[j - i]);
    }
    row += numbers ? rows[end - 1].padStart(widths[end - 1 - i] - 2) : rows[end - 1];
    found.push(row);
  }
  if (more) found.push(rows.at(-1));
  return found;
}
