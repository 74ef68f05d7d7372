"""The plan of a report: steps of posts, each with the people who answer for them, a reason for each, and an end to the ladder."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from operator import attrgetter

from referral.routing.exclusions import LOCAL, rules_for
from referral.routing.table import Seek, Table
from referral.vocabulary.duty import A_PART, AWAY, DutyBearer, Institution, Office, Role
from referral.vocabulary.place import Ground
from referral.vocabulary.report import TREATED_AS_SEXUAL, Accused, Concern, Told, Urgency

CONCERN_WORDS = {
    Concern.SEXABUSE: "sexual abuse",
    Concern.SEXEXCH: "sex for money or gifts",
    Concern.SEXTOUR: "a tourist using a child",
    Concern.MARRIAGE: "child marriage",
    Concern.TRAFFIC: "trafficking",
    Concern.SERVITUDE: "a house help who cannot leave",
    Concern.LABOUR: "heavy work",
    Concern.ONLINE: "harm by phone or internet",
    Concern.PHYSICAL: "violence",
    Concern.NEGLECT: "neglect",
    Concern.SCHOOL: "a child out of school",
    Concern.PREGNANT: "a pregnant child",
    Concern.MISSING: "a missing child",
    Concern.OTHER: "another worry",
    Concern.HELPNOW: "a call for help",
}
_ORDINAL = ("first", "second", "third")


@dataclass(frozen=True, slots=True)
class Chosen:
    """Somebody to tell, and why, in words for staff. The reason may name who is accused: only who may see the report reads it."""

    bearer: DutyBearer
    reason: str


@dataclass(frozen=True, slots=True)
class Step:
    """One or two choices of different institutions, told at once. `number` is its place in the table, from 1."""

    number: int
    choices: tuple[Chosen, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """Who is told, in order. `need`: how many institutions must answer. `end`: whom the ladder ends with, told again and again.

    `flags`: "child_accused" (a person decides about the police), "accused_unknown" (no local posts until a person has read
    it), "one_institution" (two were needed in step 1 and the directory could not give them: the desk must know).
    """

    steps: tuple[Step, ...]
    end: DutyBearer | None
    need: int
    flags: tuple[str, ...]


def plan(
    told: Told,
    urgency: Urgency,
    ground: Ground,
    bearers: Sequence[DutyBearer],
    table: Table,
    *,
    partial: bool = False,
    told_people: frozenset[str] = frozenset(),
    told_offices: frozenset[str] = frozenset(),
    after: int = 0,
) -> Plan:
    """The plan for a report (docs/routing.md). `bearers`: everybody who might be told of something from `ground` now, nearest first.

    `after`: leave out the steps up to that number, which were taken already.
    Nobody of `told_people` or `told_offices` is told a second time, save as the ladder's end where nobody else is left.
    The plan is empty only if the directory holds nobody at all whom the rules allow.
    """
    concern = table.concern(told)
    need = 2 if urgency is Urgency.RED or (told.concern or concern) in TREATED_AS_SEXUAL or concern in TREATED_AS_SEXUAL else 1
    choice = _Choice(told, concern, ground, bearers, table, told_people, told_offices)
    steps: list[Step] = []
    first = 2 if partial else need  # a broken-off call has one step only: were one of its two posts kept out, one house would hold the report
    for number, roles in enumerate(table.steps(told, urgency, ward_known=ground.place is not None, partial=partial), 1):
        if number <= after:
            continue
        chosen = choice.step(number, roles, least=first if number == 1 else 1)
        if chosen:
            steps.append(Step(number, chosen))
    end = choice.end()
    if not steps and end is not None and not after:
        steps.append(Step(1, (Chosen(end, f"{end.office.name}: nobody else is left"),)))
    return Plan(tuple(steps), end, need, _flags(told, steps, need))


def duty_person(told: Told, ground: Ground, bearers: Sequence[DutyBearer], table: Table, without: frozenset[str] = frozenset()) -> DutyBearer | None:
    """Who is at the ladder's end at this moment, told before or not: the first of its posts on duty, save who is in `without`."""
    choice = _Choice(told, table.concern(told), ground, bearers, table, without, frozenset())
    return choice.duty_person()


def _flags(told: Told, steps: Sequence[Step], need: int) -> tuple[str, ...]:
    flags = []
    if Accused.CHILD in told.accused:
        flags.append("child_accused")
    if not told.accused or Accused.UNKNOWN in told.accused:
        flags.append("accused_unknown")
    first = [step for step in steps if step.number == 1]
    if need == 2 and first and len(first[0].choices) < need:
        flags.append("one_institution")
    return tuple(flags)


def _certain(role: Role, bearers: list[DutyBearer]) -> list[DutyBearer]:
    """Without the local posts of several parts of the place: the nearest chief need not be the child's, and the wrong one must not learn of it."""
    if role not in LOCAL or len({bearer.office.id for bearer in bearers if bearer.distance == A_PART}) < 2:
        return bearers
    return [bearer for bearer in bearers if bearer.distance != A_PART]


