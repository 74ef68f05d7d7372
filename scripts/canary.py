"""The long canary run. Run by `make canary`; its figures are for docs/canary.md.

Every part of `tests/canary` at its longest, on SQLite and on PostgreSQL: 400 numbers through real processes of which 25 are killed, and an error on every
line that holds a number, where `make test` plays 200 numbers and two kills, and tries one line in six. `REFERRAL_CANARIES`, `REFERRAL_CANARY_KILLS` and
`REFERRAL_CANARY_PART` say otherwise.
"""

from __future__ import annotations

import os
import sys

import pytest

LONG = {"REFERRAL_CANARIES": "400", "REFERRAL_CANARY_KILLS": "25", "REFERRAL_CANARY_PART": "1"}


def run() -> int:
    for name, value in LONG.items():
        os.environ.setdefault(name, value)
    return int(pytest.main(["tests/canary", "-q", "-n", "2", *sys.argv[1:]]))


if __name__ == "__main__":
    sys.exit(run())
