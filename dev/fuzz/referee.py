"""The referee of a simulation: told of all that happens, it checks every promise about calls by its own books."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from fuzz import checks
from fuzz.course import Terms
from fuzz.ledger import Book, Option
from fuzz.machine import Clock
from fuzz.patience import ENDLESS, NEVER, Patience
from fuzz.promise import BrokenError, Promise
from fuzz.refusals import Moment, Standing, of_several
from fuzz.rounds import Round
from fuzz.wolkvox import Reply
from wolkvox_exporter.polling.now import Now
from wolkvox_exporter.polling.snapshot import Snapshot
from wolkvox_exporter.polling.state import Question
from wolkvox_exporter.polling.timing import Wait

_STORE_AND_TOKEN_FILE = 10.0
_LOOK = 15.0
"""Seconds within which a token that is back is seen, if nothing else is under way."""
Memo = tuple[Book, int]


@dataclass
class _Token:
    """What is known of a token: at each server, of a call under way, and of one that was lost."""

    standings: dict[str, Standing] = field(default_factory=dict)
    ends: float = NEVER
    """Until when a call of it can last that has begun and not ended."""
    is_probe: bool = False
    """Whether that call is to find out if the token, which is held back as a whole, is taken again."""
    lost_until: float = NEVER
    """Until when a call can last that was under way when the process was killed."""
    waited_for: float = NEVER
    """Until when that may be waited for."""


class Referee:
    """One for each simulation. Who breaks a promise is told by `BrokenError`."""

    def __init__(self) -> None:
        self.overhead = 0.0
        """Seconds at most that store and token file have taken for one call."""
        self.is_sure = True
        """Whether it can follow; not once the time of day deceived the exporter across a boot of the machine."""
        self._books: dict[str, Book] = {}
        self._saved: dict[str, Book] = {}
        self._noted: dict[str, list[tuple[Question, Moment, float]]] = {}
        """What went out since a state was saved: the latest instant at which, and until when it can last."""
        self._tokens: dict[str, _Token] = {}
        self._token_of: dict[str, str | None] = {}
        """The token of each operation as the process knows it; None if it knows of none yet."""
        self._key_of: dict[str, str] = {}
        """Whose worker asks for each operation."""
        self._missing: dict[str, float] = {}
        """Operations without a token, and until when that excuses them."""
        self._successes: dict[tuple[str, str], float | None] = {}
        self._held: dict[tuple[str, str], str | None] = {}
        self._worked_out: dict[str, tuple[Moment, Standing, Sequence[Option]]] = {}
        self._patience = Patience()

    def killed(self) -> None:
        """Take that the process is gone, with all that it has not written down."""
        for token in self._tokens.values():
            token.lost_until = max(token.lost_until, token.ends)
            token.ends, token.is_probe, token.standings, token.waited_for = NEVER, False, {}, NEVER
        self._token_of.clear()
        self._key_of.clear()

    def begins(self, terms: Terms, since: float, now: float) -> None:
        """Take that the process begins with an operation, and asks for none of its reports before an instant."""
        book = self._saved[terms.name].copy() if terms.name in self._saved else Book(terms)
        book.terms = terms
        for question, latest, ends in self._noted.setdefault(terms.name, []):
            book.rounds.setdefault(question.report.value, Round(since))
            # by now it had gone out, if it ever did
            moment = replace(latest, instant=min(latest.instant, now))
            book.begins(question.report.value, question.subject, question.step.value, moment)
            book.fails(question.report.value, question.subject)
            book.waited_for = ends
        book.rounds = {key: replace(this, since=since, is_not_understood=False) for key, this in book.rounds.items()}
        for report in terms.intervals:
            book.rounds.setdefault(report, Round(since))
        self._books[terms.name] = book
        self._worked_out.clear()
        self._patience.comes_back(now)

    def recognises(self, name: str, *, is_same: bool) -> None:
        """Take whether the token is the one that was refused before the process began."""
        self._worked_out.clear()
        book = self._books[name]
        if not is_same:
            book.standing = book.standing.without_token_refusals()
            book.rounds = {report: replace(this, is_refused=False) for report, this in book.rounds.items()}

    def joins(self, name: str, token: str, now: float) -> None:
        """Take that the operation is asked for with a token from now on; without one if it is empty."""
        self._worked_out.clear()
        book, before = self._books[name], self._token_of.get(name)
        key = token or f"none, {name}"
        this = self._tokens.setdefault(key, _Token())
        self._key_of[name] = key
        found = this.standings.get(book.terms.server, Standing())
        if before is not None and before != token:
            book.renewed(now)
        else:
            found = of_several([found, book.standing])
            this.waited_for = max(this.waited_for, book.waited_for)
        this.standings[book.terms.server] = found
        book.standing = this.standings[book.terms.server]
        # of no token yet, not of none
        self._token_of[name] = token or before
        if token:
            self._missing.pop(name, None)

    def reads_token(self, name: str, token: str, now: float) -> None:
        """Take that the token file was read, and holds the token in use."""
        if self._token_of[name] != token:
            self.joins(name, token, now)
        self._missing.pop(name, None)

    def misses_token(self, name: str, question: Question) -> None:
        """Take that the token file was gone where a call was due."""
        self._token_of[name] = ""
        self._worked_out.clear()
        self._books[name].missed(question.report.value, question.subject)
        self._missing[name] = ENDLESS

    def token_file_is(self, name: str, *, there: bool, now: float) -> None:
        """Take that the token file of an operation is taken away, or put back."""
        if not there:
            self._missing[name] = ENDLESS
        elif name in self._missing:
            self._missing[name] = now + _LOOK

    def dismisses(self, key: str) -> None:
        """Take that the worker of a token ends, since nobody has it any more."""
        self._tokens[key].standings.clear()
        self._tokens[key].waited_for = NEVER

    def reloads(self, terms: Terms, now: float) -> None:
        """Take that the operation goes on under other settings."""
        self._worked_out.clear()
        book = self._books[terms.name]
        for report in {*terms.intervals} - {*book.terms.intervals}:
            book.rounds[report] = replace(book.rounds.get(report, Round(now)), since=now)
        for report in {*book.terms.intervals} - {*terms.intervals}:
            self._patience.stops((terms.name, report))
        book.terms = terms

    def notes(self, question: Question, latest: Now, ends: float, clock: Clock) -> None:
        """Take that it is noted that a call goes out, at an instant of the machine's clocks at the latest."""
        moment = Moment(latest.monotonic - clock.shift, latest.wall)
        self._noted[question.operation].append((question, moment, ends - clock.shift))

    def remembers(self, name: str) -> Memo:
        """Return what is being saved of an operation; see `saves`."""
        return self._books[name].copy(), len(self._noted[name])

    def saves(self, name: str, memo: Memo) -> None:
        """Take that what it remembers is on the disk."""
        self._saved[name], written = memo
        del self._noted[name][:written]

    def decides(self, key: str, shown: Mapping[str, Snapshot], decision: Question | Wait, clock: Clock) -> None:
        """Check what the worker of a token decides."""
        now = _moment(clock)
        if isinstance(decision, Wait):
            checks.wait(decision.until - clock.shift, now.instant)
        for name, published in shown.items():
            self._held.update({(name, report.value): each.held for report, each in published.reports.items()})
        options = self._looks(key, tuple(shown), now)
        if not self.is_sure:
            return
        for option in options:
            self._is_not_late(option, now)
        token = self._tokens[key]
        askable = [each for each in options if each.name not in self._missing and not each.blocked]
        if isinstance(decision, Question):
            if now.instant < max(token.lost_until, token.ends):
                raise BrokenError(Promise.INTERRUPTED, now.instant, f"{decision} while a call may last")
            checks.question(decision, options, askable, now.instant)
        elif now.instant >= token.waited_for:
            blocked = [each for each in options if each.name not in self._missing]
            checks.rest(decision.until - clock.shift, askable, blocked, now.instant)

    def compares(self, decision: Question | Wait, read: Question | Wait, clock: Clock) -> None:
        """Check that the same is decided once the state was written and read."""
        if decision != read:
            raise BrokenError(Promise.CODEC, clock.instant, f"{decision}, but {read} once it was written and read")

    def _looks(self, key: str, names: Sequence[str], now: Moment) -> list[Option]:
        token, books = self._tokens[key], [self._books[name] for name in names]
        others = sum(self._may_take(book.terms) for book in books) + _STORE_AND_TOKEN_FILE
        # a call may take so long that its report is late again by its end, and goes first
        others += max((book.terms.timeout for book in books if _is_slow(book.terms)), default=0.0)
        options = []
        for book in books:
            for option in self._options(book, token, now):
                options.append(option)
                interval = book.terms.intervals[option.report]
                excused = max(self._excuse(option, token), book.rounds[option.report].since, token.waited_for)
                shows_why = self._held.get((book.terms.name, option.report)) is not None
                self._patience.looks(
                    (book.terms.name, option.report),
                    now.instant,
                    interval,
                    others,
                    excused=excused,
                    shows_why=shows_why,
                )
        return options

    def _may_take(self, terms: Terms) -> float:
        return (terms.timeout + self.overhead) * len(terms.intervals)

    def _options(self, book: Book, token: _Token, now: Moment) -> Sequence[Option]:
        """Return what the reports of an operation would ask next; worked out once as long as nothing happens."""
        standing = token.standings[book.terms.server]
        found = self._worked_out.get(book.terms.name)
        if found is None or found[0] != now or found[1] is not standing:
            found = now, standing, tuple(book.options(standing, now))
            self._worked_out[book.terms.name] = found
        return found[2]

    def _excuse(self, option: Option, token: _Token) -> float:
        if option.blocked in ("idle", "reserve") or token.is_probe:
            return ENDLESS
        return max(option.blocked_until if option.blocked else NEVER, self._missing.get(option.name, NEVER))

    def _is_not_late(self, option: Option, now: Moment) -> None:
        name, report = option.name, option.report
        if self._patience.is_too_long((name, report)):
            words = self._patience.words((name, report))
            raise BrokenError(Promise.ALWAYS, now.instant, f"{report} of {name} is not asked for: {words}")
        if name not in self._missing and self._patience.is_silent_too_long((name, report)):
            raise BrokenError(Promise.TOLD, now.instant, f"{report} of {name} does not show why: {option}")

    def call_begins(self, key: str, question: Question, published: Snapshot, clock: Clock) -> None:
        """Check a call that goes out, unless a boot after the time of day was set hides how long ago one was lost."""
        now, token, name, report = _moment(clock), self._tokens[key], question.operation, question.report.value
        if now.instant < max(token.ends, token.lost_until if self.is_sure else NEVER):
            raise BrokenError(Promise.ONE_AT_A_TIME, now.instant, f"{question} while a call lasts")
        self._worked_out.clear()
        book = self._books[name]
        token.ends = now.instant + book.terms.timeout
        token.is_probe = token.standings[book.terms.server].is_whole
        book.begins(report, question.subject, question.step.value, now)
        self._patience.attempts((name, report), now.instant)
        book.shows_success(published, now)

    def call_ends(self, key: str) -> None:
        """Take that the call is over."""
        self._tokens[key].ends = NEVER

    def takes(self, key: str, question: Question, reply: Reply, asked: Now, clock: Clock) -> None:
        """Take that the answer was read."""
        self._worked_out.clear()
        book, token, now = self._books[question.operation], self._tokens[key], _moment(clock)
        names = [name for name, its in self._key_of.items() if its == key]
        self._looks(key, names, now)
        token.is_probe = False
        server = book.terms.server
        token.standings[server] = token.standings[server].answered(question.report.value, reply.fault, now.instant)
        book.standing = token.standings[server]
        went_out = Moment(asked.monotonic - clock.shift, asked.wall)
        self._worked_out.clear()
        book.ends(question.report.value, question.subject, reply, went_out, now)
        self._looks(key, names, now)

    def shows(self, name: str, published: Snapshot, clock: Clock) -> None:
        """Check what is published."""
        book, now = self._books[name], _moment(clock)
        self._held.update({(name, key.value): report.held for key, report in published.reports.items()})
        token = self._tokens[self._key_of[name]]
        book.shows_success(published, now)
        if self.is_sure and name not in self._missing:
            for option in self._options(book, token, now):
                held = next(each.held for key, each in published.reports.items() if key.value == option.report)
                checks.shown(option, held, now.instant, is_refused=book.rounds[option.report].is_refused)

    def finds_all_asked(self, clock: Clock) -> None:
        """All has been well for long: every report is asked in its time, but for what has nothing to ask."""
        for name, book in self._books.items():
            for report in book.terms.intervals:
                why = self._held.get((name, report))
                if self._patience.is_silent_too_long((name, report)) or why in ("token", "quota"):
                    words = self._patience.words((name, report))
                    raise BrokenError(Promise.ALWAYS, clock.instant, f"{report} of {name} in the end: {words}")


def _is_slow(terms: Terms) -> bool:
    return terms.timeout > 2 * min(terms.intervals.values())


def _moment(clock: Clock) -> Moment:
    return Moment(clock.instant, clock.time())
