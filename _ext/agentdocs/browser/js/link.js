/* Code that a reader changed ↔ the fragment of an address, which no server ever sees. */

const BEGIN = "#run=";
/** Characters of a fragment that are read, and of the code in it: a link cannot fill the memory. */
const MOST = { fragment: 100_000, code: 200_000 };

/** Return the fragment of a link to changed code. */
export const fragment = async (address, code) => {
  const packed = new Blob([code]).stream().pipeThrough(new CompressionStream("deflate-raw"));
  const bytes = new Uint8Array(await new Response(packed).arrayBuffer());
  const text = btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
  const data = text.replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
  return `${BEGIN}${encodeURIComponent(address)}~${data}`;
};

/** Return ``{address, code}`` of a fragment, or null where it is none of ours.
 *
 * @throws {Error} where it is one of ours and cannot be read
 */
export const changed = async (hash) => {
  if (!hash.startsWith(BEGIN)) return null;
  if (hash.length > MOST.fragment) throw new Error("it is too long");
  const [address, data] = hash.slice(BEGIN.length).split("~");
  if (!address || !data || !/^[\w-]+$/.test(data)) throw new Error("it is not complete");
  let code;
  try {
    const bytes = Uint8Array.from(atob(data.replaceAll("-", "+").replaceAll("_", "/")), (one) => one.charCodeAt(0));
    code = await unpacked(bytes);
  } catch (error) {
    throw error.cause === "long" ? error : new Error("it is damaged");
  }
  return { address: decodeURIComponent(address), code };
};

const unpacked = async (bytes) => {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
  let text = "";
  for (const reader = stream.getReader(); ;) {
    const { done, value } = await reader.read();
    if (done) return text + decoder.decode();
    text += decoder.decode(value, { stream: true });
    if (text.length <= MOST.code) continue;
    await reader.cancel();
    throw new Error("its code is too long", { cause: "long" });
  }
};
