"""Who may be told is not changed unseen: each post and number that changes is written down, and told to the old phone and to the desks."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import select

from referral.privacy.audit import Action, AuditRecord
from referral.start import load_officers
from referral.texts.catalogue import Catalogue
from referral.texts.gsm import septets
from referral.upkeep.entries import history
from tests.world import World, on_sqlite

HEADER = "id,name,number,language,office,kind,rank,verified_on,sample\n"
CHIEF, OLD, NEW = "chief-diani-1", "+254700000186", "+254700000986"
MOVED = f"{CHIEF},Sample officer 186,{NEW},en,ngo-desk,deputy,7,sample,yes\n"
TRIAGE, COUNTY = "triage-desk-1", "county-duty-desk-1"
REASON = "one desk has moved house"


def load(world: World, folder: Path, lines: str, by: str = TRIAGE) -> None:
    file = folder / "people.csv"
    file.write_text(HEADER + lines)
    load_officers(world.service, file, REASON, by)
    world.work()


def entries(world: World) -> list[tuple[str, str, dict[str, str]]]:
    with world.rows() as session:
        wanted = (Action.POST_CHANGED, Action.NUMBER_CHANGED)
        found = session.scalars(select(AuditRecord).where(AuditRecord.action.in_(wanted)))
        return sorted(((one.action.value, one.actor, json.loads(one.details)) for one in found), key=str)


def words_to(world: World, number: str) -> list[str]:
    return [words for to, words in world.gateway.sent if to == number]


def test_an_officer_moved_with_another_number_is_recorded_and_told_to_the_old_phone_and_both_desks(world: World, tmp_path: Path) -> None:
    load(world, tmp_path, MOVED)
    assert entries(world) == [
        ("number_changed", TRIAGE, {"person": CHIEF}),
        ("post_changed", TRIAGE, {"person": CHIEF, "before": "chief-diani holder 0", "after": "ngo-desk deputy 7"}),
    ]
    assert len(words_to(world, OLD)) == 1
    assert "Diani" in words_to(world, OLD)[0]
    assert words_to(world, NEW) == []
    for person in (TRIAGE, COUNTY):
        said = " ".join(words_to(world, world.number_of(person)))
        assert ("Diani" in said, "NGO child protection desk" in said, NEW in said) == (True, True, False)
    with world.rows() as session:
        past = {(one.field, one.old, one.new, one.by) for one in history(session, "person", CHIEF)}
    assert ("posts", "chief-diani holder 0", "ngo-desk deputy 7", TRIAGE) in past
    assert not any(NEW in str(one) or OLD in str(one) for one in past)


@on_sqlite
def test_the_same_file_again_says_nothing(world: World, tmp_path: Path) -> None:
    load(world, tmp_path, MOVED)
    before = (len(entries(world)), len(world.gateway.sent))
    load(world, tmp_path, MOVED)
    assert (len(entries(world)), len(world.gateway.sent)) == before


@on_sqlite
def test_whoever_is_brought_to_a_desk_is_not_the_one_who_is_told_of_it(world: World, tmp_path: Path) -> None:
    mine = f"{TRIAGE},Sample officer 128,{NEW},en,triage-desk,holder,0,sample,yes\nnew-1,Sample officer,+254700000987,en,triage-desk,acting,0,sample,yes\n"
    load(world, tmp_path, mine, by="operator")
    assert {(what, details["person"]) for what, _, details in entries(world)} == {("number_changed", TRIAGE), ("post_changed", "new-1")}
    assert len(words_to(world, world.number_of("triage-desk-2"))) == 1
    assert (words_to(world, NEW), words_to(world, "+254700000987"), len(words_to(world, "+254700000128"))) == ([], [], 1)


@on_sqlite
def test_of_many_at_once_a_desk_hears_how_many_and_in_a_live_service_no_sample_is_texted(world: World, tmp_path: Path) -> None:
    world.service = replace(world.service, entries=replace(world.service.entries, live=True))
    places = ("diani", "ukunda", "msambweni", "matuga")
    load(world, tmp_path, "".join(f"desk-{one}-1,Sample officer,+25470000098{at},en,desk-{one},holder,0,sample,yes\n" for at, one in enumerate(places)))
    assert len(entries(world)) == 4
    told = words_to(world, world.number_of(TRIAGE))
    assert (len(told), "4" in told[0], len(world.gateway.sent)) == (1, True, 2)


@on_sqlite
def test_the_first_load_of_a_directory_is_one_entry(world: World) -> None:
    assert entries(world) == []
    with world.rows() as session:
        loads = session.scalars(select(AuditRecord).where(AuditRecord.action == Action.DIRECTORY_LOADED)).all()
    assert [one.actor for one in loads] == ["operator"]


@pytest.mark.parametrize("key", ["entry.changed", "pin.invited", "pin.set"])
@pytest.mark.parametrize("language", ["en", "sw"])
def test_every_such_text_is_one_sms_with_the_longest_name(key: str, language: str) -> None:
    catalogue = Catalogue.load()
    fills = {"office": "Lunga Lunga Sub-County Police Commander", "count": "120"}
    for one in (key, f"supervisor.{key.replace('.', '_')}", "supervisor.entry_changed", "supervisor.entries_changed"):
        if one in catalogue.keys:
            assert septets(catalogue.say(language, one, **fills)) <= 160, one
