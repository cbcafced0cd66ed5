"""What a reader's browser runs, and what makes it: ``python -m agentdocs runtime``.

The site knows the files that come out, and nothing of this package.
"""
