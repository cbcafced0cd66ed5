"""JSON Schemas and examples → rows that a page shows."""
