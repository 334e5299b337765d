"""What the image is made of."""

import re

from docs.generate import ROOT


def test_what_the_image_copies_is_sent_to_the_engine() -> None:
    """If the Dockerfile copies what .dockerignore leaves out, then no image can be made."""
    dockerfile = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    copied = {
        name for line in re.findall(r"^COPY (?!--from)(.+) \S+$", dockerfile, re.MULTILINE) for name in line.split()
    }
    first, *others = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert first == "*"
    assert copied == {name.removeprefix("!") for name in others if name.startswith("!")}
    assert [name for name in copied if not (ROOT / name).exists()] == []
