"""Signing in: a PIN, or with an invitation the choice of one. Digits pass through and are never kept."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, tzinfo

from referral.casework.pin_rules import invitation_of, pin_of, weak
from referral.casework.pins import Pins, Standing, Tried, Verdict
from referral.officers.script import OVER
from referral.officers.state import State

PIN, INVITATION, CHOOSE, REPEAT = "pin", "invitation", "choose", "repeat"
SIGNED_IN = "alerts"


@dataclass(frozen=True, slots=True)
class Entered:
    """Where what was typed leads. `keep`: the hash of the PIN to be kept now, in the transaction that writes the session."""

    state: State
    keep: str | None = None
    mistaken: bool = False


@dataclass(frozen=True)
class SignIn:
    pins: Pins
    zone: tzinfo

    def begin(self, person: str, language: str, now: datetime) -> State:
        """The first screen: what this officer may do here at all."""
        standing, until = self.pins.standing(person, now)
        state = State(PIN, person, language)
        match standing:
            case Standing.LOCKED:
                return self._locked(state, until or now)
            case Standing.NOTHING:
                return state.at(OVER, "officers.pin.none")
            case Standing.INVITED:
                return state.at(INVITATION, "officers.invitation")
            case Standing.PIN:
                return state.at(PIN, "officers.pin")

    def enter(self, state: State, typed: str, request: bytes, now: datetime) -> Entered:
        """What was typed on one of these screens. What cannot be a PIN or an invitation costs no try."""
        typed = typed.strip()
        match state.node:
            case "pin":
                return self._try(state, pin_of(typed), request, now)
            case "invitation":
                return self._try(state, invitation_of(typed), request, now)
            case "choose":
                return self._choose(state, pin_of(typed))
            case _:
                return self._repeat(state, pin_of(typed))

    def _try(self, state: State, digits: str | None, request: bytes, now: datetime) -> Entered:
        if digits is None:
            return Entered(state, mistaken=True)
        tried = self.pins.attempt(state.person, digits, request, now)
        match tried.verdict:
            case Verdict.RIGHT if state.node == INVITATION:
                return Entered(state.at(CHOOSE, "officers.choose"))
            case Verdict.RIGHT:
                return Entered(state.at(SIGNED_IN))
            case Verdict.WRONG:
                return Entered(self._again(state, tried))
            case Verdict.LOCKED:
                return Entered(self._locked(state, tried.until or now))
            case Verdict.NOTHING:
                return Entered(state.at(OVER, "officers.pin.none"))

    def _choose(self, state: State, pin: str | None) -> Entered:
        if pin is None:
            return Entered(state, mistaken=True)
        if weak(pin):
            return Entered(state.at(CHOOSE, "officers.choose.weak"))
        return Entered(replace(state.at(REPEAT, "officers.choose.repeat"), pending=self.pins.hashed(pin)))

    def _repeat(self, state: State, pin: str | None) -> Entered:
        if pin is None:
            return Entered(state, mistaken=True)
        chosen = state.pending or ""
        if not self.pins.matches(chosen, pin):
            return Entered(replace(state.at(CHOOSE, "officers.choose.unlike"), pending=None))
        return Entered(replace(state.at("noted", "officers.pin.set"), pending=None), keep=chosen)

    def _again(self, state: State, tried: Tried) -> State:
        note = "officers.pin.wrong" if state.node == PIN else "officers.invitation.wrong"
        return state.at(state.node, note, (("left", str(tried.left)),))

    def _locked(self, state: State, until: datetime) -> State:
        return state.at(OVER, "officers.pin.locked", (("until", until.astimezone(self.zone).strftime("%H:%M")),))
