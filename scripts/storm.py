"""The long form of what `make test` plays in small, as one table: a thousand kills on each database, a host lost, an upgrade under load.

REFERRAL_STORM_KILLS (1000), REFERRAL_STORM_MINUTES (no end) and REFERRAL_STORM_SEED (11) say how long and which.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from xml.etree import ElementTree as ET

ROOT = Path(__file__).parent.parent
TESTS = {
    "Kill storm": "tests/fire/test_kills.py",
    "A host lost for good": "tests/fire/test_hosts.py",
    "An upgrade under load": "tests/fire/test_rolling.py::test_an_upgrade_under_load_loses_nothing_and_no_caller_hears_of_it",
}
COLUMNS = ("sqlite", "postgresql")


def main() -> int:
    """Runs each and prints what it recorded. Returns 1 if any promise was broken."""
    broken = 0
    for title, test in TESTS.items():
        with tempfile.TemporaryDirectory() as folder:
            report = Path(folder) / "report.xml"
            environment = {"REFERRAL_STORM_KILLS": "1000", **os.environ}
            command = [sys.executable, "-m", "pytest", test, "-q", "-o", "junit_family=xunit1", f"--junitxml={report}"]
            broken |= subprocess.run(command, cwd=ROOT, env=environment, stdout=sys.stderr, check=False).returncode  # noqa: S603  our own argv
            print(table(title, report), end="\n\n", flush=True)  # noqa: T201  what the command is for
    return int(bool(broken))


def table(title: str, report: Path) -> str:
    """What a run recorded, a column for each database, as Markdown. `report` is pytest's XML."""
    found: dict[str, dict[str, str]] = {}
    for case in ET.parse(report).iter("testcase"):  # noqa: S314  pytest's own
        name = case.get("name") or ""
        column = next((one for one in COLUMNS if one in name), COLUMNS[-1])  # where several hosts are needed, it is PostgreSQL
        found[column] = {one.get("name") or "": one.get("value") or "" for one in case.iter("property")}
        failed = any(case.find(tag) is not None for tag in ("failure", "error"))
        found[column] = {"outcome": "BROKEN" if failed else "kept", **found[column]}
    names = list(dict.fromkeys(name for column in found.values() for name in column))
    rows = [f"| {name} | {' | '.join(column.get(name, '') for column in found.values())} |" for name in names]
    return "\n".join([f"| {title} | {' | '.join(found)} |", f"|---|{'---|' * len(found)}", *rows])


if __name__ == "__main__":
    sys.exit(main())
