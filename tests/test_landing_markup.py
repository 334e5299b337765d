"""The page's HTML: what it is made of, and that no text changes that."""

import re
from dataclasses import fields
from types import SimpleNamespace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from jinja2 import UndefinedError

from support.landing import BAD, GOOD, MONOTONIC, NOW, WAITING, Reader, failing, operation, polled, read, rendered
from wolkvox_exporter.web.landing import TEMPLATES, Overview, render, view


def test_absolute_times() -> None:
    """Behind each age stands the time in UTC, for comparing with a log."""
    page = rendered(GOOD)

    assert '<time datetime="2026-03-04T11:58:48Z" title="2026-03-04 11:58:48 UTC">1 min 12 s ago</time>' in page
    assert "2026-03-04 12:00:00 UTC</time>" in page


HOSTILE = "<script>alert(1)</script> \"'& ñ $version {{ 7 * 7 }} {% raw %} {# gone #} \u202elave\u202c"


def test_hostile_text_stays_text() -> None:
    """Whatever a name or an answer holds is shown to the letter and becomes no part of the page."""
    snapshot = operation(HOSTILE, failing(polled(), detail=f"<img src=x> {HOSTILE}"))
    page = rendered(snapshot)
    reader = Reader(page)

    assert "<script" not in page
    assert {"script", "img"}.isdisjoint(tag for tag, _ in reader.elements)
    assert reader.headings == [HOSTILE]
    assert f"<img src=x> {HOSTILE}" in reader.text


def test_half_a_surrogate_pair_can_be_sent() -> None:
    """An answer with a broken escape sequence does not cost the page."""
    snapshot = operation("soporte-mx", failing(polled(), detail="wolkvox answered \ud800"))

    assert b"wolkvox answered ?" in rendered(snapshot).encode()


def everywhere(text: str) -> str:
    """Return a page that has a text in every place where one can come to stand."""
    snapshot = operation(text, failing(polled(unreadable={text: 1}), detail=text, remedy=text))
    return render(Overview(text, NOW, MONOTONIC, f"/{text}", [snapshot]))


PLAIN = Reader(everywhere("x"))


@given(st.text(st.characters(exclude_categories=())))
@example(HOSTILE)
@example("</style></title></p>--><!-- ]]>")
def test_any_text_stays_text(text: str) -> None:
    """If a text holds whatever it likes, wherever it stands, then the page has the elements that it has without it."""
    page = everywhere(text)
    reader = Reader(page)

    assert [tag for tag, _ in reader.elements] == [tag for tag, _ in PLAIN.elements]
    assert [attributes.keys() for _, attributes in reader.elements] == [each.keys() for _, each in PLAIN.elements]
    assert reader.open == []
    assert "".join(reader.headings) == text.encode(errors="replace").decode()
    assert page.encode().decode() == page


def test_text_of_any_direction_turns_nothing_around() -> None:
    """If a name or an answer reverses the direction of writing, then what stands beside it keeps its own."""
    page = rendered(operation("ventas \u202eoc", failing(polled(), detail="\u202edegnahc")))
    isolated = re.findall(r"(?m)^(.*?) {.*unicode-bidi: isolate;", page)

    assert isolated == ["h2", ".notice .quoted"]
    assert page.count("\u202e") == 2
    assert ">ventas \u202eoc</h2>" in page
    assert '<span class="quoted">\u202edegnahc</span>' in page


def test_what_the_template_does_not_get_is_an_error() -> None:
    """If a name in the template is mistaken, then that is an error, not a gap in the page."""
    whole = view.page(Overview("0.4.2", NOW, MONOTONIC, "/metrics", [GOOD, BAD]))
    for name in (field.name for field in fields(whole)):
        parts = {field.name: getattr(whole, field.name) for field in fields(whole) if field.name != name}
        with pytest.raises(UndefinedError):
            TEMPLATES.get_template("page.html").render(page=SimpleNamespace(**parts))


def test_nothing_from_elsewhere() -> None:
    """The page works under a strict policy: no script, no resource, no style attribute, no event handler."""
    page = rendered(GOOD, BAD, WAITING)
    reader = Reader(page)

    assert "http://" not in page
    assert "https://" not in page
    assert "url(" not in page
    assert reader.values("src") == reader.values("style") == []
    assert {"script", "link", "img", "iframe"}.isdisjoint(tag for tag, _ in reader.elements)
    assert not any(name.startswith("on") for _, attributes in reader.elements for name in attributes)


def test_links() -> None:
    """The page leads to the metrics, wherever they are, and to the probes, also below a proxy's prefix."""
    reader = Reader(rendered(GOOD, telemetry_path="/wolkvox metrics"))

    assert reader.values("href") == ["./wolkvox%20metrics", "./-/healthy", "./-/ready"]
    assert "/wolkvox metrics" in reader.text
    assert "0.4.2" in reader.text


def test_well_formed() -> None:
    """Assistive software finds a language, headings, a labelled table an operation and headers with a scope."""
    reader = read(GOOD, BAD, WAITING, operation("encuestas"), operation("retención"), operation("ventas-ar"))
    tags = [tag for tag, _ in reader.elements]
    ids = reader.values("id")

    assert reader.open == []
    assert ("html", {"lang": "en"}) in reader.elements
    assert (tags.count("h1"), tags.count("h2"), tags.count("table")) == (1, 6, 6)
    assert len(set(ids)) == len(ids)
    assert set(reader.values("aria-labelledby")) == set(ids)
    assert all("scope" in attributes for tag, attributes in reader.elements if tag == "th")
    assert ("meta", {"http-equiv": "refresh", "content": "15"}) in reader.elements
