"""Every field is written down by hand once, with what it says."""

from support.fields import BY_HAND, READ, WRITTEN


def test_every_field_that_is_read_is_written_by_hand() -> None:
    """If a field is added to the table of its report, then this says where a person writes down what it says."""
    assert set(READ) == set(WRITTEN), BY_HAND
