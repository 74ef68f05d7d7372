"""gunicorn's own log, without the addresses of callbacks: they hold the tokens, and whoever has one can speak as the gateway."""

from __future__ import annotations

import logging

from gunicorn.glogging import Logger

from referral.privacy.logs import describe

WITHHELD = "(withheld)"
_SPEAKS_OF_REQUESTS = ("Invalid request", "Error handling request")


class RequestsWithheld(logging.Filter):
    """Lets a line through with its numbers (processes, signals) and without any text that a request could have put there."""

    def filter(self, record: logging.LogRecord) -> bool:
        if str(record.msg).startswith(_SPEAKS_OF_REQUESTS):
            told = describe(record.exc_info[1]) if record.exc_info and record.exc_info[1] else {}
            record.msg, record.args = " ".join((str(record.msg).split("equest", 1)[0] + "equest", WITHHELD, *told.values())), ()
            record.exc_info = record.exc_text = None  # a traceback ends in the error's message, which can quote the request
        return True


class QuietLogger(Logger):  # type: ignore[misc]  # gunicorn has no types
    """gunicorn's logger: no access log whatever is configured, no request in an error."""

    def setup(self, cfg: object) -> None:
        super().setup(cfg)
        self.error_log.addFilter(RequestsWithheld())

    def access(self, *_: object, **__: object) -> None:
        """Nothing: an access log is a list of who called when."""
