"""What a configuration may not have been meant to say: more calls than one thinks, and one account twice."""

from pathlib import Path

import pytest

from config.files import load_text, operation

_QUOTA = "licences × 1000 calls a day, shared by all integrations of the account"  # noqa: RUF001 - as it is printed


@pytest.mark.parametrize(
    ("lines", "at", "calls"),
    [
        (["interval: 1m"], "5: operations[0].interval", 1824),
        (["interval: 10m", "amd_interval: 150s"], "6: operations[0].amd_interval", 816),
        (["interval: 7s", "amd: off"], "5: operations[0].interval", 12439),
        (["interval: 1m", "quota_interval: 0"], "5: operations[0].interval", 1728),
        (["amd: each", "amd_max_calls: 3", "amd_interval: 150s"], "7: operations[0].amd_interval", 2112),
    ],
)
def test_short_intervals_cost_calls(tmp_path: Path, lines: list[str], at: str, calls: int) -> None:
    """If an operation is polled more often than advised, the warning says what that costs a day."""
    (warning,) = load_text(tmp_path, operation(*lines)).warnings

    text = f"polling more often than every 5m costs this operation {calls} calls a day of its {_QUOTA}"
    assert str(warning) == f"{tmp_path}/config.yaml:{at}: {text}"


def test_a_short_global_interval_is_warned_of_where_it_counts(tmp_path: Path) -> None:
    """If the global interval is short, only the operations that inherit it are warned of."""
    text = operation("interval: 5m", head="interval: 1m\n") + '  - {name: b, server: "0043", token_file: token}\n'

    (warning,) = load_text(tmp_path, text).warnings

    assert (warning.line, warning.path) == (7, "operations[1]")


def test_an_amd_interval_that_is_off_costs_nothing(tmp_path: Path) -> None:
    """If AMD is off, its interval is no reason for a warning."""
    assert load_text(tmp_path, operation("amd: off", "amd_interval: 1m")).warnings == ()


def test_one_account_polled_twice_is_warned_of(tmp_path: Path) -> None:
    """If two operations have the same token and address, the second one is pointed out."""
    text = operation() + "  - {name: b, base_url: https://WV0042.wolkvox.com/api/v2/, token_file: ./token}\n"
    text += '  - {name: c, server: "0043", token_file: token}\n'

    (warning,) = load_text(tmp_path, text).warnings

    assert (warning.line, warning.path) == (5, "operations[1]")
    assert warning.text == "one account is polled twice: token and address are those of operations[0]; remove one"
