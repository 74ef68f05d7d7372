"""What must not be in the repository: addresses of registries, machine paths, real numbers, texts left unflagged. Run by `make check`."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

OPTIONS = "|".join("--" + "-".join(words) for words in (("index", "url"), ("extra", "index"), ("find", "links")))
"""Put together here, so that this file does not hold what it looks for."""
FORBIDDEN = (
    (re.compile(rf"{OPTIONS}|\bfile:/{{3}}(?!\{{)|https?://\S+\.(?:whl|tar\.gz|tgz)\b"), "an address that locks and files must not carry"),
    (re.compile(r"(?<![\w.])/(?:home|opt|root|work)/"), "a path of one machine"),
    (re.compile(r"(?<![\w+])(?:\+?254|0)7(?!00000)\d{8}(?!\w)"), "a number that may be somebody's: samples are +254700000xxx"),
)
SELF = {"scripts/check_tree.py"}
NUMBERS_OF_NOBODY = ("tests/", "docs/")
"""Tests and documents may spell numbers in other ways; what they may not be is a real one, which is for the reader to see."""


def problems() -> Iterator[str]:
    listed = subprocess.run(["git", "ls-files", "-co", "--exclude-standard"], capture_output=True, text=True, check=True).stdout  # noqa: S607  git of this machine
    for name in listed.splitlines():
        path = Path(name)
        if name in SELF or not path.is_file():
            continue
        try:
            text = path.read_text("utf-8")
        except UnicodeDecodeError:
            continue
        rules = FORBIDDEN[:2] if name.startswith(NUMBERS_OF_NOBODY) or name.endswith(".lock") else FORBIDDEN
        for at, line in enumerate(text.splitlines(), 1):
            yield from (f"{name}:{at}: {why}" for pattern, why in rules if pattern.search(line))
        if name.startswith("referral/texts/catalogues/sw/") and text.count("msgid") - 1 != text.count("needs-review\n"):
            yield f"{name}: every draft in Kiswahili is flagged needs-review until a native speaker has read it"


found = list(problems())
for problem in found:
    print(problem)  # noqa: T201  what the command is for
sys.exit(1 if found else 0)
