/* A panel that sends requests to the app that a snippet has made; they never leave the page. */
import { count, duration, element, fresh, scrolls } from "./dom.js";
import { operations, request } from "./operations.js";
import { kind } from "./sample.js";
import { isStop } from "./sessions.js";
import { brief, MOST, visible } from "./text.js";

const KEPT = 10;
/** Operations and headers that are shown, and characters of a body that is laid out. */
const OPERATIONS = 300;
const HEADERS = 60;
const LAID_OUT = 500_000;
const PHRASES = {
  200: "OK", 201: "Created", 202: "Accepted", 204: "No Content", 206: "Partial Content", 301: "Moved Permanently",
  302: "Found", 303: "See Other", 304: "Not Modified", 307: "Temporary Redirect", 308: "Permanent Redirect",
  400: "Bad Request", 401: "Unauthorized", 402: "Payment Required", 403: "Forbidden", 404: "Not Found",
  405: "Method Not Allowed", 406: "Not Acceptable", 408: "Request Timeout", 409: "Conflict", 410: "Gone",
  411: "Length Required", 412: "Precondition Failed", 413: "Content Too Large", 415: "Unsupported Media Type",
  422: "Unprocessable Content", 423: "Locked", 425: "Too Early", 428: "Precondition Required",
  429: "Too Many Requests", 500: "Internal Server Error", 501: "Not Implemented", 502: "Bad Gateway",
  503: "Service Unavailable", 504: "Gateway Timeout",
};

const colour = (status) => (status < 300 ? "good" : status < 400 ? "plain" : status < 500 ? "open" : "bad");

export class Requests {
  /**
   * @param api ``{title, openapi}`` of a result
   * @param send sends a request, resolves to its answer
   * @param isThere whether the session still has the app
   */
  constructor(api, { send, isThere }) {
    Object.assign(this, { send, isThere });
    this.of = JSON.stringify(api);
    this.all = operations(api.openapi, OPERATIONS);
    this.secrets = new Map();
    this.texts = new Map();
    this.make(api);
    if (this.all.length) this.choose();
  }

  fits(api) {
    return JSON.stringify(api) === this.of;
  }

