"""The floor everything is measured against: Flask and gunicorn, a form read, a constant answered. Nothing of the service."""

from __future__ import annotations

from flask import Flask, Response, request

application = Flask("floor", static_folder=None)


@application.post("/<path:_path>")
def hop(_path: str) -> Response:
    request.form.get("text", "")
    return Response("CON 1 One\n2 Two\n3 Three", content_type="text/plain; charset=utf-8")


@application.get("/readyz")
def ready() -> Response:
    return Response("ready\n")
