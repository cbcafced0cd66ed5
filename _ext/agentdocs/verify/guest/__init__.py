"""What runs inside the sandbox: standard library only, and nothing of agentdocs but this folder.

``server`` waits with the interpreter and the packages loaded; for each agent and language it
forks a session (``session``) in namespaces and limits of its own (``cage``), in which a runner
(``python``, ``shell``, ``node``, ``sql``, ``command``) runs the snippets in order.
"""
