"""What the dashboard of one campaign asks."""

from mixin.dashboards.shared import CAMPAIGN
from mixin.promql import fold
from mixin.recording import RATIO, RESULTS, STATE, STATES

ANSWER = ', result="answer"'


def value(metric: str, *, offset: str = "", more: str = "") -> str:
    """Return a value of the newest name of a campaign that was renamed: its old series end."""
    return f"max({metric}{{{CAMPAIGN}{more}}}{offset})"


def today(metric: str, more: str = "", ago: str = "") -> str:
    """Return what was counted since midnight, under all names and skills that the campaign had in the day.

    `ago` is an offset, such as ` offset 1d`: what was counted by this time of that day.
    """
    return f"sum({fold(f'{metric}{{{CAMPAIGN}{more}}}{ago}')})"


def rises(metric: str) -> str:
    """Return by how much counts of the day have risen within a step of the graph, which is a whole number of polls.

    No increase() of the counter, which would estimate what two polls differ by. After midnight all is new.
    """
    now = fold(f"{metric}{{{CAMPAIGN}}}")
    before = fold(f"last_over_time({metric}{{{CAMPAIGN}}}[1h] offset $__interval)")
    return f"({now} - {before} >= 0 or {now} and {before})"


STATE_NOW = value(STATE)
CALLING = f"{STATE_NOW} > {STATES.index('stopped')} < {STATES.index('list_empty')}"
CLEAN = value("wolkvox_campaign_records_clean")
SPEED = value("wolkvox_campaign_speed_ratio")
_CHANGED = f"{SPEED} != {value('wolkvox_campaign_speed_ratio', offset=' offset 1m')}"
SPEED_AGE = f"time() - max_over_time((0 * ({_CHANGED}) + time())[1d:1m])"
CALLS = "wolkvox_campaign_calls_per_minute"


def per_answer(ago: str = "") -> str:
    """Return how many of today's answers became hits; `ago` is an offset in whole days."""
    answered = today("wolkvox_campaign_results_today", ANSWER, ago)
    return f"{today('wolkvox_campaign_hits_today', ago=ago)} / ({answered} > 0)"


def share(result: str) -> str:
    """Return the share of a result in the hour, while calls are being made."""
    of_result = f', result="{result}"'
    return f"{value(RATIO, more=of_result)} and {CALLING}"


def per_call(result: str) -> str:
    """Return how many calls of the hour brought a result, where shares of the results would mean nothing."""
    of_result = f', result="{result}"'
    calls = f"60 * {fold(f'avg_over_time({CALLS}{{{CAMPAIGN}}}[61m])')}"
    found = f"{value(RESULTS, more=of_result)} / (max({calls}) > 0)"
    return f"{found} unless {value(RATIO, more=of_result)} and {STATE_NOW} == {STATES.index('other_phone')}"
