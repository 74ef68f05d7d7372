"""What operators wrote cannot be used: every mistake is told at once."""

from __future__ import annotations

from collections.abc import Iterable


class Unusable(ValueError):
    """The data cannot be used. `problems` holds one line for each mistake, each naming where it stands, so that one round of corrections is enough."""

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(self.problems))