  make(api) {
    const title = visible(api.title ?? api.openapi.info?.title ?? "the app");
    this.chooser = element("select", { id: fresh("request") }, ...this.options());
    this.chooser.addEventListener("change", () => this.choose());
    this.fields = element("div", { class: "agentdocs-run-fields" });
    this.sender = element("button", { type: "submit", class: "agentdocs-run-main" }, "Send");
    this.said = element("p", { class: "agentdocs-run-said", role: "status" });
    this.form = element("form", {},
      element("div", { class: "agentdocs-run-operation" },
        element("label", { class: "agentdocs-unseen", for: this.chooser.id }, "Request"), this.chooser),
      this.fields, element("div", { class: "agentdocs-run-send" }, this.sender, this.said));
    this.form.noValidate = true;
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.submit();
    });
    this.form.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
      event.preventDefault();
      this.submit();
    });
    this.answers = element("div", { class: "agentdocs-run-answers" });
    const name = element("p", { class: "agentdocs-run-title", id: fresh("api") }, `Requests to ${title}`);
    this.node = element("div", { class: "agentdocs-run-requests", role: "group", "aria-labelledby": name.id },
      name, this.all.length ? this.form : element("p", {}, "The app has no operation."), this.answers);
  }

  options() {
    const tags = [...new Set(this.all.map(({ tag }) => tag))];
    const option = (one) => element("option", { value: String(this.all.indexOf(one)) }, visible(`${one.method} ${one.path}`));
    return tags.flatMap((tag) => {
      const own = this.all.filter((one) => one.tag === tag).map(option);
      return tags.length > 1 && tag ? [element("optgroup", { label: visible(tag) }, ...own)] : own;
    });
  }

  choose() {
    this.keep();
    this.chosen = this.all[Number(this.chooser.value)];
    const { summary, inputs, body } = this.chosen;
    this.values = inputs.map((one) => [one, this.field(one)]);
    this.body = body ? this.editor(body) : null;
    this.fields.replaceChildren(
      ...(summary ? [element("p", { class: "agentdocs-run-summary" }, visible(summary))] : []),
      ...this.values.map(([, { node }]) => node),
      ...(this.body ? [this.body.node] : []));
    this.said.textContent = "";
  }

  /* What was typed for an operation is there again when it is chosen again. */
  keep() {
    if (!this.chosen) return;
    const typed = this.values.map(([, { control }]) => control.value);
    this.texts.set(this.chosen, { typed, body: this.body?.control.value });
    for (const [one, { control }] of this.values) if (one.key) this.secrets.set(one.key, control.value);
  }

  field(one) {
    const id = fresh("field");
    const index = this.chosen.inputs.indexOf(one);
    const before = one.key ? this.secrets.get(one.key) : this.texts.get(this.chosen)?.typed[index];
    const value = before ?? (Array.isArray(one.value) ? one.value.join(", ") : String(one.value));
    const control = this.control(one, id, value);
    const facts = [one.place, kind(one.schema), one.required ? "required" : ""].filter(Boolean).join(" · ");
    const hint = one.description ? element("small", { id: `${id}-hint` }, brief(one.description, 120)) : null;
    if (hint) control.setAttribute("aria-describedby", hint.id);
    const node = element("div", { class: "agentdocs-run-field" },
      element("label", { for: id }, element("b", {}, visible(one.name)), " ", element("span", {}, visible(facts))),
      control, hint);
    return { node, control };
  }

  control(one, id, value) {
    const choices = one.choices ?? (one.schema.type === "boolean" ? ["true", "false"] : null);
    if (choices) {
      const values = choices.map(String);
      const select = element("select", { id },
        ...(one.required ? [] : [element("option", { value: "" }, one.placeholder === "" ? "not sent" : `not sent (${one.placeholder})`)]),
        ...values.map((choice) => element("option", { value: choice }, visible(choice))));
      select.value = values.includes(value) || !one.required ? value : values[0];
      return select;
    }
    const input = element("input", { id, autocomplete: "off", spellcheck: "false", autocapitalize: "off",
      placeholder: String(one.placeholder ?? "") || null, "aria-required": one.required ? "true" : null });
    if (["integer", "number"].includes(one.schema.type)) input.inputMode = "decimal";
    input.value = value;
    return input;
  }

  editor(body) {
    const id = fresh("body");
    const control = element("textarea", { id, spellcheck: "false", autocapitalize: "off", autocomplete: "off" });
    control.value = this.texts.get(this.chosen)?.body ?? body.text;
    const fault = element("small", { id: `${id}-fault`, class: "agentdocs-bad" });
    control.setAttribute("aria-describedby", fault.id);
    const grow = () => { control.rows = Math.min(Math.max(control.value.split("\n").length, 3), 16); };
    const look = () => {
      grow();
      fault.textContent = body.isData && control.value.trim() ? noJson(control.value) : "";
      control.setAttribute("aria-invalid", String(Boolean(fault.textContent)));
    };
    control.addEventListener("input", look);
    grow();
    const facts = [visible(body.type), body.required ? "required" : ""].filter(Boolean).join(" · ");
    const node = element("div", { class: "agentdocs-run-field agentdocs-run-body" },
      element("label", { for: id }, element("b", {}, "Body"), " ", element("span", {}, facts)), control, fault);
    return { node, control };
  }

  async submit() {
    if (this.sender.getAttribute("aria-disabled")) return;
    this.keep();
    const empty = this.values.find(([one, { control }]) => one.place === "path" && !control.value);
    if (empty) {
      this.said.textContent = `${empty[0].name} is part of the path and cannot be empty`;
      empty[1].control.focus();
      return;
    }
    if (!this.isThere()) {
      this.said.textContent = "The session has begun anew since; run the snippet again.";
      return;
    }
    this.sender.setAttribute("aria-disabled", "true");
    this.said.textContent = "Sending …";
    try {
      const asked = request(this.chosen, this.values.map(([one, { control }]) => [one, control.value]), this.body?.control.value ?? "");
      this.show(asked, await this.send(asked));
    } catch (error) {
      this.said.textContent = isStop(error) ? "Stopped" : `It could not be sent: ${brief(error.message)}`;
    }
    this.sender.removeAttribute("aria-disabled");
  }

  show(asked, answer) {
    const status = `${answer.status} ${PHRASES[answer.status] ?? ""}`.trim();
    const time = answer.seconds >= 1 ? duration(answer.seconds) : `${Math.max(1, Math.round(answer.seconds * 1000))} ms`;
    const text = pretty(answer);
    const body = text
      ? scrolls(element("pre", {}, visible(text.slice(0, MOST)), text.length > MOST ? "\n… more is not shown" : ""), "Body of the answer")
      : element("p", { class: "agentdocs-run-none" }, "No body");
    const headers = element("details", { class: "agentdocs-run-headers" },
      element("summary", {}, count(answer.headers.length, "header")),
      element("dl", {}, ...answer.headers.slice(0, HEADERS).flatMap(([name, value]) => [element("dt", {}, visible(name)), element("dd", {}, visible(value))])));
    const node = element("details", { class: "agentdocs-run-answer", open: true },
      element("summary", {},
        element("span", { class: `agentdocs-run-status agentdocs-${colour(answer.status)}` }, element("b", {}, status)),
        element("code", {}, visible(`${asked.method} ${asked.path}`)), element("span", {}, time)),
      headers, body);
    for (const one of this.answers.children) one.open = false;
    this.answers.prepend(node);
    while (this.answers.children.length > KEPT) this.answers.lastChild.remove();
    this.said.textContent = `${status}, ${time}`;
  }
}

const noJson = (text) => {
  try {
    JSON.parse(text);
    return "";
  } catch (error) {
    return `No JSON yet: ${brief(error.message)}`;
  }
};

/* JSON is laid out, unless that would change one of its numbers. */
const pretty = ({ body, type }) => {
  const text = body ?? "";
  if (text.length > LAID_OUT) return text;
  const numbers = text.replace(/"(?:[^"\\]|\\.)*"/g, "");
  if (!/json/.test(type ?? "") || /\d{16}|\d[eE]/.test(numbers)) return text;
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
};
