"""A query in a body: one flat JSON object, read so that nothing a stranger sends is guessed at or brings the reader down."""

from __future__ import annotations

import json
from typing import Any, NoReturn

from flask import Request
from flask_smorest import Blueprint, abort
from marshmallow import Schema
from webargs.core import missing
from webargs.flaskparser import FlaskParser

from referral.open_data.asked import MOST_DIGITS, SAID_TWICE

_FLAT = "The body is one flat object."


class _Refused(Exception):
    """Why a body is answered with 422."""


class Bodies(FlaskParser):
    def load_json(self, req: Request, schema: Schema) -> Any:
        """The object that a body says; missing where there is none. 400 for what is no JSON, 422 for JSON that nobody would ask with."""
        data = req.get_data()
        if not data or not req.is_json:
            return missing
        try:
            return json.loads(data.decode(), object_pairs_hook=_once, parse_int=_number, parse_constant=_refuse)
        except _Refused as refused:
            abort(422, message=str(refused))
        except RecursionError:
            abort(422, message=_FLAT)
        except ValueError:
            abort(400, message="Invalid JSON body.")


def asking(name: str, description: str) -> Any:
    """A blueprint whose parameters are read so."""
    blueprint = Blueprint(name, name, description=description)
    blueprint.ARGUMENTS_PARSER = Bodies()
    return blueprint


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    said = dict(pairs)
    if len(said) < len(pairs):
        raise _Refused(SAID_TWICE)
    if any(isinstance(value, dict | list) for value in said.values()):
        raise _Refused(_FLAT)
    return said


def _number(figures: str) -> int:
    """Python reads no more than some thousand figures, and takes its time over them."""
    if len(figures) > MOST_DIGITS:
        raise _Refused("A number is too long.")
    return int(figures)


def _refuse(_name: str) -> NoReturn:
    raise _Refused("NaN and Infinity are not JSON.")
