"""The page for people: who is polled, how fresh the data are, what failed, what to do, and when the next poll is."""

from jinja2 import Environment, PackageLoader, StrictUndefined

from wolkvox_exporter.web.landing import view
from wolkvox_exporter.web.landing.view import Overview

__all__ = ["TEMPLATES", "Overview", "render"]

TEMPLATES = Environment(
    loader=PackageLoader(__name__, "."),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=True,
)
_PAGE = TEMPLATES.get_template("page.html")


def render(overview: Overview) -> str:
    """Return the page; it holds no script, no secret and nothing from elsewhere."""
    # half a surrogate pair, which JSON can carry, cannot be sent as UTF-8
    return _PAGE.render(page=view.page(overview)).encode(errors="replace").decode()
