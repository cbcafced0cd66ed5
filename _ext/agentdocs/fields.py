"""Fields of front matter and what they mean, over all dialects that are read.

Sources: the documentation of Claude Code's subagents and skills, the Agent Skills
specification, GitHub's custom agents, OpenCode's and Gemini CLI's agents, and the keys seen in
public libraries.
"""

from __future__ import annotations

MEANINGS: dict[str, str] = {
    "name": "What the agent is called. Links go by its path, because names repeat.",
    "description": "What it does and when to choose it; clients pick an agent by this text.",
    "title": "A name for people.",
    "when_to_use": "When to choose it, added to the description.",
    "version": "The version its author gave it.",
    "author": "Who wrote it.",
    "maintainer": "Who answers for it now.",
    "license": "The terms it may be used under.",
    "tags": "Topics it belongs to.",
    "keywords": "Words it should be found by.",
    "category": "The group its author put it in.",
    "tools": "The tools it may use; without this field, all of them.",
    "allowed-tools": "Tools it may use without asking.",
    "allowed_tools": "Tools it may use without asking.",
    "disallowedTools": "Tools it must not use.",
    "disallowed-tools": "Tools it must not use.",
    "permission": "What it may do, asks for, or must not do.",
    "permissions": "What it may do, asks for, or must not do.",
    "permissionMode": "How it asks before it acts.",
    "model": "The model it runs on; “inherit” is the model of the conversation.",
    "effort": "How long the model may think.",
    "temperature": "How freely the model chooses its words.",
    "color": "The colour a client shows it in.",
    "dependencies": "Agents it hands work to, or packages it needs.",
    "requires": "What must be installed for it.",
    "skills": "Skills that are loaded with it.",
    "agents": "Agents it may start.",
    "handoffs": "Agents it offers to continue with.",
    "mcpServers": "External services (MCP) it connects to.",
    "mcp-servers": "External services (MCP) it connects to.",
    "hooks": "Commands that a client runs at certain moments.",
    "memory": "Where it keeps what it has learnt.",
    "background": "Whether it works in the background.",
    "isolation": "Whether it works on a copy of the repository.",
    "maxTurns": "How many steps it may take.",
    "max_turns": "How many steps it may take.",
    "maxSteps": "How many steps it may take.",
    "timeout_mins": "How many minutes it may take.",
    "initialPrompt": "What it is told first.",
    "prompt": "Its instructions, or where they stand.",
    "mode": "Whether it is a main agent, a subagent, or both.",
    "kind": "Whether it runs here or elsewhere.",
    "target": "The client it is meant for.",
    "hidden": "Whether clients leave it out of lists.",
    "disable": "Whether it is switched off.",
    "user-invocable": "Whether a person can call it by name.",
    "user-invokable": "Whether a person can call it by name.",
    "disable-model-invocation": "Whether only a person can call it.",
    "argument-hint": "What to type after its name.",
    "arguments": "Names for what is typed after its name.",
    "context": "Whether it runs in a conversation of its own.",
    "agent": "The agent that runs it.",
    "shell": "The shell its commands run in.",
    "paths": "Files that make a client choose it.",
    "globs": "Files that make a client choose it.",
    "applyTo": "Files that make a client choose it.",
    "alwaysApply": "Whether it is always loaded.",
    "triggers": "Words or files that make a client choose it.",
    "compatibility": "What it needs from its surroundings.",
    "metadata": "Further facts, free in form.",
    "readonly": "Whether it must not change files.",
    "is_background": "Whether it works in the background.",
    "infer": "Whether a client may choose it by itself.",
    "date": "When it was written.",
    "updated": "When it was last changed.",
    "last_updated": "When it was last changed.",
    "source": "Where it comes from.",
    "homepage": "Where more about it can be read.",
    "repository": "Where it is developed.",
    "type": "What kind of definition it is.",
    "status": "How finished it is.",
    "priority": "How important it is beside others.",
    "emoji": "A picture a client shows beside it.",
    "icon": "A picture a client shows beside it.",
    "vibe": "Its manner, in a few words.",
}
"""Field → one sentence."""

TEXTS = frozenset({"name", "title", "description", "version", "model", "color"})
"""Fields that hold a text."""

TOOLS = ("tools", "allowed-tools", "allowed_tools")
"""Fields that name tools, in the order in which they are looked at."""

LISTS = frozenset({"tags", "keywords", "dependencies", "skills", "agents"})
"""Fields that hold a list."""


def meaning(key: str) -> str:
    """Return the sentence for a field, or an empty text."""
    return MEANINGS.get(key) or MEANINGS.get(key.replace("_", "-"), "")
