"""What the service does under load, beside bare Flask and gunicorn in the same run: `python -m bench.load`.

Times on a shared machine say little; the ratios to the floor, measured a moment before with the same callers, are what can be compared.
"""

from __future__ import annotations

import argparse
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.callers import HELP, REPORT, Figures, Forms, calls, one_session, play, texts
from bench.nearest import databases
from bench.serving import SMS, USSD, Processes, environment, fill, gateway, memory, processor, taken, tree, web, workers

PROCESSES = (1, 2, 4)
FLOOR = "bench.floor:application"
SERVICE = "wsgi:application"


@dataclass(frozen=True)
class Round:
    """One measurement: what callers saw, and the processor time of servers and database a hop, in microseconds."""

    seen: Figures
    cost: float


@dataclass
class Bench:
    """One engine's database, filled, and where to write."""

    folder: Path
    engine: str
    url: str
    server: list[int]
    """The database server's processes: its root, if it has one."""
    seconds: float
    rounds: int
    seed: int = 0

    @property
    def env(self) -> dict[str, str]:
        return environment(self.folder, self.url)

    def measure(self, port: int, running: Processes, forms: Forms, expect: bytes = b"") -> Round:
        self.seed += 1
        before = processor(self._pids(running))
        seen = play(port, forms, self.seconds, seed=self.seed, expect=expect)
        assert seen.broken == 0, f"{seen.broken} of {seen.sessions} sessions broke"
        return Round(seen, (processor(self._pids(running)) - before) / seen.hops * 1e6)

    def _pids(self, running: Processes) -> list[int]:
        return running.pids + [pid for root in self.server for pid in tree(root)]

    def beside_the_floor(self, processes: int, forms: Forms, expect: bytes = b"") -> tuple[Round, Round]:
        """The service's round and the floor's of the same moment, of the middle one by ratio: the floor first, then the service, again and again."""
        found = []
        with web(self.folder, self.env, FLOOR, processes) as floor, web(self.folder, self.env, SERVICE, processes) as service:
            play(service[0], forms, 0.5, seed=0)  # the first call of a process reads the directory
            for _ in range(self.rounds):
                bare = self.measure(*floor, forms)
                found.append((self.measure(*service, forms, expect), bare))
        found.sort(key=lambda pair: pair[0].seen.rate / pair[1].seen.rate)
        return found[len(found) // 2]


def say(line: str = "") -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


SESSION = calls(USSD, REPORT)
SHORT = calls(USSD, REPORT, dialled=len(REPORT) - 1)
"""A report in two hops: all of it dialled in one string, then sent."""
FILING = len(REPORT)
SENT = b"Imetumwa"
"""What a caller reads when the report is kept."""


def whole_sessions(bench: Bench) -> None:
    """Calls of eight hops, the last of which files."""
    for processes in PROCESSES:
        ours, bare = bench.beside_the_floor(processes, SESSION, SENT)
        seen, floor = ours.seen, bare.seen
        cells = f"{seen.sessions / seen.took:>9.0f}{seen.rate / floor.rate:>8.2f}"
        cells += f"{seen.half(FILING) * 1e3:>9.1f}{seen.late(FILING) * 1e3:>8.1f}{seen.half(FILING) / floor.half():>7.1f}x"
        cells += f"{seen.half(1) * 1e3:>9.1f}{seen.half(1) / floor.half():>7.1f}x{ours.cost:>9.0f}{bare.cost:>8.0f}"
        say(f"{bench.engine:11}{processes:>4}{cells}")


def single_hops(bench: Bench) -> None:
    """Hops of one kind each."""
    kinds: tuple[tuple[str, Forms, bytes], ...] = (
        ("first screen", calls(USSD, ()), b"CON"),
        ("report, all but Send dialled", SHORT, SENT),
        ("find help, five keys", calls(USSD, HELP), b"CON"),
        ("text to its 200", texts(SMS), b""),
    )
    for name, forms, expect in kinds:
        ours, bare = bench.beside_the_floor(2, forms, expect)
        seen, floor = ours.seen, bare.seen
        cells = f"{seen.sessions / seen.took:>9.0f}{seen.rate / floor.rate:>8.2f}{seen.half() / floor.half():>8.1f}x"
        say(f"{bench.engine:11}{name:30}{cells}{seen.late() * 1e3:>9.1f}{ours.cost:>9.0f}{bare.cost:>8.0f}")


def drained(bench: Bench, count: int, reports: int) -> float:
    """Texts a second that so many workers hand to a gateway which answers in three milliseconds."""
    with gateway(bench.folder, bench.env) as port:
        env = bench.env | {"REFERRAL_STANDIN_PORT": str(port), "REFERRAL_SMS_PULL": "off"}
        with web(bench.folder, env, SERVICE, 2) as (door, _):
            chance = random.Random(f"drained {count}")  # noqa: S311  the same callers in every run
            for _ in range(reports):
                _report(door, chance)
        with workers(bench.folder, env, count):
            moments = _until(port, 2 * reports, 180)
    # From the tenth to the last: the workers start one after the other.
    return (len(moments) - 10) / (moments[-1] - moments[9])


def _report(port: int, chance: random.Random) -> None:
    assert SENT in one_session(port, SHORT(chance))[-1].answer


def _until(port: int, wanted: int, patience: float) -> list[float]:
    until = time.monotonic() + patience
    moments: list[float] = []
    while len(moments) < wanted and time.monotonic() < until:
        time.sleep(0.2)
        moments = taken(port)
    assert len(moments) >= wanted, f"{len(moments)} of {wanted} texts came"
    return sorted(moments)


def draining(bench: Bench, reports: int) -> None:
    for count in PROCESSES:
        say(f"{bench.engine:11}{count:>4}{drained(bench, count, reports):>9.0f}")


def alone(bench: Bench, times: int) -> None:
    """From the caller's *Sent* to the gateway, RED, one idle worker; and what it all takes of memory."""
    with gateway(bench.folder, bench.env) as port:
        env = bench.env | {"REFERRAL_STANDIN_PORT": str(port)}
        with web(bench.folder, env, SERVICE, 2) as (door, running), workers(bench.folder, env, 1) as working:
            chance = random.Random("alone")  # noqa: S311  the same callers in every run
            waits = []
            for number in range(times):
                before = len(taken(port))
                _report(door, chance)
                sent = time.monotonic()
                waits.append(_until(port, before + 1, 30)[before] - sent)
                time.sleep(0.5 if number else 5)
            mega = memory(running.pids + [pid for one in working for pid in one.pids])
    waits = sorted(waits[1:])
    say(f"{bench.engine:11}{statistics.median(waits) * 1e3:>9.0f}{waits[-1] * 1e3:>9.0f}{mega:>9.0f}")


@contextmanager
def benches(engines: list[str], seconds: float, rounds: int) -> Iterator[list[Bench]]:
    with tempfile.TemporaryDirectory() as name, databases(Path(name), engines) as make:
        found = []
        for engine in engines:
            folder = Path(name) / f"files-{engine}"
            folder.mkdir()
            database = make(engine, "load")
            url = database.url.render_as_string(hide_password=False)
            database.close()
            fill(folder, url)
            found.append(Bench(folder, engine, url, _server(Path(name) / "pg") if engine == "postgresql" else [], seconds, rounds))
        yield found


def _server(folder: Path) -> list[int]:
    """The process at the root of a PostgreSQL server."""
    return [int((folder / "postmaster.pid").read_text().split("\n", 1)[0])]


def main() -> None:
    parser = argparse.ArgumentParser(description="What the service does under load, beside bare Flask.")
    parser.add_argument("--engine", nargs="+", choices=["sqlite", "postgresql"], default=["sqlite", "postgresql"])
    parser.add_argument("--seconds", type=float, default=4.0, help="of each round")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--reports", type=int, default=500, help="in the queue that is drained")
    parser.add_argument("--times", type=int, default=20, help="lone reports followed to the gateway")
    options = parser.parse_args()
    with benches(options.engine, options.seconds, options.rounds) as found:
        say("A report by phone call, eight hops, eight callers at once. Floor: bare Flask in the same round, as many processes.")
        say("sessions: a second; ratio: hops a second to the floor's; filing hop and second hop: ms and times the floor's median; CPU: microseconds a hop")
        say(f"{'':11}{'web':>4}{'sessions':>9}{'ratio':>8}{'filing':>9}{'99 %':>8}{'floor':>8}{'menu':>9}{'floor':>8}{'CPU':>9}{'floor':>8}")
        for bench in found:
            whole_sessions(bench)
        say("\nOne kind of call at a time, two processes.")
        say(f"{'':41}{'a second':>9}{'ratio':>8}{'half':>9}{'99 % ms':>9}{'CPU':>9}{'floor':>8}")
        for bench in found:
            single_hops(bench)
        say("\nA full queue, drained through a gateway that answers in 3 ms: texts a second.")
        say(f"{'':11}{'work':>4}{'texts':>9}")
        for bench in found:
            draining(bench, options.reports)
        say("\nOne report to an idle worker: ms from the caller's last screen to the gateway. MB: two web processes and a worker.")
        say(f"{'':11}{'half':>9}{'longest':>9}{'MB':>9}")
        for bench in found:
            alone(bench, options.times)


if __name__ == "__main__":
    main()
