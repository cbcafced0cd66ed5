"""Agent Skills → the index and the artifacts of their discovery at a well-known address.

Source: version 0.2.0 of https://github.com/cloudflare/agent-skills-discovery-rfc
"""

from __future__ import annotations

import hashlib
import io
import re
import zipfile
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from agentdocs.front_matter_schema import faults, schema

if TYPE_CHECKING:
    from collections.abc import Iterable

    from agentdocs.catalog import Entry

FOLDER = ".well-known/agent-skills"
"""Where the index is, from the root of the host."""
VERSION = "https://schemas.agentskills.io/discovery/0.2.0/schema.json"
DEFINITION = "SKILL.md"

_EPOCH = (1980, 1, 1, 0, 0, 0)
"""The date of all that is in an archive: its bytes say what it holds, and nothing else."""
# Parts of names that some machine cannot hold, or takes for something else.
_UNSAFE = re.compile(r'[\x00-\x1f\x7f<>:"|?*\\]|[. ]\Z')


@dataclass(frozen=True, slots=True)
class Skill:
    """A skill that conforms to the specification."""

    name: str
    description: str
    path: str
    """Its definition, in the library."""
    files: tuple[tuple[str, str], ...]
    """Path in the library, and name in the skill, of what it ships."""


@dataclass(frozen=True, slots=True)
class File:
    """A file of a skill."""

    name: str
    data: bytes
    executable: bool = False


@dataclass(frozen=True, slots=True)
class Artifact:
    """What a client downloads: a definition, or an archive."""

    url: str
    """From the index."""
    kind: str
    data: bytes


def skill(entry: Entry) -> Skill | None:
    """Return an agent as a skill; None if it is none, or does not conform."""
    agent = entry.agent
    folder, _, file = agent.path.rpartition("/")
    if not agent.is_skill or file != DEFINITION:
        return None
    given = {field.key: field for field in agent.raw.fields if field.status == "ok"}
    texts = {key: field.value for key, field in given.items()}
    name, description = texts.get("name"), texts.get("description")
    if not isinstance(name, str) or not isinstance(description, str) or not description.strip():
        return None
    if name != folder.rpartition("/")[2] or not re.fullmatch("[a-z0-9]+(?:-[a-z0-9]+)*", name):
        return None
    limited = ("name", "description", "compatibility")
    if any(key in limited for key in _refused(agent.path, given)):
        return None
    files = tuple((one.path, one.name) for one in agent.companions if is_safe(one.name))
    return Skill(name, description.strip(), agent.path, files)


def _refused(path: str, given: dict[str, Any]) -> list[str]:
    """Return the fields that do not fit the schema of skills."""
    known = schema("skill")["properties"]
    lines = {field.line: key for key, field in given.items() if key in known}
    return [lines.get(one.line, "") for one in faults(path, "skill", list(given.values()))]


def is_safe(name: str) -> bool:
    """Whether a file may go into an archive: inside, not hidden, with a name for all machines."""
    parts = name.split("/")
    return not any(not p or p.startswith(".") or _UNSAFE.search(p) for p in parts)


def artifact(skill: Skill, definition: bytes, files: Iterable[File]) -> Artifact:
    """Return what is published of a skill."""
    members = [File(DEFINITION, definition), *sorted(files, key=lambda one: one.name)]
    if len(members) == 1:
        return Artifact(f"{skill.name}/{DEFINITION}", "skill-md", definition)
    return Artifact(f"{skill.name}.zip", "archive", _archive(members))


def _archive(members: list[File]) -> bytes:
    """Return an archive that is the same on every machine; so it is not compressed."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED) as archive:
        for member in members:
            about = zipfile.ZipInfo(member.name, _EPOCH)
            about.create_system = 3  # Unix, on any machine: it is what knows of executables
            about.external_attr = (0o100755 if member.executable else 0o100644) << 16
            archive.writestr(about, member.data)
    return stream.getvalue()


def index(published: Iterable[tuple[Skill, Artifact]]) -> dict[str, Any]:
    """Return what ``index.json`` holds."""
    return {
        "$schema": VERSION,
        "skills": [
            {
                "name": skill.name,
                "type": made.kind,
                "description": skill.description,
                "url": made.url,
                "digest": f"sha256:{hashlib.sha256(made.data).hexdigest()}",
            }
            for skill, made in published
        ],
    }
