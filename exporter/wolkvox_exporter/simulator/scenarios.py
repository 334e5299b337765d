"""Three contact centres to look at: they work at any time of day, and their events come round every few hours."""

import random
from dataclasses import replace

from wolkvox_exporter.simulator.campaign import Campaign
from wolkvox_exporter.simulator.day import CENTRES, UNANSWERED
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

STAFFING = 1.12
"""Agents for each whom the work keeps busy: here it never ends."""
POLLS_KEPT = 1_000
"""A demo may run for weeks, and nobody asks it what was true."""


def demo_operations(seed: int = 2024, now: float | None = None) -> list[Operation]:
    """Three fresh operations; `now` (Unix time) dates the answering machines they begin with, None leaves them out.

    The token of an operation is `simulated-token-` and its name.
    """
    operations = [
        _operation("ventas-co", _ventas(), seed, 250_000),
        _operation("cobranzas-mx", _cobranzas(), seed + 1, 120_000),
        _operation("servicio-cl", _servicio(), seed + 2, 90_000),
    ]
    if now is not None:
        _date_machines(operations, now)
    return operations


def _operation(name: str, campaigns: list[Campaign], seed: int, daily_limit: int) -> Operation:
    staff = random.Random(f"{seed} staff")  # noqa: S311 - figures to look at, the same in every run
    return Operation(
        name,
        (f"simulated-token-{name}",),
        campaigns,
        daily_limit,
        seed,
        polls_kept=POLLS_KEPT,
        distributor=replace(CENTRES[name], staffing=STAFFING).at_any_time(campaigns, staff),
    )


def _date_machines(operations: list[Operation], now: float) -> None:
    for campaign in (campaign for operation in operations for campaign in operation.campaigns):
        if campaign.machine:
            campaign.detect(now, campaign.machine)


def _every(hours: float, *entries: tuple[float, Event]) -> Timetable[Event]:
    return Timetable([(3_600 * due, event) for due, event in entries], every=3_600 * hours)


# Of a campaign: what it is (id, name, phones, skill, status, speed), then its records and what became of them
# (records, answer, no_answer, failed, machine, hits). Nothing falls in the first hour: whoever looks sees growth.


def _ventas() -> list[Campaign]:
    return [
        Campaign(
            *("4875", "VENTAS HOGAR AÑO NUEVO", "tel1 (100%)", "4000", "started", 110),
            *(18_400, 2_310, 2_044, 1_187, 921, 188),
            calls_per_minute=64,
            recycle_after=1_800,
            timetable=_every(8, (3.4, Redial("tel2")), (6, Recycle())),
        ),
        Campaign(
            *("4876", "Migración Pospago - Bogotá (Norte)", "tel1 (70%) - tel2 (30%)", "4000", "started", 125),
            *(9_250, 1_402, 1_290, 655, 488, 131),
            calls_per_minute=48,
            recycle_after=2_700,
            timetable=_every(6, (3, UNANSWERED)),
        ),
        Campaign(
            *("4880", 'Recuperación "Oro" ñ|x', "Strategy (Mañana y tarde)", "4012", "started", 100),
            *(42_000, 6_120, 7_344, 3_980, 5_871, 402),
            calls_per_minute=85,
            mix=(0.22, 0.28, 0.15, 0.35),
            recycle_after=3_600,
            timetable=_every(10, (5, Reload(0.9)), (9, Reload(1 / 0.9))),
        ),
        Campaign(
            *("4891", "Encuesta satisfacción", "tel1 (100%)", "VAGENT", "started", 90),
            *(1_350, 486, 401, 260, 203, 74),
            calls_per_minute=22,
            timetable=_every(4, (2.5, Recycle())),
        ),
        Campaign(
            *("10233", "Referidos Q4", "", "4012", "stopped", 100),
            *(2_780, 310, 266, 149, 97, 41),
            calls_per_minute=30,
            recycle_after=3_600,
            timetable=_every(6, (2, START), (5, STOP)),
        ),
        Campaign(
            *("4902", "prueba TI", "tel1 (100%)", "4000", "stopped", 100),
            timetable=_every(8, (4, Change(name="prueba TI 2")), (7, Change(name="prueba TI"))),
        ),
    ]


def _cobranzas() -> list[Campaign]:
    return [
        Campaign(
            *("6120", 'Mora (30+) "VIP" ñ|x', "tel1 (100%)", "5100", "started", 140),
            *(12_600, 3_020, 2_815, 2_240, 1_066, 577),
            hit_rate=0.19,
            calls_per_minute=72,
            recycle_after=1_200,
            timetable=_every(8, (2.5, Change(pace=0.45)), (4, Change(pace=1.0))),
        ),
        Campaign(
            *("6121", "Mora (60+) - Región Occidente", "tel1 (50%) - tel2 (30%) - tel3 (20%)", "5100", "started", 150),
            *(27_300, 2_207, 4_411, 6_020, 1_934, 201),
            mix=(0.15, 0.30, 0.42, 0.13),
            calls_per_minute=96,
            recycle_after=2_400,
            timetable=_every(5, (3, UNANSWERED)),
        ),
        Campaign(
            *("6125", "Recordatorio de pago: días 1 a 5", "Strategy (Correo → voz)", "VAGENT", "started", 100),
            *(8_000, 1_266, 988, 402, 1_150, 306),
            recycled=3,
            calls_per_minute=55.0,
            hit_rate=0.25,
            recycle_after=900,
            timetable=_every(7, (4.5, VANISH), (6.2, DIP)),
        ),
        Campaign(
            *("6130", "Judicial Peña & Núñez", "tel1 (100%)", "5117", "stopped", 80),
            *(640, 120, 188, 96, 31, 9),
            calls_per_minute=8,
            recycle_after=3_600,
            timetable=_every(6, (2.2, START), (4.2, STOP)),
        ),
    ]


def _servicio() -> list[Campaign]:
    return [
        Campaign(
            *("7001", "Confirmación de visitas", "tel1 (100%)", "6000", "started", 100),
            *(3_200, 702, 418, 133, 284, 611),
            calls_per_minute=26.0,
            hit_rate=0.85,
            recycle_after=1_500,
        ),
        Campaign(
            *("7002", "Bienvenida clientes", "Autopilot", "VAGENT", "started", 120),
            *(5_450, 911, 676, 288, 402, 240),
            calls_per_minute=40,
            recycle_after=2_100,
        ),
        Campaign(
            *("7010", "Retención señal débil", "tel1 (100%)", "6004", "started", 100),
            *(1_900, 260, 344, 510, 120, 33),
            calls_per_minute=14,
            recycle_after=1_800,
            timetable=_every(4, (1, Redial("tel2"))),
        ),
        Campaign(
            *("7015", "Encuesta NPS", "", "6004", "stopped", 100),
            records=980,
            timetable=_every(6, (3, Change(skill="6000")), (5, Change(skill="6004"))),
        ),
    ]
