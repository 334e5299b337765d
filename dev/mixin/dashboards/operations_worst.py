"""The campaigns that need eyes, which fill a table of the operations overview, and what is shown of each."""

from mixin.dashboards.colours import AMBER, TEXT
from mixin.dashboards.model import Column, Query, State, Variable
from mixin.dashboards.shared import BY_ID, IDENTITY, OF_SKILL, OPERATION, STATES_OF_CAMPAIGN, above, below
from mixin.recording import RANK, RESULTS, RESULTS_IN_ALL, STATE, TO_EMPTY

_EMPTY = State(0, "state.empty", AMBER)
_BY_ID = 'campaign_id=~"${worst:pipe}"'
_WORST = f"topk($limit, {RANK}{{{OF_SKILL}, {_BY_ID}}})"
WORST = Variable(
    "worst",
    # one without an id, too: joined to the others, this finds it
    f'query_result(label_replace(topk($limit, {RANK}{{{OF_SKILL}}}), "campaign_id", "^$$", "campaign_id", ""))',
    BY_ID,
    hidden=True,
)
"""Their ids, so that each column reads these and not all.

In two operations one may be the same, which is why columns ask for the worst again, among few.
"""


def _shown(metric: str, also: str = "") -> str:
    """Select a metric of the campaigns that need eyes; rows are few before anything is reckoned, or many would cost."""
    return f"{_of_worst(metric, also)} and on (job, operation, campaign_id) {_WORST}"


def _of_worst(metric: str, also: str = "") -> str:
    return f"{metric}{{{OPERATION}, {_BY_ID}{also}}}"


def _of_campaign(expression: str) -> Query:
    # makes one of replicas, too
    return Query(f"max by ({IDENTITY}) ({expression})")


def _value(metric: str) -> Query:
    return _of_campaign(_shown(metric))


def _share(result: str) -> Query:
    chosen = _shown(RESULTS, f', result="{result}"')
    return _of_campaign(f"({chosen}) / ignoring (result) ({_of_worst(RESULTS_IN_ALL)} > 0)")


_LEFT = _of_campaign(f"{_shown(TO_EMPTY)} or ({_shown('wolkvox_campaign_records_clean')}) == 0")
COLUMNS = (
    Column("column.state", 148, None, _value(STATE), "none", "background", STATES_OF_CAMPAIGN),
    Column("column.calls", 80, None, _value("wolkvox_campaign_calls_per_minute"), "locale"),
    Column("column.dialed", 115, None, _value("wolkvox_campaign_dialed_today"), "locale"),
    Column("column.clean", 75, None, _value("wolkvox_campaign_records_clean"), "locale"),
    Column("column.to_empty", 110, None, _LEFT, "dthms", "colour", (_EMPTY,), below(7200, 2700, TEXT)),
    Column("column.answer", 80, None, _share("answer"), "percentunit", decimals=1),
    Column(
        "column.machine",
        80,
        None,
        _share("answer_machine"),
        "percentunit",
        "colour",
        steps=above(0.35, 0.5, TEXT),
        decimals=1,
    ),
    Column("column.hits_today", 80, None, _value("wolkvox_campaign_hits_today"), "locale"),
    Column("column.operation", 115, "operation"),
    Column("column.skill", 70, "skill"),
    Column("column.campaign_id", 60, "campaign_id"),
)
"""After the campaign's name; a new column is one entry here."""
