"""Where an officer is. All that is kept between two screens; whoever stores it seals it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace

Pairs = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class State:
    """`picks` are what was chosen so far by name (alert, office, service, day, …), `shown` the values behind the numbers on the screen.

    `before` are the offsets of this node's earlier pages. `note` and `params` are the words of a screen that tells an outcome.
    `pending` is the Argon2id hash of a PIN chosen once and not yet repeated: the digits themselves are never here.
    """

    node: str
    person: str
    language: str
    picks: Pairs = ()
    shown: tuple[str, ...] = ()
    more: bool = False
    offset: int = 0
    before: tuple[int, ...] = ()
    note: str = ""
    params: Pairs = ()
    pending: str | None = None

    def pick(self, name: str) -> str:
        """What was chosen under that name; empty where nothing was."""
        return dict(self.picks).get(name, "")

    def picking(self, name: str, value: str) -> State:
        return replace(self, picks=(*(pair for pair in self.picks if pair[0] != name), (name, value)))

    def at(self, node: str, note: str = "", params: Pairs = ()) -> State:
        """At the beginning of another node."""
        return replace(self, node=node, note=note, params=params, shown=(), more=False, offset=0, before=())

    def packed(self) -> dict[str, object]:
        """Plain values, for JSON."""
        return asdict(self)

    @classmethod
    def unpacked(cls, held: dict[str, object]) -> State:
        """What `packed` gave, after JSON has made lists of its tuples."""
        return cls(**{name: _tuples(value) for name, value in held.items()})  # type: ignore[arg-type]  # as `packed` wrote them


def _tuples(value: object) -> object:
    return tuple(_tuples(one) for one in value) if isinstance(value, Sequence) and not isinstance(value, str) else value
