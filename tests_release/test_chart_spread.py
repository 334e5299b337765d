"""Replicas of the chart: how Kubernetes spreads and keeps them, and what they may reach."""

from tests_release.charts import Object, example

REPLICATED = example("postgresql-values.yaml")
SINGLE = example("minimal-values.yaml")
SELECTOR = {"app.kubernetes.io/name": "wolkvox-exporter", "app.kubernetes.io/instance": "wx"}


def test_replicas_are_kept_and_spread() -> None:
    """If there are two replicas, then no drain takes both, and they are spread over nodes and zones."""
    budget = REPLICATED.find("PodDisruptionBudget")["spec"]
    assert budget == {"maxUnavailable": 1, "selector": {"matchLabels": SELECTOR}}
    spread = REPLICATED.pod["topologySpreadConstraints"]
    assert [each["topologyKey"] for each in spread] == ["kubernetes.io/hostname", "topology.kubernetes.io/zone"]
    assert all(each["labelSelector"] == {"matchLabels": SELECTOR} for each in spread)


def test_a_single_pod_lets_nodes_be_drained() -> None:
    """If there is one replica, then no budget keeps its node from being drained."""
    assert SINGLE.of("PodDisruptionBudget") == []
    assert "topologySpreadConstraints" not in SINGLE.pod


def test_replicas_have_no_volume_and_a_password_in_a_file() -> None:
    """If the state is in a database, then pods need no volume, and the password stands in no variable or argument."""
    assert "volumeClaimTemplates" not in REPLICATED.find("StatefulSet")["spec"]
    assert {each["name"] for each in REPLICATED.pod["volumes"]} == {"config", "tokens", "postgresql", "postgresql-ca"}
    (variable,) = REPLICATED.container["env"]
    assert variable == {"name": "PGSSLROOTCERT", "value": "/run/secrets/wolkvox-exporter/postgresql-ca/ca.crt"}


def test_what_is_mounted_is_there_and_read_only() -> None:
    """If a volume is named, then it is mounted, whole, and nothing but the state can be written."""
    for rendered in (REPLICATED, SINGLE, example("client-certificates-values.yaml"), example("operator-values.yaml")):
        claims = rendered.find("StatefulSet")["spec"].get("volumeClaimTemplates", [])
        named = {each["name"] for each in rendered.pod["volumes"]} | {each["metadata"]["name"] for each in claims}
        mounts = rendered.container["volumeMounts"]
        assert {each["name"] for each in mounts} == named
        assert [each["name"] for each in mounts if not each.get("readOnly")] in (["state"], [])
        assert not any("subPath" in each for each in mounts)


def test_the_policy_lets_through_what_is_needed() -> None:
    """If a network policy stands around the pods, then scrapes come in, and names, wolkvox and the database go out."""
    spec = REPLICATED.find("NetworkPolicy")["spec"]
    assert spec["podSelector"] == {"matchLabels": SELECTOR}
    assert spec["policyTypes"] == ["Ingress", "Egress"]
    (ingress,) = spec["ingress"]
    assert ingress["ports"] == [{"port": "http-metrics", "protocol": "TCP"}]
    assert {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "monitoring"}}} in ingress["from"]
    assert [ports(rule) for rule in spec["egress"]] == [[53, 53], [443], [5432]]
    assert spec["egress"][2]["to"] == [{"ipBlock": {"cidr": "10.20.0.0/16"}}]
    behind_proxy = example("proxy-values.yaml").find("NetworkPolicy")["spec"]
    assert [ports(rule) for rule in behind_proxy["egress"]] == [[53, 53], [3128]]
    assert behind_proxy["ingress"] == [{"ports": ingress["ports"]}]


def ports(rule: Object) -> list[int]:
    """Return the ports of a rule of egress."""
    return [each["port"] for each in rule["ports"]]


def test_services_find_the_pods_and_not_the_tests() -> None:
    """If `helm test` runs, then no Service sends anybody to its pod, nor does a monitor scrape it."""
    template = SINGLE.find("StatefulSet")["spec"]["template"]["metadata"]["labels"]
    test = SINGLE.find("Pod")["metadata"]["labels"]
    assert len(SINGLE.of("Service")) == 2
    for service in SINGLE.of("Service"):
        selector = service["spec"]["selector"]
        assert selector.items() <= template.items()
        assert not selector.items() <= test.items()
    (monitor,) = example("operator-values.yaml").of("ServiceMonitor")
    wanted = monitor["spec"]["selector"]["matchLabels"]
    found = [each for each in SINGLE.of("Service") if wanted.items() <= each["metadata"]["labels"].items()]
    assert [each["metadata"]["name"] for each in found] == ["wx-wolkvox-exporter"]


def test_each_operation_is_a_target_of_each_replica() -> None:
    """If each operation is scraped by itself, then each pod is asked for its targets by its own name."""
    spec = example("fleet-values.yaml").find("ScrapeConfig")["spec"]
    host = "wx-wolkvox-exporter-0.wx-wolkvox-exporter-pods.monitoring.svc"
    assert [each["url"] for each in spec["httpSDConfigs"]] == [f"http://{host}:10842/-/targets"]
    assert spec["jobName"] == "wolkvox"
    headless = SINGLE.find("Service", "-pods")
    assert SINGLE.find("StatefulSet")["spec"]["serviceName"] == headless["metadata"]["name"]
    assert headless["spec"]["clusterIP"] == "None"
    assert headless["spec"]["publishNotReadyAddresses"] is True


def test_the_job_is_that_of_the_alerts() -> None:
    """If targets are found by a monitor, then their job is the one that alerts know, and the operator's name is not."""
    for name, kind, endpoints, job in (
        ("operator-values.yaml", "ServiceMonitor", "endpoints", "wolkvox"),
        ("spanish-values.yaml", "PodMonitor", "podMetricsEndpoints", "wolkvox-latam"),
    ):
        (endpoint,) = example(name).find(kind)["spec"][endpoints]
        assert endpoint["relabelings"][0] == {"targetLabel": "job", "replacement": job, "action": "replace"}
