"""A working day of three contact centres, in which everything happens that a report can show."""

import random
from collections.abc import Iterator
from dataclasses import dataclass, replace

from wolkvox_exporter.simulator.campaign import Campaign
from wolkvox_exporter.simulator.events import (
    DIP,
    START,
    STOP,
    VANISH,
    Change,
    Event,
    Recycle,
    Redial,
    Reload,
    Timetable,
)
from wolkvox_exporter.simulator.operation import Operation
from wolkvox_exporter.simulator.staffing import Centre
from wolkvox_exporter.simulator.window import DAY, midnight_before

JITTER = 420.0
"""Seconds by which an event comes at most earlier or later than written; events of a campaign keep their order."""

UNANSWERED = Recycle(("no_answer", "failed"))
"""The usual recycling: records without an answer or failed become clean, the others stay dialled."""

Entries = tuple[tuple[float, Event], ...]
"""Events by the hour of the day in GMT-5, such as 10.5 for half past ten."""

SHIFT: Entries = ((8.0, START), (12.5, Change(pace=0.45)), (14.0, Change(pace=1.0)), (19.0, STOP))
NIGHT: Entries = ((7.2, Recycle()),)
"""Before every day but the first, all lists are worked anew."""


@dataclass(frozen=True)
class Story:
    """What befalls a campaign in a day; its list is as long as it can dial in so many `hours` at its usual pace."""

    hours: float
    events: Entries = ()
    recycle_after: float | None = None
    shift: Entries = SHIFT

    def plus(self, *events: tuple[float, Event]) -> "Story":
        """Give the same story with more `events`."""
        return replace(self, events=self.events + events)


STEADY = Story(14.0)
SHORT = Story(1.2, recycle_after=2_400)
"""Runs out again and again, and stays started with nothing left to dial for 40 minutes each time."""
DRAINED = Story(3.0)
RECYCLED = Story(1.6, ((10.5, Recycle()), (13.0, UNANSWERED), (15.5, Recycle()), (17.4, UNANSWERED)))
RELOADED = Story(5.0, ((11.5, Reload(0.8)), (16.2, Reload(1.3))))
REDIALLED = Story(2.2, ((11.2, Redial("tel2")), (15.4, Redial("tel3")), (17.2, Recycle())))
FLICKERING = Story(12.0, ((9.6, VANISH), (10.8, DIP), (13.3, Recycle()), (15.1, VANISH), (16.6, DIP)))
LISTED = Story(1.0, shift=())
"""Stays stopped."""

Roster = tuple[tuple[str, str, str, Story], ...]
"""Campaigns: id, name, skill and what befalls them."""

VENTAS: Roster = (
    ("4875", "VENTAS HOGAR AÑO NUEVO", "4000", RECYCLED),
    ("4876", "Migración Pospago - Bogotá (Norte)", "4000", REDIALLED),
    ("4880", 'Recuperación "Oro" ñ|x', "4012", RELOADED),
    ("4891", "Encuesta satisfacción", "VAGENT", SHORT),
    ("4893", "Portabilidad", "4012", FLICKERING),
    ("4894", "Hogar fibra", "4000", STEADY.plus((11.3, Change(name="Hogar fibra 300 Mb")))),
    ("10233", "Referidos Q4", "4012", DRAINED.plus((14.6, Change(skill="4000")))),
    ("4902", "prueba TI", "4000", LISTED),
)
COBRANZAS: Roster = (
    ("6120", 'Mora (30+) "VIP" ñ|x', "5100", REDIALLED),
    ("6121", "Mora (60+) - Región Occidente", "5100", RECYCLED),
    ("6125", "Recordatorio de pago: días 1 a 5", "VAGENT", FLICKERING),
    ("6126", "Promesas rotas", "5117", RELOADED),
    ("6128", "Mora (90+)", "5117", RECYCLED.plus((11.6, Change(skill="5100")))),
    ("6129", "Mora temprana", "5100", DRAINED.plus((15.9, Recycle()))),
    ("6130", "Judicial Peña & Núñez", "5117", LISTED),
)
SERVICIO: Roster = (
    ("7001", "Confirmación de visitas", "6000", RECYCLED),
    ("7002", "Bienvenida clientes", "VAGENT", RELOADED),
    ("7010", "Retención señal débil", "6004", REDIALLED.plus((9.4, Change(name="Retención")))),
    ("7011", "Reagendamiento", "6000", SHORT),
    ("7013", "Cobertura", "6004", FLICKERING),
    ("7015", "Encuesta NPS", "6004", STEADY),
)