class _Choice:
    """Picks people for one plan: nobody twice, no office twice, nobody whom a rule takes out, the doubtful last."""

    def __init__(
        self,
        told: Told,
        concern: Concern,
        ground: Ground,
        bearers: Sequence[DutyBearer],
        table: Table,
        told_people: frozenset[str],
        told_offices: frozenset[str],
    ) -> None:
        self._table = table
        self._words = CONCERN_WORDS[told.concern or concern]
        self._rules = rules_for(told)
        self._ground = ground
        self._concern = concern
        self._notes: dict[str, None] = {}
        instead = table.instead(told)
        own = instead.fill if instead else ()
        self._fill = (*own, *(role for role in table.fill if role not in own))
        self._by_post = self._allowed(bearers)
        self._people = set(told_people)
        self._offices = set(told_offices)

    def _allowed(self, bearers: Sequence[DutyBearer]) -> dict[tuple[Role, bool], list[DutyBearer]]:
        """By post and neighbourhood, nearest first. Who is kept out in one of their posts is in all of them."""
        out: dict[str, bool] = {}
        by_post: dict[tuple[Role, bool], list[DutyBearer]] = {}
        for bearer in sorted(bearers, key=attrgetter("distance")):
            office = bearer.office
            if bearer.neighbour and office.role not in self._table.neighbours:
                continue
            kept_out = [self._out(post, out) for post in bearer.posts] if bearer.others else (self._out(office, out),)
            if not any(kept_out) and (not office.concerns or self._concern in office.concerns):
                by_post.setdefault((office.role, bearer.neighbour), []).append(bearer)
        return {post: _certain(post[0], found) for post, found in by_post.items()}

    def _out(self, office: Office, known: dict[str, bool]) -> bool:
        """Whether a rule takes an office out; its reason is noted. `known`: those asked about before."""
        verdict = known.get(office.id)
        if verdict is None:
            rule = next((rule for rule in self._rules if rule.takes_out(office, self._ground)), None)
            if rule is not None and not rule.routine:
                self._notes[rule.reason] = None
            verdict = known[office.id] = rule is not None
        return verdict

    def step(self, number: int, roles: Sequence[Role], least: int) -> tuple[Chosen, ...]:
        """Up to two choices: the posts the table names or their stand-ins, then the fill list until `least` are found.

        First only people without a doubt; a doubtful one is left out of the step only if two institutions are found without.
        """
        chosen: list[Chosen] = []
        open_roles = list(roles)
        size = max(len(roles), least)
        for doubtful in (False, True):
            for role in list(open_roles):
                if len(chosen) < size and self._add(chosen, number, self._table.chain(role), doubtful):
                    open_roles.remove(role)
            for role in self._fill:
                if len(chosen) < least:
                    self._add(chosen, number, (Seek(role),), doubtful, filling=True)
            if len(chosen) >= size:
                break
        return tuple(chosen)

    def _add(self, chosen: list[Chosen], number: int, chain: Iterable[Seek], doubtful: bool, *, filling: bool = False) -> bool:
        taken = {one.bearer.office.institution for one in chosen}
        for seek in chain:
            bearer = self._find(seek, taken, doubtful)
            if bearer is not None:
                self._people.add(bearer.person)
                self._offices.add(bearer.office.id)
                chosen.append(Chosen(bearer, self._reason(bearer, number, filling)))
                return True
        return False

    def _find(self, seek: Seek, taken: set[Institution], doubtful: bool) -> DutyBearer | None:
        for bearer in self._by_post.get((seek.role, seek.neighbour), ()):
            if bool(bearer.doubts) is not doubtful or bearer.person in self._people:
                continue
            if bearer.office.id not in self._offices and bearer.office.institution not in taken:
                return bearer
        return None

    def _reason(self, bearer: DutyBearer, number: int, filling: bool) -> str:
        which = _ORDINAL[number - 1] if number <= len(_ORDINAL) else f"{number}th"
        text = f"{bearer.office.name}: {which} step for {self._words}"
        if filling:
            text += ", so that another institution answers" if number == 1 else ", in place of a post that cannot be told"
        if bearer.neighbour:
            text += ", from a neighbouring area"
        notes = [*self._notes, *(f"{doubt.value.replace('_', ' ')}, nobody better found" for doubt in sorted(bearer.doubts))]
        return "; ".join([text, *notes])

    def duty_person(self) -> DutyBearer | None:
        """The first of the end's posts who may still be asked: whoever is there without a doubt, else whoever is there, else the first at all."""
        return _readiest(bearer for bearer in self._desk() if bearer.person not in self._people)

    def end(self) -> DutyBearer | None:
        """The ladder's end: of those not told yet as `duty_person`, else the desk that was told already."""
        return self.duty_person() or next(iter(self._desk()), None)

    def _desk(self) -> list[DutyBearer]:
        """The desks; where nobody of theirs is there now, told before or not, the post that stands in for them as well."""
        desk = self._of(self._table.end)
        return desk if any(not bearer.doubts & AWAY for bearer in desk) else desk + self._of(self._table.end_without_desks)

    def _of(self, roles: Iterable[Role]) -> list[DutyBearer]:
        return [bearer for role in roles for bearer in self._by_post.get((role, False), ())]


def _readiest(bearers: Iterable[DutyBearer]) -> DutyBearer | None:
    """The first of those with the least against them: somebody whom nobody verified lately may well answer, somebody off duty will not."""
    return min(bearers, key=lambda bearer: (bool(bearer.doubts & AWAY), bool(bearer.doubts)), default=None)
