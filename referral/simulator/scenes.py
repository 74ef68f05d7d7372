"""What a trainer can show of a bad network, one button each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from referral.simulator.faults import Fault, Kind, Lane
from referral.simulator.script import Faults, Wild


@dataclass(frozen=True, slots=True)
class Scene:
    """`button` is what to press, `say` what is true while it is on ("{phone}" in it is the phone's name). `one_phone`: it is about one phone only."""

    button: str
    say: str
    faults: tuple[Fault, ...] = ()
    wild: Wild | None = None
    one_phone: bool = False


SCENES: Mapping[str, Scene] = MappingProxyType(
    {
        "slow": Scene("Slow", "The network is slow: each text takes seven seconds to hand over.", (Fault(Kind.SLOW, seconds=7),)),
        "hangs": Scene("Does not answer", "The network takes each text and then does not answer for minutes.", (Fault(Kind.HANG, after=True),)),
        "down": Scene(
            "Down", "The network is down: no text from the service gets out. Callers can still dial.", (Fault(Kind.RESET), Fault(Kind.RESET, Lane.FETCH))
        ),
        "loses": Scene("Loses texts", "The network says that it has each text, and loses it.", (Fault(Kind.DROPPED),)),
        "no-credit": Scene("No credit", "The account is empty: the network takes no text.", (Fault(Kind.REFUSED, code=405),)),
        "receipts-twice": Scene("Receipts come twice", "Each receipt comes twice.", (Fault(Kind.RECEIPTS_TWICE),)),
        "receipts-missing": Scene("No receipts", "Texts arrive, but no receipt says so.", (Fault(Kind.RECEIPTS_MISSING),)),
        "inbound-again": Scene("Texts to the service repeat", "Each text to the service comes three times.", (Fault(Kind.INBOUND_AGAIN),)),
        "bad-day": Scene("A bad day", "A bad day: about one thing in three goes wrong, each time another.", wild=Wild(1, 0.3)),
        "says-no": Scene("Say no to this phone", "The network says no to {phone}.", (Fault(Kind.REFUSED, code=407),), one_phone=True),
    }
)
"""By name. Each strikes until it is stopped."""


def begin(faults: Faults, name: str, number: str | None = None) -> None:
    """Let a scene go wrong, once however often it is begun. Raises KeyError for no such scene, ValueError for a number that is needed or is no sample."""
    scene = SCENES[name]
    if scene.one_phone and not number:
        raise ValueError("number")
    narrowed = number if scene.one_phone else None
    if scene.wild is not None:
        faults.by_chance(scene.wild)
    if not any(fault.scene == name and fault.number == narrowed for _, fault, _ in faults.listed()):
        faults.add(*(replace(fault, number=narrowed, scene=name) for fault in scene.faults))


def end(faults: Faults, name: str, number: str | None = None) -> None:
    """Stop a scene; for one phone, or for all if `number` is None. Raises KeyError for no such scene."""
    if SCENES[name].wild is not None:
        faults.by_chance(None)
    faults.remove(at for at, fault, _ in faults.listed() if fault.scene == name and number in (None, fault.number))


def on(faults: Faults) -> list[dict[str, str | None]]:
    """What goes wrong just now, in words: `scene` and `number` (None for faults that are no scene's or no one phone's), `say`."""
    told: dict[tuple[str, str | None, str], None] = {}
    for _, fault, _ in faults.listed():
        say = SCENES[fault.scene].say if fault.scene in SCENES else f"Set by a program: {fault.kind.value}, at {fault.place.value}."
        told[fault.scene, fault.number, say] = None
    wild = faults.wild
    if wild is not None:
        name = next((name for name, scene in SCENES.items() if scene.wild == wild), "")
        told[name, None, SCENES[name].say if name else f"Set by a program: faults by chance, seed {wild.seed}."] = None
    return [{"scene": scene or None, "number": number, "say": say} for scene, number, say in told]
