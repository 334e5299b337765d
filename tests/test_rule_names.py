"""The metrics and labels that rules rely on, held against the catalogue."""

import re

import pytest

from support.promql import TARGET, labels, selectors, unknown
from support.rulebook import alerts, recorded, rules

CAMPAIGN = "operation campaign campaign_id skill"
RECORDED = {"campaign:dialed:increase1h": frozenset({"operation", "campaign"})}
RULES = {rule.get("alert") or rule["record"]: rule for rule in rules()}


@pytest.mark.parametrize("name", RULES)
def test_rules_rely_on_nothing_that_nobody_publishes(name: str) -> None:
    """If a metric, a label or a value of a label is renamed, then no rule is left that waits for the old one."""
    assert unknown(RULES[name]["expr"], recorded()) == []


@pytest.mark.parametrize("name", alerts())
def test_links_name_only_labels_that_some_metric_has(name: str) -> None:
    """If a link fills in a label, then it is one that there is."""
    named = re.findall(r"\$labels\.(\w+)", RULES[name]["annotations"]["dashboard_url"])
    assert {*named} <= labels("wolkvox_campaign_started")


@pytest.mark.parametrize(
    ("expression", "complaint"),
    [
        ("wolkvox_campaign_dials_total", "nobody publishes this metric"),
        ("rate(wolkvox_campaign_dials_total[1h])", "nobody publishes this metric"),
        ('wolkvox_up{campaign="A"}', "no label campaign"),
        ('wolkvox_up{report="campaing"}', "report is never 'campaing'"),
        ('wolkvox_report_held{reason="timeout"}', "reason is never 'timeout'"),
        ('wolkvox_poll_failures_total{reason="idle"}', "reason is never 'idle'"),
        ('wolkvox_campaign_records_result{result=~"machine|busy"}', "result is never 'machine|busy'"),
        ("sum by (campaign) (wolkvox_up)", "no label campaign"),
        ("sum by (skill) (sum by (operation) (wolkvox_campaigns))", "no label skill"),
        ("max without (instanz) (wolkvox_up)", "no label instanz"),
        ("wolkvox_up and on (campaign) wolkvox_campaign_started", "no label campaign"),
        ("wolkvox_campaign_records_result / wolkvox_campaign_records", "only one side has result"),
        ("wolkvox_up * on (operation) group_left (skill) wolkvox_campaigns", "no label skill"),
        ("sum by (skill) (campaign:dialed:increase1h)", "no label skill"),
        ('label_replace(wolkvox_up, "name", "$1", "campaign", "(.*)")', "no label campaign"),
    ],
)
def test_a_fault_in_a_query_is_found(expression: str, complaint: str) -> None:
    """If a query relies on what does not exist, then it is said what that is."""
    (found,) = unknown(expression, RECORDED)
    assert complaint in found


@pytest.mark.parametrize(
    ("expression", "left"),
    [
        ("time()", ""),
        ('absent(up{job="wolkvox", instance=~".+"})', "job"),
        ("max by (operation) (wolkvox_up) == bool 1", "operation"),
        ("sum without (result) (sum by (skill, result) (wolkvox_campaign_records_result))", "skill"),
        ("wolkvox_quota_used_calls / on (operation) wolkvox_quota_limit_calls", "operation"),
        ("1 - max by (skill) (wolkvox_campaign_started)", "skill"),
        ('count_values by (operation) ("speed", wolkvox_campaign_speed_ratio)', "operation speed"),
        ("max_over_time(campaign:dialed:increase1h[3d:1h] offset 1d)", "operation campaign"),
        ('topk(3, sum by (skill) (wolkvox_campaign_records{operation="a"}))', "skill"),
        ('sum by (name) (label_replace(wolkvox_up, "name", "$1", "operation", "(.*)"))', "name"),
        (
            "wolkvox_campaign_records_hit / on (operation) group_left () sum by (operation) (wolkvox_campaigns)",
            CAMPAIGN,
        ),
    ],
)
def test_labels_are_followed_through_a_query(expression: str, left: str) -> None:
    """If a query is sound, then there are no complaints, and its result has the labels that are left."""
    assert unknown(expression, RECORDED) == []
    assert labels(expression, RECORDED) - TARGET == {*left.split()} - TARGET


def test_selectors_are_found_wherever_they_stand() -> None:
    """If a query selects metrics, then each is found with its matchers."""
    found = selectors(
        'max(rate(a_total{b="1", c!~"2|3"}[5m])) / on () (d{e=~".+"} offset 1h) > max_over_time(f[1h:5m])'
    )
    assert found == [("a_total", {"b": '="1"', "c": '!~"2|3"'}), ("d", {"e": '=~".+"'}), ("f", {})]
