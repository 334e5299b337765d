"""The chart with the values of its examples: lint, Kubernetes' schemas, the models of Prometheus' operator."""

import copy

import pytest
import yaml

from chart.values import CHART
from tests_release.charts import VALUES, Object, example, render, wrong_custom_resources, wrong_objects
from tests_release.restricted import violations
from wolkvox_exporter import __version__

NAMES = [path.name for path in VALUES]
CUSTOM = {"ServiceMonitor", "PodMonitor", "ScrapeConfig", "PrometheusRule"}


def everything() -> list[Object]:
    """Return the objects of all examples, alike ones once."""
    texts = {yaml.safe_dump(each): each for name in NAMES for each in example(name).objects}
    return list(texts.values())


def kinds(name: str) -> list[str]:
    """Return the kinds of objects of an example, the test's pod left out."""
    return sorted(each["kind"] for each in example(name).objects if each["kind"] != "Pod")


def test_there_are_enough_examples() -> None:
    """If examples are taken away, then what remains does not stand for all that the chart can do."""
    assert len(NAMES) >= 10
    made = {kind for name in NAMES for kind in kinds(name)}
    plain = {"ConfigMap", "Secret", "Service", "ServiceAccount", "StatefulSet", "NetworkPolicy", "PodDisruptionBudget"}
    assert made == plain | CUSTOM


@pytest.mark.parametrize("name", NAMES)
def test_examples_are_linted(name: str) -> None:
    """If an example is linted strictly, then there is nothing to say."""
    assert example(name).lint == []


def test_the_least_is_little() -> None:
    """If nothing is asked for, then there are a configuration, a pod, and names for both, and nothing custom."""
    assert kinds("minimal-values.yaml") == ["ConfigMap", "Service", "Service", "ServiceAccount", "StatefulSet"]


def test_kubernetes_takes_every_object() -> None:
    """If objects are read by the schemas of the oldest and the newest Kubernetes, then no key of theirs is unknown."""
    assert wrong_objects(everything()) == []


def test_an_object_with_a_mistake_is_found() -> None:
    """If a manifest has an unknown key, or a value of another type, then the check says so, whichever it is."""
    good = example("minimal-values.yaml").find("StatefulSet")
    typo, wrong = copy.deepcopy(good), copy.deepcopy(good)
    typo["spec"]["template"]["spec"]["containers"][0]["livenesProbe"] = {}
    wrong["spec"]["replicas"] = "one"
    for bad in (typo, wrong, {"apiVersion": "apps/v9", "kind": "StatefulSet", "metadata": {"name": "x"}}):
        assert len(wrong_objects([bad], ["1.37"])) == 1


def test_the_operator_takes_every_custom_resource() -> None:
    """If monitors and rules are read by the operator's models, then neither a value nor a key is wrong."""
    assert {each["kind"] for each in everything()} >= CUSTOM
    assert wrong_custom_resources(everything()) == []


def test_a_custom_resource_with_a_mistake_is_found() -> None:
    """If a monitor lacks what it needs, has a bad duration or an unknown key, then the check says so."""
    good = example("tls-values.yaml").find("ServiceMonitor")
    bare, bad, typo = (copy.deepcopy(good) for _ in range(3))
    del bare["spec"]["selector"]
    bad["spec"]["endpoints"][0]["interval"] = "a minute"
    typo["spec"]["endpoints"][0]["scrapeTimeOut"] = "10s"
    assert "selector" in wrong_custom_resources([bare])[0]
    assert "interval" in wrong_custom_resources([bad])[0]
    assert "scrapeTimeOut" in wrong_custom_resources([typo])[0]


@pytest.mark.parametrize("name", NAMES)
def test_pods_fit_the_restricted_profile(name: str) -> None:
    """If a namespace enforces the restricted profile, then all pods of the chart come in."""
    for spec in (example(name).pod, example(name).find("Pod")["spec"]):
        assert violations(spec) == []
        assert spec["automountServiceAccountToken"] is False
        for container in spec["containers"]:
            assert container["securityContext"]["readOnlyRootFilesystem"] is True


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"hostNetwork": True}, "hostNetwork"),
        ({"securityContext": {}}, "runAsNonRoot"),
        ({"volumes": [{"name": "node", "hostPath": {"path": "/"}}]}, "hostPath"),
    ],
)
def test_a_pod_beyond_the_profile_is_found(change: Object, told: str) -> None:
    """If a pod wanted more than the restricted profile grants, then the check would say so."""
    assert any(told in line for line in violations(example("minimal-values.yaml").pod | change))


def test_user_and_group_are_the_clusters_where_it_chooses() -> None:
    """If a cluster gives users and groups out by itself, then the pod asks for none."""
    assert "runAsUser" not in example("minimal-values.yaml").pod["securityContext"]
    assert example("openshift-values.yaml").pod["securityContext"] == {
        "runAsNonRoot": True,
        "seccompProfile": {"type": "RuntimeDefault"},
    }


def test_the_chart_is_of_this_version() -> None:
    """If the exporter has another version, then so has the image that the chart runs."""
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text(encoding="utf-8"))
    assert chart["version"] == chart["appVersion"] == __version__
    assert example("minimal-values.yaml").container["image"] == f"registry.example.com/wolkvox-exporter:{__version__}"
    assert "@sha256:" in example("try-values.yaml").container["image"]


def test_names_that_look_like_numbers_stay_names() -> None:
    """If names are such as YAML takes for numbers or booleans, then Kubernetes still gets texts."""
    odd: Object = {
        "image": {"repository": "registry.example.com/wolkvox-exporter", "tag": "1.10"},
        "existingConfig": {"secret": "1234"},
        "tokens": {"existingSecrets": [{"name": "0042", "items": [{"key": "1", "path": "2"}]}]},
        "web": {"tls": {"existingSecret": "12", "clientCA": {"configMap": "1e3", "key": "7"}}, "maxRequests": 1000000},
        "state": {"type": "persistentVolume", "persistentVolume": {"storageClass": "0", "size": "1"}},
        "priorityClassName": "true",
        "serviceAccount": {"name": "99"},
        "monitor": {
            "kind": "ServiceMonitor",
            "job": "7",
            "namespace": "1",
            "tlsConfig": {"keySecret": {"name": "1", "key": "2"}},
        },
        "prometheusRule": {"enabled": True, "namespace": "2"},
        "dashboards": {"enabled": True, "namespace": "3", "labels": {"a": "1"}},
        "podLabels": {"a": "yes"},
        "commonLabels": {"b": "1.0"},
        "nodeSelector": {"c": "off"},
    }
    rendered = render(odd)
    assert wrong_objects(rendered.objects, ["1.37"]) == []
    assert wrong_custom_resources(rendered.objects) == []
    assert "--web.max-requests=1000000" in rendered.container["args"]
    database: Object = {
        "replicas": 2,
        "state": {
            "type": "postgresql",
            "postgresql": {"passwordSecret": {"name": "1", "key": "2"}, "ca": {"secret": "3", "key": "4"}},
        },
    }
    assert wrong_objects(render(odd | database).objects, ["1.37"]) == []
