"""The three Flask applications, joined by path: callbacks, with no hooks, sessions or cookies, the open directory, and the pages."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flask import Flask, Response
from sqlalchemy import make_url
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.middleware.proxy_fix import ProxyFix

from referral.app import Service
from referral.directory.hsds_catalogue import CatalogueCache
from referral.dispatch.worker import last_beat
from referral.open_data.door import open_data_app
from referral.privacy.counters import Counters
from referral.privacy.tokens import Gatekeeper
from referral.settings import Settings
from referral.simulator.pages import simulator_pages
from referral.sms.door import SmsDoor
from referral.store.migrate import pending
from referral.ussd.door import Apologies, UssdDoor

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

LONGEST_BODY = 64 * 1024
WORKER_SILENT = timedelta(seconds=60)


def callbacks_app(service: Service) -> Flask:
    """What the gateway calls."""
    app = Flask("referral.callbacks", static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = app.config["MAX_FORM_MEMORY_SIZE"] = LONGEST_BODY
    settings = service.settings
    language = service.conversations.script.languages[0]
    apologies = Apologies(f"END {service.catalogue.say(language, 'fault.broken')}", f"END {service.catalogue.say(language, 'fault.busy')}")
    counters = Counters(service.database)
    listed = (counters, settings.callback_ips, settings.callback_ips_enforce)
    codes = (settings.at_ussd_code, settings.at_ussd_practice_code)
    ussd = UssdDoor(service.conversations, service.officers_menu, Gatekeeper("ussd", settings.ussd_tokens, *listed), *codes, apologies, service.clock)
    sms = SmsDoor(service.texts, service.receipts, Gatekeeper("sms", settings.sms_tokens, *listed), settings.at_shortcode, service.clock)
    app.register_blueprint(ussd.blueprint())
    app.register_blueprint(sms.blueprint())
    _plain_errors(app)
    return app


def pages_app(service: Service) -> Flask:
    """What people and load balancers open."""
    app = Flask("referral.pages", static_folder=None)

    @app.get("/healthz")
    def alive() -> Response:
        return Response("ok\n", content_type="text/plain; charset=utf-8")

    @app.get("/readyz")
    def ready() -> Response:
        problems = list(_not_ready(service))
        return Response(
            "\n".join([*(problems or ["ready"]), *_warnings(service)]) + "\n", status=503 if problems else 200, content_type="text/plain; charset=utf-8"
        )

    settings = service.settings
    if settings.simulator:
        standin = f"http://127.0.0.1:{settings.standin_port}"
        app.register_blueprint(simulator_pages(standin, settings.public_url, service.policy.timezone.key))
    _plain_errors(app)
    return app


def application(service: Service) -> WSGIApplication:
    """All of them, as one WSGI application."""
    callbacks = callbacks_app(service)
    if service.settings.trusted_proxies:  # else anybody could write the header that says where a request came from
        callbacks.wsgi_app = ProxyFix(callbacks.wsgi_app, x_for=service.settings.trusted_proxies)  # type: ignore[method-assign]
    return DispatcherMiddleware(
        pages_app(service), {"/ussd": _at_root(callbacks, "/ussd"), "/sms": _at_root(callbacks, "/sms"), "/directory": directory_app(service)}
    )


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


def _at_root(app: Callable[..., Any], prefix: str) -> WSGIApplication:
    """The dispatcher takes the prefix off the path; the callbacks' addresses are written with it."""

    def call(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        environ["SCRIPT_NAME"] = ""
        environ["PATH_INFO"] = prefix + environ.get("PATH_INFO", "")
        answer: Iterable[bytes] = app(environ, start_response)
        return answer

    return call


def _not_ready(service: Service) -> Iterable[str]:
    try:
        if pending(service.database.engine):
            yield "database: migrations are pending"
        beat = last_beat(service.database)
    except Exception as error:
        yield f"database: {type(error).__name__}"
        return
    if beat is None or service.clock() - beat > WORKER_SILENT:
        yield "worker: not heard of for a minute"


def _warnings(service: Service) -> Iterable[str]:
    """What somebody must look at though callers can be served."""
    try:
        late = service.purging.late(service.clock())
    except Exception:  # the database: said above, as a problem
        return
    if late is not None:
        yield f"warning: {late}"


def _plain_errors(app: Flask) -> None:
    """No pages, no details: an empty body for whatever is refused."""
    for status in (400, 404, 405, 413, 500):
        app.register_error_handler(status, lambda _error, status=status: Response(status=status))
