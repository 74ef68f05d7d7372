"""The words people read: all there, in every language, or the service does not start."""

from __future__ import annotations

from pathlib import Path

import polib
import pytest

import referral.texts
from referral.texts.catalogue import Catalogue, CatalogueError, NoSuchText
from referral.texts.gsm import is_gsm

SHIPPED = Path(referral.texts.__file__).parent / "catalogues"


def write(folder, language, entries, domain="dialogue"):
    path = folder / language / f"{domain}.po"
    path.parent.mkdir(exist_ok=True)
    path.write_text("".join(f'msgid "{key}"\nmsgstr "{text}"\n\n' for key, text in entries), encoding="utf-8")


def test_the_shipped_catalogues_are_whole():
    catalogue = Catalogue.load()
    assert catalogue.languages == ("en", "sw")
    assert catalogue.say("sw", "start.prompt") == "Karibu"
    assert catalogue.say("en", "end.text", code="4821 9037 5516").startswith("Thank you. 4821 9037 5516")
    assert catalogue.fills("end.text") == {"code"}
    assert catalogue.fills("start.prompt") == frozenset()


def test_every_kiswahili_text_is_marked_as_a_draft_for_native_review():
    drafts = polib.pofile(str(SHIPPED / "sw" / "dialogue.po"))
    assert "native" in drafts.header
    assert [entry.msgid for entry in drafts if "needs-review" not in entry.flags] == []


def test_the_words_of_the_law_and_of_blame_are_on_no_screen():
    catalogue = Catalogue.load(domain="dialogue")
    unkind = ("defile", "perpetrator", "victim", "suspect", "prostitut", "malaya", "kahaba", "kunajisi", "mwathiriwa", "mshtakiwa", "kwa nini", "why")
    for language in catalogue.languages:
        for key in catalogue.keys:
            text = catalogue.say(language, key, **dict.fromkeys(catalogue.fills(key), "")).lower()
            assert is_gsm(text)
            assert [word for word in unkind if word in text] == []


def test_everything_wrong_with_the_catalogues_is_named_at_once(tmp_path):
    write(tmp_path, "en", [("a", "Hello {name}"), ("b", "Yes"), ("c", "x"), ("e", "{0}"), ("f", "{a.b}")])
    write(tmp_path, "sw", [("a", "Habari {jina}"), ("b", "Ndiyo"), ("b", "Naam"), ("c", "ng\u2019ombe"), ("d", ""), ("e", "x"), ("f", "{")])
    with pytest.raises(CatalogueError) as refused:
        Catalogue.load(tmp_path)
    assert refused.value.problems == (
        "sw: b stands twice",
        "en: d is missing",
        "sw: d is missing",
        "a: the fill-ins differ: en ['name'], sw ['jina']",
        "sw: c: not a GSM-7 character: '\u2019' (U+2019)",
        "en: e: fill-ins are plain names in braces",
        "en: f: fill-ins are plain names in braces",
        "sw: f: fill-ins are plain names in braces",
    )


def test_a_key_in_two_domains_is_a_duplicate(tmp_path):
    write(tmp_path, "sw", [("a", "x")])
    write(tmp_path, "sw", [("a", "y")], domain="alerts")
    with pytest.raises(CatalogueError, match="sw: a stands twice"):
        Catalogue.load(tmp_path)
    assert Catalogue.load(tmp_path, domain="alerts").say("sw", "a") == "y"


def test_no_catalogue_at_all_is_an_error(tmp_path):
    with pytest.raises(CatalogueError, match="no catalogue found"):
        Catalogue.load(tmp_path)


def test_an_unreadable_file_is_named(tmp_path):
    write(tmp_path, "sw", [("a", "x")])
    (tmp_path / "sw" / "alerts.po").write_text("this is no catalogue\n", encoding="utf-8")
    with pytest.raises(CatalogueError, match=r"sw/alerts\.po: not a readable catalogue"):
        Catalogue.load(tmp_path)


@pytest.mark.parametrize(("language", "key", "values"), [("sw", "no.such", {}), ("dig", "start.prompt", {}), ("sw", "end.text", {"other": "4821"})])
def test_a_text_that_is_not_there_is_an_error_that_quotes_no_value(language, key, values):
    with pytest.raises(NoSuchText) as refused:
        Catalogue.load().say(language, key, **values)
    assert "4821" not in str(refused.value)
    with pytest.raises(NoSuchText):
        Catalogue.load().fills("no.such")
