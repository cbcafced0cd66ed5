"""An OpenAPI 3.0, 3.1 or 3.2 document → the rows of :mod:`agentdocs.artefacts.openapi`."""

from __future__ import annotations

import re
from itertools import islice
from typing import TYPE_CHECKING, Any

from agentdocs.artefacts.openapi.api import (
    FIXED,
    Api,
    Body,
    Example,
    Field,
    Flow,
    Group,
    Link,
    Media,
    Model,
    Need,
    Operation,
    Response,
    Scheme,
    Server,
    Shape,
)  # fmt: skip
from agentdocs.artefacts.openapi.curl import curl
from agentdocs.artefacts.openapi.lookup import Lookup, array, table
from agentdocs.artefacts.openapi.shapes import Sampler, shape
from agentdocs.artefacts.openapi.text import brief_value, dump, harmless, is_token, line

if TYPE_CHECKING:
    from collections.abc import Iterator

ROWS = 8_000
"""Operations, parameters, responses and so on of one document."""
LETTERS = 600_000
"""Characters of all descriptions and examples of one document."""
MOST = {
    "operations": 400, "webhooks": 60, "callbacks": 20, "parameters": 80, "responses": 40,
    "headers": 40, "media types": 12, "examples": 8, "links": 20, "servers": 20,
    "security schemes": 40, "models": 300, "tags": 200, "scopes": 60,
}  # fmt: skip
"""How many of a kind are shown in one place."""

_METHOD = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,30}")
_PATH = re.compile(r"(?:/(?:[A-Za-z0-9._~:@%+=,!-]|\{[A-Za-z0-9_.-]{1,64}\})*){1,64}")
_STATUS = re.compile(r"[1-5](?:\d\d|XX|xx)|default")


def is_plain(method: str, path: str) -> bool:
    """Return whether method and path may become a target; the rest is shown as mere text."""
    return (
        _METHOD.fullmatch(method) is not None
        and len(path) <= 300
        and _PATH.fullmatch(path) is not None
    )


