"""YAML as people would write it."""

import yaml

NOTE = "Made by `make generate`; change the code it is made from instead."


class _Dumper(yaml.SafeDumper):
    """Strings of several lines stand as blocks; lists are indented."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: ARG002, FBT001, FBT002 - PyYAML's signature
        super().increase_indent(flow, indentless=False)

    def ignore_aliases(self, data: object) -> bool:  # noqa: ARG002 - PyYAML's signature
        return True


def _string(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style="|" if "\n" in value else None)


_Dumper.add_representer(str, _string)


def written(document: object, about: str) -> str:
    """Write a document below a comment on what it is."""
    comment = "".join(f"# {line}".rstrip() + "\n" for line in [*about.splitlines(), NOTE])
    return comment + yaml.dump(document, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=10_000)
