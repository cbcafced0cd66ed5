"""Tables of a database → rows and a diagram."""
