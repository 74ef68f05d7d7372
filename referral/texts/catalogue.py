"""The catalogues: every text a caller or officer may see, by key, in every language, checked whole when read."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from string import Formatter
from types import MappingProxyType

import polib

from referral.texts.gsm import NotGsm, septets
from referral.vocabulary.option import Option
from referral.vocabulary.problems import Unusable

_SHIPPED = Path(__file__).parent / "catalogues"


class CatalogueError(Unusable):
    """The catalogues cannot be used; `problems` names every fault."""


class NoSuchText(LookupError):
    """A key or language that no catalogue has, or a fill-in that was not given."""


class Catalogue:
    """Texts by language and key. Fill-ins are named, as in "Your code: {code}"."""

    def __init__(self, texts: Mapping[str, Mapping[str, str]]) -> None:
        """`texts` by language, then key. Raises CatalogueError for missing keys, unlike fill-ins, empty texts and characters outside GSM-7."""
        problems = _faults(texts)
        if problems:
            raise CatalogueError(problems)
        self._texts = {language: MappingProxyType(dict(entries)) for language, entries in texts.items()}
        self.languages = tuple(sorted(texts))
        self.keys = frozenset().union(*(entries.keys() for entries in texts.values()))

    @classmethod
    def load(cls, folder: Path | None = None, domain: str = "*") -> Catalogue:
        """Read every `<language>/<domain>.po` under `folder` (None: the shipped ones; "*": all domains). Raises CatalogueError naming every fault."""
        root = _SHIPPED if folder is None else folder
        texts: dict[str, dict[str, str]] = {}
        problems: list[str] = []
        for path in sorted(root.glob(f"*/{domain}.po")):
            entries = texts.setdefault(path.parent.name, {})
            try:
                read = polib.pofile(str(path))
            except (OSError, UnicodeDecodeError):  # polib raises OSError for a syntax error too
                problems.append(f"{path.parent.name}/{path.name}: not a readable catalogue")
                continue
            for entry in read:
                if entry.obsolete:
                    continue
                if entry.msgid in entries:
                    problems.append(f"{path.parent.name}: {entry.msgid} stands twice")
                entries[entry.msgid] = entry.msgstr
        if not texts:
            problems.append("no catalogue found")
        problems.extend(_faults(texts))
        if problems:
            raise CatalogueError(problems)
        return cls(texts)

    def say(self, language: str, key: str, **values: str) -> str:
        """The text of `key` with its fill-ins. Raises NoSuchText; the message never holds a value, since a value may be a code."""
        try:
            return self._texts[language][key].format(**values)
        except KeyError:
            raise NoSuchText(f"{language}: {key}, or one of its fill-ins, is missing") from None

    def line(self, language: str, option: Option) -> str:
        """The words of a line, those of the lines that fill it in among them. Raises NoSuchText."""
        if option.verbatim:
            return option.text
        return self.say(language, option.text, **{name: value if isinstance(value, str) else self.line(language, value) for name, value in option.params})

    def fills(self, key: str) -> frozenset[str]:
        """The names of the fill-ins of `key`, the same in every language. Raises NoSuchText."""
        for entries in self._texts.values():
            if key in entries:
                return _fields(entries[key])
        raise NoSuchText(key)


def _faults(texts: Mapping[str, Mapping[str, str]]) -> list[str]:
    keys = sorted(frozenset().union(*(entries.keys() for entries in texts.values())))
    problems = [f"{language}: {key} is missing" for language in sorted(texts) for key in keys if not texts[language].get(key)]
    for key in keys:
        fields: dict[str, frozenset[str]] = {}
        for language, entries in sorted(texts.items()):
            if not entries.get(key):
                continue
            try:
                fields[language] = _fields(entries[key])
                septets(_literal(entries[key]))
            except NotGsm as problem:
                problems.append(f"{language}: {key}: {problem}")
            except ValueError:
                problems.append(f"{language}: {key}: fill-ins are plain names in braces")
        if len(set(fields.values())) > 1:
            told = ", ".join(f"{language} {sorted(names)}" for language, names in fields.items())
            problems.append(f"{key}: the fill-ins differ: {told}")
    return problems


def _fields(text: str) -> frozenset[str]:
    """The fill-ins. Raises ValueError for anything but a plain name: a translator's text must not reach into objects or format them."""
    names = set()
    for _, name, spec, conversion in Formatter().parse(text):
        if name is None:
            continue
        if not name.isidentifier() or spec or conversion:
            raise ValueError("not a plain name")
        names.add(name)
    return frozenset(names)


def _literal(text: str) -> str:
    return "".join(literal for literal, *_ in Formatter().parse(text))
