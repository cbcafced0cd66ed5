"""The agents of this repository: every snippet is run, on the real libraries and servers."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
AREAS = {
    "API": (
        "fastapi", "express", "status_code", "envelope", "validation", "offset", "cursor", "filter",
        "version", "etag", "idempotency", "token bucket", "cors", "upload", "websocket", "webhook",
        "graphql", "grpc", "openapi",
    ),
    "auth": ("argon2", "jwt", "refresh", "oauth", "scope", "404"),
    "database": (
        "third normal form", "create index", "check (", "uuid", "created_at", "soft delete",
        "serializable", "selectinload", "explain", "pool", "replica", "full text", "downgrade", "seed",
    ),
    "patterns": (
        "repository", "unit of work", "dependency injection", "service layer", "ports", "domain event",
        "cqrs", "event sourcing", "circuit breaker", "jitter", "outbox", "saga",
    ),
    "async work": ("queue", "schedule", "dead-letter", "publish", "back-pressure"),
    "running it": (
        "structlog", "prometheus", "traceparent", "readiness", "sigterm", "pydantic_settings",
        "invalidat", "load test", "pyinstrument",
    ),
}  # fmt: skip
"""What a reader looks up → words of the snippets, or of their headings, that show it."""


@pytest.fixture(scope="module")
def verified(own_results: Path) -> list[dict]:
    return json.loads(own_results.read_text())["results"]


@pytest.mark.slow
def test_every_snippet_of_ours_is_proved(verified: list[dict]) -> None:
    verdicts = Counter(one["verdict"] for one in verified)
    tiers = Counter(one["tier"] for one in verified)
    assert sum(verdicts.values()) >= 120
    assert tiers["checked"] >= 80
    failed = [one for one in verified if one["verdict"] == "failed"]
    assert [(one["path"], one["address"], one["reason"]) for one in failed] == []
    # Nothing is left for want of a server, and nothing that can be run is left at all.
    assert not verdicts["skipped"]
    left = [one for one in verified if one["verdict"] == "unproved"]
    assert [one["language"] for one in left] == ["text"] * len(left)
    assert all(one["reason"] for one in left)
    runnable = ("python", "javascript", "typescript", "sql", "bash", "console", "json", "yaml")
    low = [one for one in verified if one["language"] in runnable and one["tier"] != "checked"]
    assert [f"{one['path']}::{one['address']}" for one in low] == []


@pytest.mark.slow
@pytest.mark.parametrize("area", AREAS)
def test_each_area_has_examples_that_are_checked(verified: list[dict], area: str) -> None:
    text = ""
    for one in verified:
        if one["tier"] == "checked" and one["language"] in ("python", "javascript", "sql", "bash"):
            rows = (ROOT / one["path"]).read_text(encoding="utf-8").split("\n")
            code = "\n".join(rows[one["line"] - 1 : one["end"]])
            text += f"{one['address'].replace('-', ' ')} {one['address']} {code}\n".lower()
    assert [word for word in AREAS[area] if word not in text] == []


@pytest.mark.slow
def test_both_databases_are_used(verified: list[dict]) -> None:
    both = [one for one in verified if "PostgreSQL" in one.get("interpreter", "")]
    assert len(both) >= 20
    assert sum("SQLite" in one["interpreter"] for one in both) >= 3
    assert any("Redis" in one.get("interpreter", "") for one in verified)
    assert {one["language"] for one in both} >= {"python", "sql"}
