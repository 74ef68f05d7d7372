"""The languages the service speaks, by the codes of its catalogues. Which one a text falls back to is for whoever says it."""

from __future__ import annotations

KISWAHILI, ENGLISH = "sw", "en"
LANGUAGES = (KISWAHILI, ENGLISH)
"""Kiswahili first, for everybody."""
