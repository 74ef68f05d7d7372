"""Answers as bytes: JSON with a tag of its content, for anyone's browser and cache; errors as JSON with a reason."""

from __future__ import annotations

import json
from hashlib import sha256
from http import HTTPStatus
from typing import Any

from flask import Response, request
from werkzeug.exceptions import HTTPException, ServiceUnavailable

FRESH = 60
"""Seconds a cache may answer without asking: short, since what is hidden must be gone soon."""
HEADERS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Methods": "GET, HEAD, POST, OPTIONS",
    "Access-Control-Allow-Headers": "Content-Type, If-None-Match",
    "Access-Control-Expose-Headers": "ETag, Retry-After",
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "cross-origin",
    "Referrer-Policy": "no-referrer",
}


def answer(content: object) -> Response:
    """200 with the content, or 304 to who has it. By content alone: a date would say "unchanged" of a list from which something was taken."""
    body = json.dumps(content, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()
    response = Response(body, content_type="application/json")
    if request.method not in {"GET", "HEAD"}:
        response.cache_control.no_store = True
        return response
    response.cache_control.public = True
    response.cache_control.max_age = FRESH
    response.cache_control.must_revalidate = True
    response.set_etag(sha256(body).hexdigest()[:32])
    response.make_conditional(request)
    return response


def with_headers(response: Response) -> Response:
    """On every answer, refusals too. None of them sets a cookie or needs one."""
    response.headers.update(HEADERS)
    if response.status_code >= HTTPStatus.BAD_REQUEST:
        response.headers["Cache-Control"] = "no-store"
    if response.status_code not in {HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE}:
        response.headers.pop("Retry-After", None)  # the limiter writes it on every answer
    return response


def refused(error: HTTPException) -> Response:
    """The reason as JSON: {code, status, message}. What was sent is never quoted."""
    data = getattr(error, "data", None) or {}
    problems = _flat(data.get("messages", {}))
    message = data.get("message") or "; ".join(problems) or _reason(error)
    said: dict[str, Any] = {"code": error.code, "status": error.name, "message": message}
    response = Response(json.dumps(said), status=error.code, content_type="application/json")
    for name in ("Allow", "Retry-After"):
        value = dict(error.get_headers(None, None)).get(name)
        if value:
            response.headers[name] = value
    return response


def not_now(_error: Exception) -> Response:
    """The database does not answer: come again."""
    return refused(ServiceUnavailable("The directory cannot be read just now.", retry_after=60))


def _reason(error: HTTPException) -> str:
    reasons = {404: "There is nothing published here.", 405: "This address is read with GET.", 429: "Too many requests: wait a minute."}
    return reasons.get(error.code or 500, error.name)


def _flat(messages: object) -> list[str]:
    """{"query": {"page": ["Not a valid integer."]}} as "page: Not a valid integer."; the names of places to look in are left out."""
    if not isinstance(messages, dict):
        return [str(messages)]
    found = []
    for fields in messages.values():
        if isinstance(fields, dict):
            found += [f"{name}: {' '.join(map(str, why)) if isinstance(why, list) else why}" for name, why in fields.items()]
        else:
            found += [str(why) for why in (fields if isinstance(fields, list) else [fields])]
    return found
