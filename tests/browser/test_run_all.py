"""Examples run in a real browser: with the verdicts that they have outside, and apart from the page.

Steps go through ``session.js``, as the page sends them, from a blank page of the site.
"""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, BrowserContext, Page

SOURCE = Path(__file__).parents[2] / "_ext" / "agentdocs" / "browser" / "js" / "session.js"
BLANK = """<!doctype html><title>Blank</title>
<meta http-equiv="Content-Security-Policy" content="default-src 'self'; object-src 'none'">"""
RUN = """async ([root, plan, id, step, promise]) => {
  const { Session } = await import(`${root}/_run/session.js`);
  window.kept ??= {};
  const runtime = (window.runtime ??= await (await fetch(`${root}/_run/runtime.json`)).json());
  kept[id] ??= new Session({ root: `${root}/`, runtime, plan, id });
  try {
    return await kept[id].run(step, promise);
  } catch (error) {
    return { verdict: error.name, reason: error.message, tier: "", output: "" };
  }
}"""


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    context = browser.new_context()
    yield context
    context.close()


@pytest.fixture
def blank(context: BrowserContext, runnable_site: str) -> Page:
    """Return a page of the site's origin with nothing on it, and a policy like that of all."""
    page = context.new_page()
    script, html = SOURCE.read_text(encoding="utf-8"), "text/html"
    page.route(
        "**/_run/session.js", lambda r: r.fulfill(body=script, content_type="text/javascript")
    )
    page.route("**/blank.html", lambda r: r.fulfill(body=BLANK, content_type=html))
    page.goto(f"{runnable_site}/blank.html")
    return page


def _run(page: Page, root: str, plan: dict[str, Any], name: str, **step: Any) -> dict[str, Any]:
    """Run a step of a session in the page; return what came of it."""
    whole = {"file": "a.md", "line": 1, "timeout": 10, "setup": None, "check": None, **step}
    promise = whole.pop("promise", {"tier": "parses"})
    result: dict[str, Any] = page.evaluate(RUN, [root, plan, name, whole, promise])
    return result


def _own(*runners: str) -> dict[str, Any]:
    """Return a plan of sessions without packages, called by their runner."""
    sessions = {name: {"runner": name.rstrip("2"), "packages": [], "files": {}} for name in runners}
    return {"agent": "test", "sessions": sessions}


@pytest.fixture
def python(blank: Page, runnable_site: str) -> Any:
    """Return a function that runs Python in the page's session."""
    plan = _own("python", "python2")
    return lambda code, name="python", **step: _run(
        blank, runnable_site, plan, name, code=code, **step
    )


@pytest.fixture
def javascript(blank: Page, runnable_site: str) -> Any:
    """Return a function that runs JavaScript in the page's session."""
    plan = _own("javascript")
    return lambda code, **step: _run(blank, runnable_site, plan, "javascript", code=code, **step)


# --- the same verdicts ----------------------------------------------------------------------------


def test_every_snippet_has_the_verdict_that_it_has_outside(
    runnable_site: str, runtime_folder: Path, blank: Page, capsys: pytest.CaptureFixture[str]
) -> None:
    differences, seen = [], Counter[str]()
    for file in sorted((runtime_folder / "plans").rglob("*.json")):
        plan = json.loads(file.read_text(encoding="utf-8"))
        agent = plan["agent"]
        blank.goto(f"{runnable_site}/blank.html")
        sessions = {"agent": agent, "sessions": plan["sessions"]}
        for name, session in plan["sessions"].items():
            for address in session["steps"]:
                one = plan["snippets"][address]
                found = _run(
                    blank, runnable_site, sessions, name, promise=one["promise"], **one["step"]
                )
                seen[session["runner"]] += 1
                if (found["verdict"], found["tier"]) != (
                    one["proved"]["verdict"], one["proved"]["tier"],
                ):  # fmt: skip
                    differences.append(f"{agent} {address}: {found['verdict']}, {found['reason']}")
    with capsys.disabled():
        print("\n", dict(seen), *differences, sep="\n")
    assert seen["python"] > 50
    assert seen["javascript"] > 5
    assert seen["sql"] > 5
    assert differences == []


