"""Agents' snippets and contracts → verdicts, in ``results.json``: what was proved, and how far.

The flow: ``documents`` (what there is to verify) → ``contract`` (what snippets need) → ``engine``
(plans, asks the languages, runs sessions in the sandbox) → ``results`` (kept by content).
Nothing here knows Sphinx; only ``pytest_plugin`` knows pytest.
"""
