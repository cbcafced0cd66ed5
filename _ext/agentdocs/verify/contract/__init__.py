"""Contracts: what the snippets of one agent need to be verified, beside the agent's file.

An agent's file is a prompt in production, so nothing for the verifier is written into it. It
stands in ``<agent>.verify.yaml``, which names each snippet by its address and by the digest of its
code: when the code changes, the contract fails until somebody has looked at it.
"""