# --- what a session can do ------------------------------------------------------------------------


def test_asyncio_blocks_as_it_does_elsewhere(python: Any) -> None:
    code = """import asyncio, time
begin = time.monotonic()
async def later(value):
    await asyncio.sleep(0.2)
    return value
async def main():
    inline = await asyncio.to_thread(lambda: 3)
    return [inline, *await asyncio.gather(later(1), later(2))]
print(asyncio.run(main()), time.monotonic() - begin >= 0.2)
assert True"""
    result = python(code)
    assert (result["verdict"], result["tier"]) == ("passed", "checked")
    assert result["output"] == "[3, 1, 2] True\n"


def test_a_wait_for_a_thread_ends_with_words(python: Any) -> None:
    result = python("import threading\nthreading.Event().wait()")
    assert result["verdict"] == "failed"
    assert "waits for another thread, which a browser does not have" in result["reason"]


def test_an_error_tells_its_line_and_trace(python: Any) -> None:
    result = python("print('a')\n1 / 0", line=30)
    assert result["error"]["line"] == 31
    assert result["error"]["text"] == "ZeroDivisionError: division by zero"
    assert result["output"] == "a\n"


def test_a_changed_snippet_breaks_its_promise(python: Any) -> None:
    check = {"file": "a.verify.yaml", "line": 3, "code": "assert total == 3"}
    assert python("total = 1 + 2", check=check)["tier"] == "checked"
    broken = python("total = 1 + 1", check=check)
    assert broken["verdict"] == "failed"
    assert broken["reason"] == "the check of its contract fails: AssertionError"


@pytest.mark.security("SEC-58")
def test_sessions_find_nothing_of_each_other(python: Any) -> None:
    python("import os, logging\nown = 1\nos.environ['OWN'] = '1'\nopen('own.txt', 'w').close()")
    other = python(
        "import os\nprint('own' in globals(), 'OWN' in os.environ, os.listdir())", "python2"
    )
    assert other["output"] == "False False []\n"
    again = python("print(own, os.environ['OWN'], os.listdir())")
    assert again["output"] == "1 1 ['own.txt']\n"


def test_sql_gives_tables(blank: Page, runnable_site: str) -> None:
    code = "CREATE TABLE a (x, y); INSERT INTO a VALUES (1, NULL);\nSELECT x, y FROM a;"
    found = _run(blank, runnable_site, _own("sql"), "sql", code=code)
    assert found["output"] == "1|\n"
    assert found["tables"] == [{"columns": ["x", "y"], "rows": [["1", ""]], "more": 0}]


def test_names_of_javascript_stay_and_may_be_declared_again(javascript: Any) -> None:
    first = 'import assert from "node:assert/strict";\nlet n = 1;\nconst add = () => (n += 1);'
    assert javascript(first)["verdict"] == "passed"
    second = (
        "const first = n;\nadd();\nassert.equal(n, first + 1);\nconsole.log({ n, list: [1, 'a'] });"
    )
    found = javascript(second)
    assert (found["verdict"], found["tier"], found["output"]) == (
        "passed", "checked", "{ n: 2, list: [ 1, 'a' ] }\n",
    )  # fmt: skip
    assert javascript("const add = 5;\nconsole.assert(add === 5);")["tier"] == "checked"


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("await Promise.reject(new TypeError('no'))", "TypeError: no"),
        ("Promise.reject(new TypeError('later'))", "TypeError: later"),
        ("setTimeout(() => { throw new Error('timer') }, 5)", "Error: timer"),
        ("await new Promise(() => {})", "awaits what never comes"),
        ("let = 5 5", "does not parse"),
    ],
)
def test_faults_of_javascript_count(javascript: Any, code: str, text: str) -> None:
    found = javascript(f"// comment\n{code}", line=10)
    assert found["verdict"] == "failed"
    assert text in found["reason"]
    assert found["error"]["line"] in (10, 11)