CENTRES = {
    "ventas-co": Centre({"4000": "VENTAS", "4012": "Portabilidad - Niñas (N1)"}, {"4000": 1.5}, staffing=0.82),
    "cobranzas-mx": Centre(
        {"5100": "COBRANZA", "5117": 'Jurídica "VIP" ñ|x'},
        staffing=0.85,
        lunch="ALMUERZO",
        short=("baño", "BREAK", "Capacitación"),
    ),
    "servicio-cl": Centre(
        {"6000": "Servicio", "6004": "Soporte técnico"},
        {"6000": 4.0, "6004": 2.5},
        staffing=1.06,
        short=("Baño", "Active breaks"),
        night="6004",
    ),
}
"""The agents and skills of the operations; calls for the skill VAGENT are taken by virtual ones."""


def working_day(seed: int, start: float, *, days: int = 1) -> list[Operation]:
    """Three operations over so many `days`, of which the Unix time `start` lies in the first; GMT-5 throughout.

    The simulation begins at the midnight before `start`, and a simulator made later has lived through the hours until
    then. Everything follows from `seed`. `ventas-co` and `cobranzas-mx` report AMD 10 to 16 minutes late, and
    `cobranzas-mx` only campaign by campaign; `servicio-cl` has no AMD. All have agents by day, `servicio-cl` at night
    as well; `cobranzas-mx` lists those who are logged out. The token of an operation is `simulated-token-` and
    its name.
    """
    day = _Day(seed, midnight_before(start), days)
    return [
        day.operation("ventas-co", VENTAS, daily_limit=25_000, others_per_hour=410),
        day.operation(
            "cobranzas-mx", COBRANZAS, daily_limit=12_000, others_per_hour=95.5, amd_all=False, logged_out_listed=True
        ),
        day.operation("servicio-cl", SERVICIO, daily_limit=4_000, others_per_hour=7, amd=False),
    ]


@dataclass(frozen=True)
class _Day:
    seed: int
    start: float
    days: int

    def operation(
        self,
        name: str,
        roster: Roster,
        *,
        daily_limit: int,
        others_per_hour: float,
        amd: bool = True,
        amd_all: bool = True,
        logged_out_listed: bool = False,
    ) -> Operation:
        rng = random.Random(f"{self.seed} {name}")  # noqa: S311 - figures to look at, the same in every run
        campaigns = [self._campaign(*row, rng, amd=amd) for row in roster]
        staff = random.Random(f"{self.seed} {name} staff")  # noqa: S311 - figures to look at, the same in every run
        return Operation(
            name,
            (f"simulated-token-{name}",),
            campaigns,
            daily_limit,
            rng.getrandbits(32),
            others_per_hour=others_per_hour,
            amd_all=amd_all,
            amd_lag=(600, 960),
            start=self.start,
            distributor=CENTRES[name].by_day(campaigns, self.days, staff),
            logged_out_listed=logged_out_listed,
        )

    def _campaign(self, key: str, name: str, skill: str, story: Story, rng: random.Random, *, amd: bool) -> Campaign:
        pace = rng.uniform(18, 75)
        answer, no_answer, failed, machine = (rng.uniform(0.5, 1.5) * share for share in (0.3, 0.32, 0.2, 0.18))
        return Campaign(
            *(key, name, "tel1 (100%)", skill, "stopped"),
            speed=rng.randrange(80, 155, 5),
            records=round(story.hours * 60 * pace),
            calls_per_minute=pace,
            mix=(answer, no_answer, failed, machine if amd else 0.0),
            hit_rate=rng.uniform(0.03, 0.3),
            recycle_after=story.recycle_after,
            timetable=Timetable(list(self._entries(story, rng))),
        )

    def _entries(self, story: Story, rng: random.Random) -> Iterator[tuple[float, Event]]:
        for day in range(self.days):
            for hour, event in (*(NIGHT if day and story.shift else ()), *story.shift, *story.events):
                yield day * DAY + hour * 3_600 + rng.uniform(-JITTER, JITTER), event
