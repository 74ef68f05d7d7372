"""What all refusals of casework are, so that whoever tells them need not know each."""

from __future__ import annotations


class Refused(ValueError):
    """The words say why, for the person who asked; nothing of a report stands in them."""