def test_types_are_taken_away(javascript: Any) -> None:
    code = "interface A { x: number }\nconst a: A = { x: 1 };\nconsole.assert((a as A).x === 1);"
    assert javascript(code, mode="typescript")["tier"] == "checked"


APP = """
class App:
    begun = 0
    def openapi(self):
        return {"openapi": "3.1.0", "info": {"title": "Small"}, "paths": {}}
    async def __call__(self, scope, receive, send):
        if scope["type"] == "lifespan":
            await receive()
            self.begun += 1
            return await send({"type": "lifespan.startup.complete"})
        body = (await receive())["body"] + scope["query_string"] + str(self.begun).encode()
        await send({"type": "http.response.start", "status": 201, "headers": [(b"X-A", b"b")]})
        await send({"type": "http.response.body", "body": body * (10**6 if b"long" in body else 1)})
app = App()
"""


def test_an_application_answers_requests(blank: Page, python: Any) -> None:
    from playwright.sync_api import Error

    assert python(APP)["api"]["title"] == "Small"
    ask = "(body) => kept.python.request({ method: 'POST', path: '/a?q=1', headers: [], body })"
    for _ in range(2):  # it begins once
        answer = blank.evaluate(ask, "sent ")
        assert (answer["status"], answer["body"]) == (201, "sent q=11")
        assert answer["headers"] == [["X-A", "b"]]
    assert len(blank.evaluate(ask, "long")["body"]) == 1_000_000
    assert blank.evaluate(ask, "long")["cut"] is True
    python("async def app(*_): 1 / 0\napp.openapi = lambda: {}\napp")
    with pytest.raises(Error, match="Error: ZeroDivisionError: division by zero"):
        blank.evaluate(ask, "")


# --- apart from the page --------------------------------------------------------------------------

SPY = """
import js
found = []
for look in ("js.document.cookie", "js.localStorage.getItem('a')", "js.parent", "js.self.parent"):
    try:
        found.append(f"{look}: {eval(look)}")
    except Exception:
        pass
print(js.self.origin, found)
"""
WAYS = """
const told = [];
for (const [name, go] of Object.entries({
  databases: () => indexedDB.open("a"),
  caches: () => caches.open("a"),
  files: () => navigator.storage.getDirectory(),
  code: () => (0, eval)("1"),
})) {
  try {
    await go();
    told.push(name);
  } catch {}
}
console.log(self.origin, typeof document, typeof localStorage, told.join());
"""


@pytest.mark.security("SEC-51")
def test_the_page_and_its_storage_are_out_of_reach(
    blank: Page, python: Any, javascript: Any
) -> None:
    blank.evaluate("() => { document.cookie = 'a=secret'; localStorage.setItem('a', 'secret'); }")
    assert python(SPY)["output"] == "null []\n"
    assert javascript(WAYS)["output"] == "null undefined undefined \n"


@pytest.fixture
def listener() -> Iterator[tuple[str, list[str]]]:
    """Return the address of a server that somebody could send to, and what came there."""
    came: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            came.append(self.path)
            self.send_response(200)
            self.send_header("Access-Control-Allow-Origin", "*")
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever).start()
        yield f"http://127.0.0.1:{server.server_port}", came
        server.shutdown()