class Reader:
    """Reads one document."""

    def __init__(self, document: Any) -> None:
        self._document = table(document)
        self._lookup = Lookup(document)
        self._sampler = Sampler(self._lookup)
        self._components = table(self._document.get("components"))
        self._rows, self._letters, self._operations = ROWS, LETTERS, 0
        self._left_out: dict[str, int] = {}
        self._schemes = {
            name: self._lookup.resolve(value)[0]
            for name, value in islice(
                table(self._components.get("securitySchemes")).items(), MOST["security schemes"]
            )
        }

    # --- what everything goes through ------------------------------------------------------

    def _text(self, value: Any, most: int = 8_000) -> str:
        """Return a text that may have several lines; empty for what is none."""
        if not isinstance(value, str):
            return ""
        found = harmless(value[: min(most, max(self._letters, 0))]).strip("\n")
        self._letters -= len(found)
        if len(value) > most or (value and not found and value.strip()):
            self._count("texts in full")
            found += "…"
        return found

    def _line(self, value: Any, most: int = 200) -> str:
        """Return a text on one line."""
        return line(value, most) if isinstance(value, str) else ""

    def _count(self, kind: str, number: int = 1) -> None:
        if number > 0:
            self._left_out[kind] = self._left_out.get(kind, 0) + number

    def _some(self, kind: str, value: Any) -> Iterator[tuple[str, Any]]:
        """Yield the members of an object as far as they are shown."""
        members = table(value)
        number = 0
        for name, member in islice(members.items(), MOST[kind]):
            if self._rows <= 0:
                break
            self._rows -= 1
            number += 1
            yield name, member
        self._count(kind, len(members) - number)

    def _each(self, kind: str, value: Any) -> Iterator[Any]:
        """Yield the items of an array as far as they are shown."""
        items = array(value)
        number = 0
        for item in items[: MOST[kind]]:
            if self._rows <= 0:
                break
            self._rows -= 1
            number += 1
            yield item
        self._count(kind, len(items) - number)

    # --- the document ----------------------------------------------------------------------

    def api(self) -> Api:
        """Return everything."""
        document = self._document
        info = table(document.get("info"))
        groups = self._groups()
        webhooks = self._webhooks()
        models = tuple(
            Model(name, schema)
            for name, schema in self._some("models", self._components.get("schemas"))
        )
        schemes = tuple(self._scheme(name, value) for name, value in self._schemes.items())
        self._count(
            "security schemes",
            len(table(self._components.get("securitySchemes"))) - len(schemes),
        )
        return Api(
            self._line(info.get("title")) or "API",
            self._line(info.get("version"), 60),
            self._line(document.get("openapi", document.get("swagger")), 20),
            self._line(info.get("summary")),
            self._text(info.get("description")),
            tuple(self._facts(info)),
            self._servers(document.get("servers")),
            schemes, self._security(document.get("security")),
            groups, webhooks, models, tuple(self._notes()),
        )  # fmt: skip

    def _facts(self, info: dict[str, Any]) -> Iterator[tuple[str, str]]:
        document = self._document
        contact, licence = table(info.get("contact")), table(info.get("license"))
        docs = table(document.get("externalDocs"))
        rows = (
            ("Contact", [contact.get(k) for k in ("name", "email", "url")]),
            ("License", [licence.get(k) for k in ("name", "identifier", "url")]),
            ("Terms", [info.get("termsOfService")]),
            ("More", [docs.get(k) for k in ("description", "url")]),
            ("Address of the document", [document.get("$self")]),
            ("Dialect of the schemas", [document.get("jsonSchemaDialect")]),
        )
        for label, values in rows:
            text = " · ".join(filter(None, (self._line(value) for value in values)))
            if text:
                yield label, text

    def _notes(self) -> Iterator[str]:
        if not self._document:
            yield "This is not an OpenAPI document: there is nothing in it to be shown."
        elif self._line(self._document.get("openapi"))[:2] != "3.":
            yield "This document does not say that it is OpenAPI 3; it is read as if it were."
        for name in ("paths", "webhooks", "components"):
            value = self._document.get(name)
            if value is not None and not isinstance(value, dict):
                yield f"The document’s {name} are not an object and cannot be shown."
        if self._lookup.exhausted:
            yield "Its schemas and references are too many to be all followed; some end in “…”."
        for kind, number in self._left_out.items():
            verb = "is" if number == 1 else "are"
            noun = kind.removesuffix("s") if number == 1 and kind.endswith("s") else kind
            yield f"{number:,} more {noun} {verb} not shown."

    def _servers(self, value: Any) -> tuple[Server, ...]:
        return tuple(self._server(table(item)) for item in self._each("servers", value))

    def _server(self, item: dict[str, Any]) -> Server:
        variables = []
        for name, value in islice(table(item.get("variables")).items(), 20):
            known = table(value)
            values = ", ".join(self._line(v, 40) for v in array(known.get("enum"))[:8])
            words = [f"{line(name, 60)} = {brief_value(known.get('default'))}"]
            words += [f"one of {values}"] if values else []
            words += filter(None, [self._line(known.get("description"))])
            variables.append(" · ".join(words))
        name = self._line(item.get("name"), 60)
        description = " · ".join(filter(None, [name, self._line(item.get("description"), 300)]))
        return Server(self._line(item.get("url"), 300) or "/", description, tuple(variables))

    def _address(self, servers: Any) -> str:
        """Return the first server's address with its variables filled in."""
        server = table(next(iter(array(servers)), None))
        url = server.get("url")
        variables = table(server.get("variables"))
        if not isinstance(url, str):
            return ""

        def fill(match: re.Match[str]) -> str:
            default = table(variables.get(match[1])).get("default")
            return default[:200] if isinstance(default, str) else match[1]

        return line(re.sub(r"\{([^{}]*)\}", fill, url[:500]), 500)

    # --- security --------------------------------------------------------------------------

    def _scheme(self, name: str, value: dict[str, Any]) -> Scheme:
        kind, where = value.get("type"), self._line(value.get("in"), 20)
        if kind == "http":
            words = f"HTTP {self._line(value.get('scheme'), 40) or 'authentication'}"
            form = self._line(value.get("bearerFormat"), 40)
            words += f", a {form}" if form else ""
        elif kind == "apiKey":
            words = f"API key in {where or '?'} {self._line(value.get('name'), 80)}"
        elif kind == "openIdConnect":
            words = f"OpenID Connect, {self._line(value.get('openIdConnectUrl'), 300)}"
        else:
            known = {"oauth2": "OAuth 2.0", "mutualTLS": "Mutual TLS"}
            words = known.get(kind, "") if isinstance(kind, str) else ""
            words = words or self._line(kind, 40) or "of an unknown type"
        metadata = self._line(value.get("oauth2MetadataUrl"), 300)
        words += f", metadata at {metadata}" if metadata else ""
        flows = tuple(
            self._flow(line(flow, 60), table(v))
            for flow, v in islice(table(value.get("flows")).items(), 8)
        )
        return Scheme(
            line(name, 80), words, self._text(value.get("description")),
            value.get("deprecated") is True, flows,
        )  # fmt: skip

    def _flow(self, name: str, value: dict[str, Any]) -> Flow:
        labels = {
            "authorizationUrl": "authorize at", "deviceAuthorizationUrl": "authorize devices at",
            "tokenUrl": "token from", "refreshUrl": "refresh at",
        }  # fmt: skip
        addresses = [
            f"{label} {self._line(value[key], 300)}" for key, label in labels.items()
            if isinstance(value.get(key), str)
        ]  # fmt: skip
        scopes = tuple(
            (line(scope, 80), self._line(text, 300))
            for scope, text in self._some("scopes", value.get("scopes"))
        )
        return Flow(name, tuple(addresses), scopes)

    def _security(self, value: Any) -> tuple[tuple[Need, ...], ...] | None:
        if not isinstance(value, list):
            return None
        return tuple(
            tuple(
                Need(
                    line(name, 80),
                    tuple(self._line(scope, 80) for scope in array(scopes)[:20]),
                    name in self._schemes,
                )
                for name, scopes in islice(table(item).items(), 10)
            )
            for item in value[:10]
        )

    def _credentials(self, value: Any) -> list[tuple[str, str, str]]:
        """Return where the secrets of the first way in go."""
        found = []
        for name in islice(table(next(iter(array(value)), None)), 10):
            scheme = self._schemes.get(name, {})
            kind, where, key = scheme.get("type"), scheme.get("in"), scheme.get("name")
            if kind == "apiKey" and isinstance(key, str) and is_token(key):
                if where in ("header", "query", "cookie"):
                    found.append((where, key, "YOUR-KEY"))
            elif kind == "http":
                basic = self._line(scheme.get("scheme")).lower() == "basic"
                secret = "Basic YOUR-CREDENTIALS" if basic else "Bearer YOUR-TOKEN"
                found.append(("header", "Authorization", secret))
            elif kind in ("oauth2", "openIdConnect"):
                found.append(("header", "Authorization", "Bearer YOUR-TOKEN"))
        return found

    # --- operations ------------------------------------------------------------------------

    def _groups(self) -> tuple[Group, ...]:
        """Return operations by their first tag; tags in the document's order."""
        known: dict[str, dict[str, Any]] = {}
        for tag in array(self._document.get("tags"))[: MOST["tags"]]:
            name = table(tag).get("name")
            if isinstance(name, str):
                known.setdefault(name, tag)
        found: dict[str, list[Operation]] = {name: [] for name in known}
        for path, item in table(self._document.get("paths")).items():
            if path.startswith("x-"):
                continue
            for operation in self._path(path, item, "path", 0):
                found.setdefault(operation.tag, []).append(operation)
        # What belongs to no tag comes last.
        found[""] = found.pop("", [])
        return tuple(
            self._group(name, tuple(operations), known)
            for name, operations in found.items()
            if operations
        )

    def _group(
        self, name: str, operations: tuple[Operation, ...], known: dict[str, dict[str, Any]]
    ) -> Group:
        tag = known.get(name, {})
        within: list[str] = []
        parent, seen = tag.get("parent"), {name}
        while isinstance(parent, str) and parent in known and parent not in seen and len(seen) < 9:
            seen.add(parent)
            within.insert(0, self._title(parent, known[parent]))
            parent = known[parent].get("parent")
        docs = table(tag.get("externalDocs"))
        notes = [self._line(tag.get("kind"), 40) and f"A tag of the kind {tag['kind'][:40]}."]
        notes += [
            " · ".join(filter(None, (self._line(docs.get(k)) for k in ("description", "url"))))
        ]
        return Group(
            name, self._title(name, tag), self._text(tag.get("description")), tuple(within),
            operations, tuple(map(harmless, filter(None, notes))),
        )  # fmt: skip

    def _title(self, name: str, tag: dict[str, Any]) -> str:
        return self._line(tag.get("summary"), 80) or line(name, 80)

    def _webhooks(self) -> tuple[Operation, ...]:
        found: list[Operation] = []
        for name, item in self._some("webhooks", self._document.get("webhooks")):
            found += self._path(name, item, "webhook", 0)
        return tuple(found[: MOST["webhooks"]])

    def _path(self, path: str, value: Any, kind: str, depth: int) -> Iterator[Operation]:
        """Yield the operations of a Path Item."""
        item, lost = self._lookup.resolve(value)
        methods = [(name, item[name]) for name in item if name in FIXED]
        extra = table(item.get("additionalOperations"))
        methods += list(islice(extra.items(), 20))
        self._count("operations", len(extra) - 20)
        if not methods and (lost or kind != "path"):
            note = f"Described by {line(lost, 120)}, which is not in this document." if lost else ""
            yield Operation(
                kind, "", line(path, 300), False, line(path, 120),
                self._text(item.get("description")),
                notes=tuple(filter(None, [note])),
            )  # fmt: skip
            return
        for method, operation in methods:
            self._operations += kind == "path"
            if self._rows <= 0 or self._operations > MOST["operations"]:
                self._count("operations" if kind == "path" else f"{kind}s")
                continue
            self._rows -= 1
            yield self._operation(path, method, table(operation), item, kind, depth)

    def _operation(
        self, path: str, method: str, value: dict[str, Any], item: dict[str, Any], kind: str,
        depth: int,
    ) -> Operation:  # fmt: skip
        shown = line(path, 300)
        verb = method.upper() if method in FIXED else line(method, 40)
        plain = kind == "path" and shown == path and is_plain(verb, path)
        raw = self._parameters(item.get("parameters"), value.get("parameters"))
        parameters = tuple(self._parameter(parameter) for parameter in raw)
        body, sent = (
            self._body(value.get("requestBody")) if "requestBody" in value else (None, None)
        )
        security = value.get("security", self._document.get("security"))
        servers = value.get("servers") or item.get("servers")
        text = self._text(value.get("description"))
        tags = tuple(t for t in array(value.get("tags"))[:20] if isinstance(t, str))
        title = self._line(value.get("summary"), 120) or self._line(item.get("summary"), 120)
        docs = table(value.get("externalDocs"))
        notes = [
            " · ".join(filter(None, (self._line(docs.get(k)) for k in ("description", "url"))))
        ]
        command = ""
        if plain:
            command = curl(
                self._address(servers or self._document.get("servers")), verb, path,
                self._needed(raw), sent, self._credentials(security),
            )  # fmt: skip
        return Operation(
            kind, verb, shown, plain,
            title or (f"{verb} {shown}" if kind != "webhook" else shown),
            "\n\n".join(filter(None, [self._text(item.get("description")), text])),
            self._line(value.get("operationId"), 120),
            value.get("deprecated") is True,
            tags[0] if tags else "", tuple(line(tag, 60) for tag in tags),
            # The document's own is said once, at its head, and where an operation differs.
            self._security(value.get("security")) if kind == "path" or "security" in value
            else None,
            self._servers(servers),
            parameters, body,
            tuple(self._response(*r) for r in self._some("responses", value.get("responses"))),
            tuple(self._callbacks(value.get("callbacks"), depth)),
            command, tuple(filter(None, notes)),
        )  # fmt: skip

    def _callbacks(self, value: Any, depth: int) -> Iterator[Operation]:
        for name, callback in self._some("callbacks", value):
            if depth >= 2:
                self._count("callbacks")
                continue
            expressions, lost = self._lookup.resolve(callback)
            if lost:
                note = f"Described by {line(lost, 120)}, which is not in this document."
                yield Operation(
                    "callback", "", line(name, 120), False, line(name, 120), notes=(note,)
                )
            for expression, item in islice(expressions.items(), 10):
                for found in self._path(expression, item, "callback", depth + 1):
                    label = line(name, 80)
                    yield _renamed(found, f"{label}: {found.title}" if label else found.title)

    # --- parameters ------------------------------------------------------------------------

    def _parameters(self, common: Any, own: Any) -> list[dict[str, Any]]:
        """Return a path's parameters and the operation's, which outdo them."""
        found: dict[tuple[str, str], dict[str, Any]] = {}
        for source in (common, own):
            for item in self._each("parameters", source):
                value, lost = self._lookup.resolve(item)
                if lost and "name" not in value:
                    value = {**value, "name": lost, "description": "Not in this document."}
                key = (brief_value(value.get("name")), brief_value(value.get("in")))
                found[key] = value
        return list(found.values())

    def _schema(self, value: dict[str, Any]) -> Any:
        """Return a parameter's schema, which may stand in its only media type."""
        if "schema" in value:
            return value["schema"]
        for media in islice(table(value.get("content")).values(), 1):
            return self._lookup.resolve(media)[0].get("schema", {})
        # OpenAPI 2 and many who write by hand put the type beside the name.
        return {k: v for k, v in value.items() if k in ("type", "format", "enum", "items")}

    def _parameter(self, value: dict[str, Any], name: str = "", where: str = "") -> Field:
        notes = []
        for media in islice(table(value.get("content")), 1):
            notes.append(f"as {line(media, 60)}")
        style = self._line(value.get("style"), 30)
        if style:
            explode = {True: ", each value by itself", False: ", values together"}
            said = value.get("explode")
            notes.append(f"style {style}{explode[said] if isinstance(said, bool) else ''}")
        notes += ["may be empty"] if value.get("allowEmptyValue") is True else []
        notes += ["reserved characters as they are"] if value.get("allowReserved") is True else []
        if "example" in value:
            notes.append(f"for example {brief_value(value['example'])}")
        for example in islice(table(value.get("examples")).values(), 3):
            resolved = self._lookup.resolve(example)[0]
            for key in ("value", "dataValue", "serializedValue"):
                if key in resolved:
                    notes.append(f"for example {brief_value(resolved[key])}")
        found = shape(self._lookup, self._schema(value))
        self._rows -= len(found.fields)
        place = where or self._line(value.get("in"), 20)
        return Field(
            line(name, 120) or self._line(value.get("name"), 120) or "?", place, found,
            value.get("required") is True or place == "path", value.get("deprecated") is True,
            self._text(value.get("description")) or found.description, tuple(notes),
        )  # fmt: skip

    def _needed(self, parameters: list[dict[str, Any]]) -> list[tuple[str, str, Any]]:
        """Return what a request cannot do without."""
        found = []
        for value in parameters:
            where, name = value.get("in"), value.get("name")
            if not isinstance(where, str) or not isinstance(name, str) or len(name) > 100:
                continue
            if value.get("required") is True or where == "path":
                example = value.get("example")
                for named in islice(table(value.get("examples")).values(), 1):
                    example = self._lookup.resolve(named)[0].get("value", example)
                if example is None:
                    example = self._sampler.sample(self._schema(value))
                found.append((where, name, "value" if example is None else example))
        return found[:30]

    # --- bodies and responses --------------------------------------------------------------

    def _body(self, value: Any) -> tuple[Body, tuple[str, Any] | None]:
        """Return a request's body, and the media type and the value that a command sends."""
        found, lost = self._lookup.resolve(value)
        text = self._text(found.get("description"))
        if lost:
            text = f"{text}\n\nDescribed by {line(lost, 120)}, which is not in this document."
        content = table(found.get("content"))
        body = Body(text.strip(), found.get("required") is True, self._content(content))
        for kind, media in islice(content.items(), 1):
            resolved = self._lookup.resolve(media)[0]
            values = [e for e in self._values(resolved) if e[1] is not None]
            sample = values[0][1] if values else self._sampler.sample(resolved.get("schema"))
            return body, (line(kind, 100), sample)
        return body, None

    def _content(self, content: Any) -> tuple[Media, ...]:
        return tuple(
            self._media(line(kind, 100), self._lookup.resolve(value)[0])
            for kind, value in self._some("media types", content)
        )

    def _media(self, kind: str, value: dict[str, Any]) -> Media:
        notes = []
        schema: Any = value.get("schema")
        found = shape(self._lookup, schema) if "schema" in value else Shape()
        if "itemSchema" in value:  # 3.2: a stream of them
            schema = value["itemSchema"]
            item = shape(self._lookup, schema)
            notes.append(f"A stream; each item is {item}.")
            found = item if not found.parts else found
        self._rows -= len(found.fields)
        for name, encoding in islice(table(value.get("encoding")).items(), 20):
            said = table(encoding)
            words = [
                f"{key} {self._line(said[key], 60)}"
                for key in ("contentType", "style") if isinstance(said.get(key), str)
            ]  # fmt: skip
            headers = ", ".join(line(h, 40) for h in islice(table(said.get("headers")), 8))
            words += [f"headers {headers}"] if headers else []
            notes.append(f"{line(name, 60)} is sent with {', '.join(words) or 'no more said'}.")
        examples = tuple(self._examples(kind, value, schema))
        return Media(kind, found, examples, tuple(notes))

    def _values(self, value: dict[str, Any]) -> Iterator[tuple[str, Any, str]]:
        """Yield title, value and note of the examples that a document gives."""
        for name, item in islice(table(value.get("examples")).items(), MOST["examples"]):
            example = self._lookup.resolve(item)[0]
            title = self._line(example.get("summary"), 80) or line(name, 80)
            note = self._text(example.get("description"), 1000)
            for key in ("value", "dataValue", "serializedValue"):
                if key in example:
                    yield title, example[key], note
                    break
            else:
                outside = self._line(example.get("externalValue"), 300)
                yield (
                    title,
                    None,
                    " · ".join(filter(None, [note, f"At {outside}" if outside else ""])),
                )
        self._count("examples", len(table(value.get("examples"))) - MOST["examples"])
        if "example" in value:
            yield "Example", value["example"], ""
        schema = self._lookup.resolve(value.get("schema"))[0]
        if "example" in schema:
            yield "Example", schema["example"], ""
        for example in array(schema.get("examples"))[:3]:
            yield "Example", example, ""

    def _examples(self, kind: str, value: dict[str, Any], schema: Any) -> Iterator[Example]:
        given = list(self._values(value))
        if not given and schema is not None and ("json" in kind or kind == "*/*"):
            sample = self._sampler.sample(schema)
            if sample not in (None, {}, []):
                given = [("Example", sample, "Made from the schema.")]
        for title, data, note in given:
            text = ""
            if data is not None:
                text = self._text(
                    data if isinstance(data, str) and "json" not in kind else dump(data), 16_100
                )
            if isinstance(data, str) and "json" in kind and data.lstrip()[:1] in ("{", "["):
                text = self._text(data, 16_100)
            yield Example(title, text, _language(kind), note)

    def _response(self, status: str, value: Any) -> Response:
        found, lost = self._lookup.resolve(value)
        text = self._text(found.get("description"))
        if lost:
            text = f"{text} Described by {line(lost, 120)}, which is not in this document."
        headers = tuple(
            self._parameter(self._lookup.resolve(header)[0], name, "header")
            for name, header in self._some("headers", found.get("headers"))
        )
        links = tuple(
            self._link(name, self._lookup.resolve(link)[0])
            for name, link in self._some("links", found.get("links"))
        )
        shown = status if _STATUS.fullmatch(status) else line(status, 20)
        return Response(
            shown, self._line(found.get("summary"), 120), text.strip(),
            self._content(found.get("content")), headers, links,
        )  # fmt: skip

    def _link(self, name: str, value: dict[str, Any]) -> Link:
        target = self._line(value.get("operationId"), 120) or self._line(value.get("operationRef"))
        uses = [
            f"{line(key, 60)} = {self._line(v, 80) or brief_value(v)}"
            for key, v in islice(table(value.get("parameters")).items(), 10)
        ]
        text = " · ".join(
            filter(None, [self._text(value.get("description"), 500), ", ".join(uses)])
        )
        return Link(line(name, 80), target, text)


def _renamed(operation: Operation, title: str) -> Operation:
    from dataclasses import replace

    return replace(operation, title=title)


def _language(kind: str) -> str:
    """Return the language that a media type is highlighted as."""
    for name in ("json", "xml", "html", "yaml"):
        if name in kind.lower():
            return name
    return "text"
