"""The command line: what it says of itself, what it can be asked, and what then runs."""
