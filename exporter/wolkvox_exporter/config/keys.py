"""What the models of all files have in common."""

from pydantic import BaseModel, ConfigDict


class Keys(BaseModel):
    """A group of keys; others than its fields are refused, and no error repeats a value."""

    model_config = ConfigDict(
        frozen=True,
        # some are never read on their own, only as parts or bases of others
        defer_build=True,
        extra="forbid",
        arbitrary_types_allowed=True,
        hide_input_in_errors=True,
        field_title_generator=lambda key, _: key.replace("_", " "),
    )
