"""What a write changed of who may be told: the posts somebody fills, and whether their phone is another. Ids only, never a number."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from referral.directory.office_fields import Fields


@dataclass(frozen=True, slots=True)
class EntryChange:
    """One officer whose posts or number changed. Posts as "office kind rank", those of before and those of now; nothing before: a new officer."""

    person: str
    before: tuple[str, ...]
    after: tuple[str, ...]
    renumbered: bool

    @property
    def offices(self) -> tuple[str, ...]:
        """Every office concerned, the former ones first."""
        return tuple(dict.fromkeys(post.split()[0] for post in (*self.before, *self.after)))


def entry_changes(before: Fields, after: Fields) -> Iterator[EntryChange]:
    """Officers as they stood and as they stand now, by id."""
    for person, row in sorted(after["person"].items()):
        old = before["person"].get(person, {"posts": "", "number_tag": None})
        renumbered = old["number_tag"] not in (None, row["number_tag"])
        if renumbered or old["posts"] != row["posts"]:
            yield EntryChange(person, _posts(old["posts"]), _posts(row["posts"]), renumbered)


def _posts(said: str) -> tuple[str, ...]:
    return tuple(said.split(", ")) if said else ()
