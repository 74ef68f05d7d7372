"""Whoever logs a number, in whatever way, nothing of it reaches the log: the process is started as the service is, and its stderr is read."""

from __future__ import annotations

import subprocess
import sys

import pytest

from referral.gateway.africastalking import AfricasTalkingGateway
from referral.gateway.port import FetchFailed, Outcome
from referral.store.database import Database
from referral.vocabulary.phone import PhoneNumber
from tests.canary.run import needles
from tests.canary.search import Search
from tests.conftest import ROOT
from tests.world import on_sqlite

NUMBER = "+254700000123"
BEGIN = f"""
import logging, sys, traceback, warnings
import structlog
from referral.privacy.logs import configure, describe
from referral.vocabulary.phone import PhoneNumber
configure("debug")
raw = {NUMBER!r}
number = PhoneNumber(raw)
log = structlog.get_logger()
digits = int(raw)
"""
WAYS = {
    "the object, in a field that is allowed": "log.error('x', reason=number, key=[number], state={'n': number})",
    "the text, in a field that is allowed": "log.error('x', reason=raw, key=raw[1:], state='0' + raw[4:], where=f'at {raw}')",
    "with separators": "log.error('x', reason='0700 000 123', key='+254-700-000-123', state='(0700) 000123', where='0700.000.123')",
    "in a list and a dict": "log.error('x', reason=[raw], key={'n': raw}, state=(raw[1:],))",
    "as bytes": "log.error('x', reason=raw.encode(), key=bytearray(raw.encode()))",
    "as an integer": "log.error('x', reason=digits, count=digits, attempts=int(raw[4:]), port=digits)",
    "as a fraction": "log.error('x', seconds=float(digits), hours=digits / 1)",
    "in a field that is not": "log.error('x', number=raw, caller=number, form={'phoneNumber': raw})",
    "in the event itself": "log.error(f'a call from {raw} failed'); log.error('a call from %s failed', raw)",
    "in a chained error": "\ntry:\n    raise ValueError(raw)\nexcept ValueError as error:\n    try:\n        raise KeyError(raw) from error\n"
    "    except KeyError as outer:\n        log.error('x', **describe(outer)); log.error('x', exc_info=True); log.exception('x')",
    "by the standard library": "logging.getLogger('sqlalchemy').error('to %s', raw); logging.getLogger(raw).warning(raw); logging.warning(raw)",
    "by the standard library, with an error": "\ntry:\n    raise ValueError(raw)\nexcept ValueError:\n    logging.getLogger('urllib3').exception('to %s', raw)",
    "by the standard library, with the stack": "logging.getLogger('urllib3').error(raw, stack_info=True, extra={'number': raw})",
    "as a warning": "warnings.simplefilter('always'); warnings.warn(f'to {raw}'); warnings.warn(f'to {raw}', DeprecationWarning)",
    "by a thread that dies of it": "\nimport threading\ndef die():\n    raise ValueError(raw)\none = threading.Thread(target=die); one.start(); one.join()",
    "by the web framework": "from flask import Flask; Flask('x').logger.error('from %s', raw)",
    "by the web server": "\nfrom gunicorn.config import Config\nfrom referral.observing.quiet import QuietLogger\nlogger = QuietLogger(Config())\n"
    "try:\n    raise ValueError(raw)\nexcept ValueError:\n    logger.error('Error handling request %s', f'/ussd/x?{raw}', exc_info=True)\n"
    "    logger.exception('Error handling request %s', raw)\nlogger.warning('Invalid request from ip=%s: %s', '192.0.2.7', raw)\n"
    "logger.access(None, None, {'x': raw}, None)",
}


@pytest.mark.parametrize("way", WAYS)
def test_no_way_of_logging_says_it(way: str) -> None:
    done = subprocess.run([sys.executable, "-c", BEGIN + WAYS[way]], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-300:].replace(NUMBER[4:], "…")
    said = done.stdout + done.stderr
    search = Search(needles([NUMBER]))
    search.bytes("stderr", said.encode())
    assert search.hits == [], sorted({hit.needle for hit in search.hits})


class Quoting:
    """The library, as it answers a number it does not like."""

    def send(self, _text: str, to: list[str], **_: object) -> object:
        raise ValueError(f"Invalid phone number: {to[0]}")

    def fetch_messages(self, **_: object) -> object:
        raise RuntimeError(f"failed near {NUMBER}")


def test_what_the_library_raises_does_not_pass() -> None:
    gateway = AfricasTalkingGateway("standin", "standin", "22384", "http://127.0.0.1:9/version1")
    gateway._made = Quoting()  # type: ignore[assignment]
    sending = gateway.send(PhoneNumber(NUMBER), "x")
    assert sending.outcome is not Outcome.ACCEPTED
    assert NUMBER[4:] not in repr(sending)
    with pytest.raises(FetchFailed) as failed:
        gateway.fetch(0)
    assert NUMBER[4:] not in f"{failed.value!r} {failed.value.__cause__!r}"
    assert failed.value.__suppress_context__ or NUMBER not in repr(failed.value.__context__)


@on_sqlite
def test_every_engine_hides_its_values(database_url: str) -> None:
    database = Database(database_url)
    assert all(engine.hide_parameters and not engine.echo for engine in (database._promise, database._draft, database._read))
    database.close()
