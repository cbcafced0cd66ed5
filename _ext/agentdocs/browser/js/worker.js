// What both workers have in common: calls that come through the port, and answers to them.

// A snippet may change what is built in. The port must not come into its hands, or it could flood
// the page: so what touches the port is taken before any snippet runs.
const { apply } = Reflect;
const dataOf = Object.getOwnPropertyDescriptor(MessageEvent.prototype, "data").get;

for (let one = self; one !== null; one = Object.getPrototypeOf(one)) delete one.postMessage;

/** Answer calls `{call, method, values}` by `methods`, one after the other; return what sends. */
export function serve(port, methods) {
  const send = port.postMessage.bind(port);
  let last = Promise.resolve();
  port.onmessage = (event) => {
    const { call, method, values } = apply(dataOf, event, []);
    last = (async (before) => {
      await before;
      try {
        send({ call, value: await methods[method](...values) });
      } catch (error) {
        send({ call, error: brief(error) });
      }
    })(last);
  };
  send({ event: "listening" });
  return send;
}

// Of Python's traces the last line says what happened; errors of Emscripten's files have no message.
function brief(error) {
  const rows = String(error?.message ?? error).trim().split("\n");
  const text = rows[0].startsWith("Traceback") ? rows.at(-1) : rows.join("\n");
  return text || `${error?.name} ${error?.errno ?? ""}`.trim();
}

/** Return the URL of a script that was posted as text or bytes. */
export function scriptURL(data) {
  return URL.createObjectURL(new Blob([data], { type: "text/javascript" }));
}
