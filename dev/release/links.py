"""Links of the README that lead somewhere from a package index, too, where its folder is not."""

import re

LINK = re.compile(r"(?P<before>(?P<picture>!?)\[[^][]*\]\()(?P<target>[^)\s:#][^)\s:]*)(?=\))")
"""A link or picture whose target is a file of the repository."""


def absolute(text: str, repository: str, tag: str) -> str:
    """Return the text with links to the repository's files at a tag; `repository` is its address at GitHub."""
    address = repository.removesuffix("/")

    def there(found: re.Match[str]) -> str:
        place = "raw" if found["picture"] else "blob"
        return f"{found['before']}{address}/{place}/{tag}/{found['target']}"

    return LINK.sub(there, text)


def urls(repository: str, tag: str) -> str:
    """Return the table of pyproject.toml that lets an index link to the repository."""
    address = repository.removesuffix("/")
    return f"""
[project.urls]
Documentation = "{address}/blob/{tag}/docs/README.md"
Source = "{address}"
Changelog = "{address}/blob/{tag}/CHANGELOG.md"
Issues = "{address}/issues"
"""
