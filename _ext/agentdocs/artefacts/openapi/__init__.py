"""OpenAPI documents → rows that a page shows, and what sphinxcontrib-openapi is given of them."""
