"""What runs inside of Pyodide: sessions for a reader, with the verifier's own runners and judge.

It may import the standard library, ``agentdocs.verify.guest`` and ``agentdocs.verify.judge``.
"""
