"""The page that Prometheus reads: what the processes of this machine counted, and what stands in the database."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4 as CONTENT_TYPE

from referral.gateway.hosts import is_loopback_host
from referral.observing import processes
from referral.observing.figures import Figures
from referral.privacy.tokens import tokens_match

__all__ = ["CONTENT_TYPE", "Metrics"]
_FORWARDED = ("HTTP_FORWARDED", "HTTP_X_FORWARDED_FOR", "HTTP_X_FORWARDED_HOST", "HTTP_X_REAL_IP", "HTTP_VIA")


@dataclass(frozen=True)
class Metrics:
    """`counted` is this process's own registry; where processes share their figures, what all of them wrote is shown instead."""

    counted: CollectorRegistry
    figures: Figures
    token: str | None

    def may_read(self, environ: Mapping[str, object]) -> bool:
        """Whoever has the token; and this machine itself, unless a proxy on it passes on what somebody else asks."""
        kind, _, given = str(environ.get("HTTP_AUTHORIZATION", "")).partition(" ")
        if self.token and kind.lower() == "bearer" and tokens_match(given.strip(), (self.token,)):
            return True
        return is_loopback_host(str(environ.get("REMOTE_ADDR", ""))) and not any(name in environ for name in _FORWARDED)

    def page(self) -> bytes:
        """All figures, in Prometheus's text format."""
        stored = CollectorRegistry()
        stored.register(self.figures)
        folder = processes.shared()
        own = generate_latest(self.counted)  # looked at in any case: a process writes its noughts when one of its figures is first looked at
        if folder is None:
            return own + generate_latest(stored)
        with processes.looking(folder):
            counted = generate_latest(processes.collector(folder))
        return counted + generate_latest(stored)
