"""The three Flask applications, joined by path: callbacks, with no hooks, sessions or cookies, the open directory, and the pages."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flask import Flask, Response, jsonify, request
from sqlalchemy import make_url
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.middleware.proxy_fix import ProxyFix

from referral.directory.hsds_catalogue import CatalogueCache
from referral.observing.catalogue import catalogue
from referral.observing.figures import Figures
from referral.observing.metrics import CONTENT_TYPE, Metrics
from referral.observing.readiness import GOOD, Readiness
from referral.observing.requests import Requests
from referral.open_data.door import open_data_app
from referral.privacy.counters import Counters
from referral.privacy.tokens import Gatekeeper
from referral.service import Service
from referral.settings import Settings
from referral.simulator.pages import simulator_pages
from referral.sms.door import SmsDoor
from referral.store.database import Database
from referral.upkeep.lacking import lacking
from referral.ussd.door import Apologies, UssdDoor

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

LONGEST_BODY = 64 * 1024
ANSWERED_WITHIN = 6.0
"""Seconds that a request of the gateway may wait for the database, all in all: it hangs up after ten, and a new connection may cost two more."""


def callbacks_app(service: Service) -> Flask:
    """What the gateway calls."""
    app = Flask("referral.callbacks", static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = app.config["MAX_FORM_MEMORY_SIZE"] = LONGEST_BODY
    settings = service.settings
    apologies = _apologies(service)
    counters = Counters(service.database)
    listed = (counters, settings.callback_ips, settings.callback_ips_enforce)
    codes = (settings.at_ussd_code, settings.at_ussd_practice_code)
    talk = (service.conversations, service.standing, service.officers_menu)
    ussd = UssdDoor(*talk, Gatekeeper("ussd", settings.ussd_tokens, *listed), *codes, apologies, service.clock)
    sms = SmsDoor(service.texts, service.receipts, Gatekeeper("sms", settings.sms_tokens, *listed), settings.at_shortcode, service.clock)
    app.register_blueprint(ussd.blueprint())
    app.register_blueprint(sms.blueprint())
    _plain_errors(app)
    return app


def _apologies(service: Service) -> Apologies:
    language = service.conversations.script.languages[0]
    return Apologies(service.standing.sorry[language], f"END {service.catalogue.say(language, 'fault.busy')}")


def pages_app(service: Service, requests: Requests) -> Flask:
    """What people and load balancers open, and Prometheus."""
    app = Flask("referral.pages", static_folder=None)
    readiness = Readiness(service.database, service.clock, service.purging.late, lambda: [lack.what for lack in lacking(service.roster())])
    figures = Figures(service.database, service.clock, catalogue(service.purging.kept.idle, service.roads(), service.keyring))
    metrics = Metrics(requests.registry, figures, service.settings.metrics_token)

    @app.get("/healthz")
    def alive() -> Response:
        return Response("ok\n", content_type="text/plain; charset=utf-8")

    @app.get("/readyz")
    def ready() -> Response:
        checks = readiness.checks()
        well = set(checks.values()) == {GOOD}
        answer = jsonify(ready=well, checks=checks, warnings=readiness.warnings())
        answer.status_code = 200 if well else 503
        return answer

    @app.get("/metrics")
    def figures_page() -> Response:
        return Response(metrics.page(), content_type=CONTENT_TYPE) if metrics.may_read(request.environ) else Response(status=404)

    settings = service.settings
    if settings.simulator:
        standin = f"http://127.0.0.1:{settings.standin_port}"
        app.register_blueprint(simulator_pages(standin, settings.public_url, service.policy.timezone.key))
    _plain_errors(app)
    return app


def application(service: Service, directory: Callable[[Service], WSGIApplication] | None = None) -> WSGIApplication:
    """All of them, as one WSGI application. `directory` makes the open directory, another than the usual where that is not what is looked at."""
    callbacks = callbacks_app(service)
    apologies = _apologies(service)
    requests = Requests({**{said.encode(): "broken" for said in service.standing.sorry.values()}, apologies.busy.encode(): "busy"})
    if service.settings.trusted_proxies:  # else anybody could write the header that says where a request came from
        callbacks.wsgi_app = ProxyFix(callbacks.wsgi_app, x_for=service.settings.trusted_proxies)  # type: ignore[method-assign]
    counted = requests.around(_in_time(callbacks, service.database))
    doors = {"/ussd": _at_root(counted, "/ussd"), "/sms": _at_root(counted, "/sms")}
    return DispatcherMiddleware(pages_app(service, requests), {**doors, "/directory": (directory or directory_app)(service)})


def directory_app(service: Service) -> Flask:
    """What anyone may read of the directory."""
    settings = service.settings
    catalogues = CatalogueCache(service.database, service.policy.timezone, service.clock).catalogue
    return open_data_app(catalogues, settings.public_url, lambda address: service.daykeys.tags(address, service.clock())[0], _counters(settings))


def _counters(settings: Settings) -> Path:
    """The file in which the processes of this machine count requests together: beside the database, or where there is none, among temporary files."""
    url = make_url(settings.database_url)
    name = f"requests-{sha256(url.render_as_string(hide_password=True).encode()).hexdigest()[:16]}"
    return Path(url.database or "").with_name(name) if url.get_backend_name() == "sqlite" else Path(tempfile.gettempdir()) / name


def _in_time(app: Callable[..., Any], database: Database) -> WSGIApplication:
    """However many statements a request needs, and whatever the database does: it is answered while the gateway still listens."""

    def call(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        with database.within(ANSWERED_WITHIN):
            answer: Iterable[bytes] = app(environ, start_response)
            return answer

    return call


def _at_root(app: Callable[..., Any], prefix: str) -> WSGIApplication:
    """The dispatcher takes the prefix off the path; the callbacks' addresses are written with it."""

    def call(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        environ["SCRIPT_NAME"] = ""
        environ["PATH_INFO"] = prefix + environ.get("PATH_INFO", "")
        answer: Iterable[bytes] = app(environ, start_response)
        return answer

    return call


def _plain_errors(app: Flask) -> None:
    """No pages, no details: an empty body for whatever is refused."""
    for status in (400, 404, 405, 413, 500):
        app.register_error_handler(status, lambda _error, status=status: Response(status=status))
