// The page's port and a script → a worker that runs it, here, where nothing belongs to the site.
//
// This frame has an origin of its own (sandbox) and a policy that permits no request; a worker from
// a `data:` URL has both as well. Pyodide wants a module worker, and one from a `blob:` URL does not
// start in such a frame: so what the URL holds is only what takes the script from the message.
function bootstrap() {
  onmessage = async ({ data, ports: [port] }) => {
    onmessage = null;
    try {
      const url = URL.createObjectURL(new Blob([data], { type: "text/javascript" }));
      (await import(url)).start(port);
    } catch (error) {
      port.postMessage({ event: "broken", text: String(error) });
    }
  };
}

addEventListener(
  "message",
  ({ data, ports, source }) => {
    if (source !== parent) return;
    const code = `(${bootstrap})()`;
    const worker = new Worker(`data:text/javascript,${encodeURIComponent(code)}`, { type: "module" });
    const [port] = ports;
    worker.onerror = () => port.postMessage({ event: "broken", text: "the worker did not start" });
    worker.postMessage(data, [port]);
  },
  { once: true },
);
parent.postMessage("agentdocs-frame", "*");
