"""What the texts of alerts share: `<campaign>`, `<for 15m>` and such are replaced by templates of Prometheus.

Templates may query. Each of these asks for some series of one operation, at an instant or over an hour: they are filled
in for every alert at each evaluation.
"""

import re
from collections.abc import Callable
from functools import partial

from mixin.promql import shorter
from mixin.recording import USUAL
from mixin.skill_recording import OFFERED
from mixin.texts import Language
from wolkvox_exporter.assets.thresholds import THRESHOLDS, Threshold
from wolkvox_exporter.config import durations

_PIECE = re.compile(r"<(?P<name>[a-z_]+)(?: (?P<duration>[0-9]+[a-z]))?>")
_CAMPAIGN = (
    "{{ $labels.operation }} · {{ $labels.campaign }} ({{ $labels.campaign_id }})"
    "{{ with $labels.skill }} · skill {{ . }}{{ end }}"
)
_SKILL = "{{ $labels.operation }} · skill {{ $labels.skill }}"
_OF_ITS_OPERATION = ("job", "operation")
_OF_ITS_SKILL = ("job", "operation", "skill")
_OF_ITS_CAMPAIGN = ("job", "operation", "campaign", "campaign_id")
_OF_ITS_REPORT = ("job", "operation", "report")
# a label that an alert lacks is empty in the template, and a matcher of an empty value finds what lacks it
_OF_ALERT = ("job", "instance", "operation", "report", "field", "campaign", "campaign_id", "skill", "result")
_UNKNOWN = {"en": "unknown", "es": "desconocida"}


def filled_in(text: str, alert: str, language: Language, pace: int) -> str:
    """Return a text of an alert with every piece replaced; KeyError if there is no such piece."""
    return _PIECE.sub(partial(_replaced, alert=alert, language=language, pace=pace), text)


def _replaced(found: re.Match[str], alert: str, language: Language, pace: int) -> str:
    duration = found["duration"] and shorter(found["duration"], pace)
    pieces: dict[str, Callable[[], str]] = {
        "campaign": lambda: _CAMPAIGN,
        "for": lambda: _lasting(alert, duration),
        "reason": lambda: _reason(_OF_ITS_REPORT, duration, language),
        "ownreason": lambda: _reason(("instance", *_OF_ITS_REPORT), duration, language),
        "calls": lambda: _value("max(wolkvox_campaign_calls_per_minute{%s})", _OF_ITS_CAMPAIGN, "humanize"),
        "usual": lambda: _value(f'max({USUAL}{{result=\\"answer\\", %s}})', _OF_ITS_CAMPAIGN, "humanizePercentage"),
        "busiest": _busiest,
        "skill": lambda: _SKILL + _skill_name(),
        "offered": lambda: _value(f"max({OFFERED}{{%s}})", _OF_ITS_SKILL, 'printf "%.0f"'),
        "talking": lambda: _value('max(wolkvox_agents{status=\\"talk\\", %s})', _OF_ITS_OPERATION, "humanize"),
        **{threshold.name: partial(_threshold, threshold) for threshold in THRESHOLDS},
    }
    return pieces[found["name"]]()


def _lasting(alert: str, before: str) -> str:
    """Say for how long it has been so: since the alert became pending, and so long before."""
    seconds = durations.parse(before)
    since = _query(f'{seconds:g} + time() - ALERTS_FOR_STATE{{alertname=\\"{alert}\\", %s}}', _OF_ALERT)
    return (
        f"{{{{ with {since} }}}}{{{{ . | first | value | humanizeDuration }}}}"
        f"{{{{ else }}}}{{{{ humanizeDuration {seconds:g}.0 }}}}{{{{ end }}}}"
    )


def _reason(labels: tuple[str, ...], window: str, language: Language) -> str:
    """Name why most polls failed lately, or else what holds the report back."""
    failed = f"topk(1, sum by (reason) (increase(wolkvox_poll_failures_total{{%s}}[{window}])) > 0)"
    found = _query(f"{failed} or max by (reason) (wolkvox_report_held{{%s}})", labels, labels)
    first = '{{ . | first | label "reason" }}'
    return f"{{{{ with {found} }}}}{first}{{{{ else }}}}{_UNKNOWN[language]}{{{{ end }}}}"


def _value(expression: str, labels: tuple[str, ...], shown: str) -> str:
    found = _query(expression, labels)
    return f"{{{{ with {found} }}}}{{{{ . | first | value | {shown} }}}}{{{{ else }}}}?{{{{ end }}}}"


def _skill_name() -> str:
    found = _query("max by (skill_name) (wolkvox_skill_info{%s})", _OF_ITS_SKILL)
    return f'{{{{ with {found} }}}} ({{{{ . | first | label "skill_name" }}}}){{{{ end }}}}'


def _threshold(threshold: Threshold) -> str:
    number = "humanizeDuration" if threshold.in_seconds else "humanize"
    shown = "humanizePercentage" if threshold.is_ratio else number
    return _value(f"max({threshold.record}{{%s}})", _OF_ITS_OPERATION, shown)


def _busiest() -> str:
    calls = "topk(3, max by (campaign, campaign_id) (wolkvox_campaign_calls_per_minute{%s}) > 0)"
    each = "{{ if $number }}, {{ end }}{{ $called.Labels.campaign }} ({{ $called.Labels.campaign_id }})"
    return f"{{{{ range $number, $called := {_query(calls, ('job', 'operation'))} }}}}{each}{{{{ end }}}}"


def _query(expression: str, *matched: tuple[str, ...]) -> str:
    """Write a query whose every `%s` is a list of labels, equal to the alert's own."""
    matchers = tuple(", ".join(f"{label}=%q" for label in labels) for labels in matched)
    values = " ".join(f"$labels.{label}" for labels in matched for label in labels)
    return f'printf "{expression % matchers}" {values} | query'
