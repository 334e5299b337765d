"""What Helm makes of a chart: run by the interpreter that has Helm's library.

Standard input is JSON: the chart's folder, the release's name, and texts of values. Standard output is a JSON list,
with an object for each text: what `helm lint` finds, and the rendered templates by path, or why there are none.
"""

import json
import sys
from typing import Any

import helm_python as helm  # type: ignore[import-not-found]  # of another environment


def rendered(chart: helm.Chart, release: str, text: str) -> dict[str, Any]:
    """Return templates by path, or the error."""
    try:
        return {"templates": chart.render(helm.values_from_yaml(text), name=release, namespace="monitoring")}
    except helm.HelmError as error:
        return {"refused": str(error)}


def main() -> None:
    """Read one request and answer it."""
    request = json.load(sys.stdin)
    with helm.Chart.load(request["chart"]) as chart:
        answers = [rendered(chart, request["release"], text) for text in request["values"]]
    for answer, text in zip(answers, request["values"], strict=True):
        findings = helm.lint(request["chart"], helm.values_from_yaml(text), strict=True)["messages"]
        answer["lint"] = [finding["error"] for finding in findings]
    json.dump(answers, sys.stdout)


main()
