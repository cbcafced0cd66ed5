"""A page as a theme makes it → the same with the names that assistive technology goes by.

What is missing was found by axe-core: Sphinx gives captions of its side bar the role of a heading
without a level, and Furo two complementary landmarks without a name.
"""

from __future__ import annotations

_NAMES = (
    ('<p class="caption" role="heading">', '<p class="caption" role="heading" aria-level="2">'),
    ('<aside class="sidebar-drawer">', '<aside class="sidebar-drawer" aria-label="All pages">'),
    ('<aside class="toc-drawer">', '<aside class="toc-drawer" aria-label="On this page">'),
    ('<aside class="toc-drawer no-toc">', '<aside class="toc-drawer no-toc" aria-label="Nothing">'),
)


def named(page: str) -> str:
    """Return a page in which headings have levels and landmarks have names."""
    for bare, whole in _NAMES:
        page = page.replace(bare, whole)
    return page