@pytest.mark.security("SEC-52")
def test_no_request_leaves(
    blank: Page, python: Any, javascript: Any, runnable_site: str, listener: tuple[str, list[str]]
) -> None:
    address, came = listener
    assert blank.request.get(address).ok  # it does listen
    came.clear()
    python("1")
    javascript("1")
    sent: list[str] = []
    log = blank.context.new_cdp_session(blank)
    log.send("Network.enable")
    log.on("Network.requestWillBeSent", lambda event: sent.append(event["request"]["url"]))
    # Of all frames and workers: nothing is answered, and what fails is what the policy forbids.
    blank.context.on("response", lambda response: sent.append(response.url))
    refused: list[str | None] = []
    blank.context.on("requestfailed", lambda request: refused.append(request.failure))
    for target in (address, runnable_site):
        python(f"""
import js, urllib.request
for go in (
    lambda: urllib.request.urlopen({target!r}),
    lambda: js.XMLHttpRequest.new().open("GET", {target!r}, False),
    lambda: js.Request.new({target!r}),
    lambda: js.WebSocket.new({target!r}.replace("http", "ws")),
    lambda: js.importScripts({target!r}),
    lambda: js.Worker.new({target!r}),
    lambda: js.EventSource.new({target!r}),
):
    try:
        go()
    except BaseException:
        pass
request = js.XMLHttpRequest.new()
try:
    request.open("GET", {target!r}, False)
    request.send()
except BaseException:
    pass
""")
        for way in ("fetch(TO)", "import(TO)", "new Worker(TO)", "navigator.sendBeacon(TO)"):
            javascript(f"try {{ await {way.replace('TO', json.dumps(target))} }} catch {{}}")
        javascript(
            f"const kept = Object.getPrototypeOf(self).fetch;\nkept?.({json.dumps(target)});"
        )
    blank.wait_for_timeout(300)
    assert came == []
    assert set(refused) <= {"csp"}
    assert [url for url in sent if not url.startswith(("data:", "blob:"))] == []


@pytest.mark.security("SEC-58")
def test_a_snippet_cannot_take_the_port_or_make_the_page_ask(python: Any, javascript: Any) -> None:
    javascript(
        """Object.defineProperty(MessageEvent.prototype, "data", { get() { self.taken = this.target; } });
MessagePort.prototype.postMessage = function () { self.taken = this; };"""
    )
    assert javascript("console.log(typeof self.taken)")["output"] == "undefined\n"
    forged = (
        "from agentdocs.browser.guest import show\nshow.pictures = lambda _: ['https://a.example/']"
    )
    assert python(forged)["verdict"] == "passed"
    assert python("1")["images"] == []


@pytest.mark.parametrize("runner", ["python", "javascript"])
@pytest.mark.security("SEC-54")
def test_a_hung_loop_is_stopped_and_the_page_stays_free(
    blank: Page, runnable_site: str, runner: str
) -> None:
    plan, loop = _own(runner), {"python": "while True: pass", "javascript": "for (;;);"}[runner]
    _run(blank, runnable_site, plan, runner, code="x = 1" if runner == "python" else "var x = 1")
    step = {"file": "a.md", "line": 1, "timeout": 10, "setup": None, "check": None, "code": loop}
    begun = blank.evaluate(
        """([id, step]) => {
          window.frames_seen = 0;
          const count = () => { frames_seen += 1; requestAnimationFrame(count); };
          requestAnimationFrame(count);
          window.ended = kept[id].run(step, { tier: "parses" }).then(() => "ran", (e) => e.name);
          return frames_seen;
        }""",
        [runner, step],
    )
    blank.wait_for_timeout(500)
    assert blank.evaluate("() => frames_seen") > begun + 5
    begin = time.monotonic()
    how = blank.evaluate("(id) => { kept[id].stop(); return ended; }", runner)
    assert how == "Stopped"
    assert time.monotonic() - begin < 1
    assert blank.locator("iframe").count() == 0
    anew = "print('x' in globals())" if runner == "python" else "console.log(typeof x)"
    found = _run(blank, runnable_site, plan, runner, code=anew)
    assert found["output"] in ("False\n", "undefined\n")


def test_a_run_that_takes_too_long_is_ended(python: Any) -> None:
    found = python("while True: pass", timeout=-1.5)  # six times as long and ten seconds: one
    assert (found["verdict"], found["reason"]) == ("failed", "timed out after 1 s")


@pytest.mark.security("SEC-54")
def test_memory_and_output_have_an_end(python: Any) -> None:
    assert (
        "MemoryError" in python("kept = []\nwhile True: kept.append(bytearray(1 << 26))")["reason"]
    )
    found = python("while True: print('a' * 1_000_000)")
    assert (found["verdict"], found["reason"]) == ("failed", "prints or writes more than 32 MB")
    assert len(found["output"]) <= 64_000
    found = python(
        "with open('large', 'wb') as f:\n    for _ in range(40): f.write(bytes(1 << 20))"
    )
    assert "File too large" in found["reason"]
