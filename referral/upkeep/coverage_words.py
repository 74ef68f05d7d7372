"""Coverage in words: which places, what is missing there, for whom and when. For the operator's terminal, tasks and refusals."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from referral.directory.snapshot import Roster
from referral.upkeep.gaps import Block, Proof, Section, Site, block_line, block_words, missing_words, sections
from referral.vocabulary.place import PlaceKind

NOT_KNOWN = "place not known"
_KINDS = {
    PlaceKind.WARD: ("{}", "every ward"),
    PlaceKind.SUBCOUNTY: ("{} sub-county", "every sub-county"),
    PlaceKind.CONSTITUENCY: ("{} constituency", "every constituency"),
    PlaceKind.COUNTY: ("{} county", "the county"),
}
"""How a place of a kind is called, and all of them together."""
SHORT_SECTIONS, SHORT_BLOCKS, SHORT_NAMES = 12, 8, 12


class Names:
    """Names of sites, as people of the county say them."""

    def __init__(self, roster: Roster) -> None:
        self._places = {place.id: place for place in roster.places()}

    def name(self, site: Site) -> str:
        place = self._places.get(site.place or "")
        if place is None:
            return NOT_KNOWN
        if site.spot is not None:
            return f"{place.name} in {self.name(Site(site.ward))}"
        return _KINDS[place.kind][0].format(place.name) if place.kind in _KINDS else place.name

    @property
    def county(self) -> str:
        """The name of the county, for a heading."""
        return next((place.name for place in self._places.values() if place.kind is PlaceKind.COUNTY), "")

    def together(self, sites: Iterable[Site]) -> str:
        """Many sites in few words: whole kinds first, then one by one."""
        left = list(sites)
        said = []
        for kind, (_, every) in _KINDS.items():
            kin = {Site(place.id) for place in self._places.values() if place.kind is kind}
            if kin and kin <= set(left):
                said.append(every)
                left = [site for site in left if site not in kin]
        said += [self.name(site) for site in left[:SHORT_NAMES]]
        return ", ".join(said) + (f" and {len(left) - SHORT_NAMES} more" if len(left) > SHORT_NAMES else "")


def problem_lines(proof: Proof, names: Names) -> Iterator[str]:
    """One line for each group of gaps, for checks and refusals."""
    for section in sections(proof):
        for block in section.blocks:
            yield f"coverage: {names.together(section.sites)}: {block_line(block)} ({counted(block.count)} of {counted(proof.each)} cases)"


def sample_words(roster: Roster) -> str:
    """How much of what a proof rests on are samples, in words; "" where nothing is. A proof over samples says that the rules hold, and no more."""
    people, offices = roster.people(), roster.offices()
    samples = sum(one.sample for one in people), sum(one.sample for one in offices)
    said = f"{counted(samples[0])} of {counted(len(people))} people and {counted(samples[1])} of {counted(len(offices))} offices are samples"
    return said if any(samples) else ""


def table(proof: Proof, names: Names, *, whole: bool, note: str = "") -> Iterator[str]:
    """The gaps by place, then what is thin, then `note` and one line that sums up. Shortened unless `whole`."""
    found = sections(proof)
    shown = found if whole else found[:SHORT_SECTIONS]
    for section in shown:
        yield from _section(section, names, whole)
    if len(found) > len(shown):
        yield f"... and {len(found) - len(shown)} more groups of places: --all shows them"
    yield from _thin(proof, names, whole)
    if note:
        yield note
    yield f"{counted(proof.combinations)} combinations, {counted(proof.count)} {'gap' if proof.count == 1 else 'gaps'}"


def _section(section: Section, names: Names, whole: bool) -> Iterator[str]:
    yield f"{names.together(section.sites)}: {counted(section.each)} {'gap' if section.each == 1 else 'gaps'}{' each' if len(section.sites) > 1 else ''}"
    shown = section.blocks if whole else section.blocks[:SHORT_BLOCKS]
    for block in shown:
        yield from _block(block)
    if len(section.blocks) > len(shown):
        yield f"         ... and {len(section.blocks) - len(shown)} more"


def _block(block: Block) -> Iterator[str]:
    concerns, accused, hours, circumstances = block_words(block)
    yield f"{counted(block.count):>7}  {missing_words(block.missing)}"
    yield f"         worry    {concerns}"
    yield f"         accused  {accused}"
    yield f"         when     {hours}; {circumstances}"


def _thin(proof: Proof, names: Names, whole: bool) -> Iterator[str]:
    by_count: dict[int, list[Site]] = {}
    for site, found in proof.sites.items():
        if found.thin and (whole or site.spot is None):
            by_count.setdefault(len(found.thin), []).append(site)
    for count, sites in sorted(by_count.items(), reverse=True):
        yield f"thin: {names.together(sites)}: {counted(count)} cases{' each' if len(sites) > 1 else ''} covered only with entries that are no longer verified"


def counted(number: int) -> str:
    return f"{number:,}"
