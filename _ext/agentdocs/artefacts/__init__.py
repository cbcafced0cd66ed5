"""What running an agent's snippets produced: JSON of one kind → frozen rows that a page shows."""
