"""Values that the chart refuses, with what it says."""

import copy
import json
from functools import cache
from typing import Any

import pytest

from tests_release.charts import Object, answers

GOOD: Object = {
    "image": {"repository": "registry.example.com/wolkvox-exporter"},
    "config": {"operations": [{"name": "ventas-co", "server": "0042"}]},
    "tokens": {"existingSecrets": [{"name": "wolkvox-tokens"}]},
}
HASH = "$2b$12$ICQmjv5ryCpBpD/oVXAxpesj3ICGLBlv5A8WDpUiXgPi7YVC6GMxm"
OPERATION = {"name": "ventas-co", "server": "0042"}


def operation(**keys: object) -> Object:
    """Return values with one operation, which has these keys besides."""
    return {"config": {"operations": [OPERATION | keys]}}


# by name: what is written over the good values, and a part of what is said
REFUSED: dict[str, tuple[Object, str]] = {
    # what would not work, in words that say what would
    "no image": ({"image": {"repository": ""}}, "image.repository: write where the image was pushed to"),
    "no operations": ({"config": {"operations": []}}, "config.operations: name at least one operation"),
    "two configurations": ({"existingConfig": {"configMap": "mine"}}, "config and existingConfig: write one of them"),
    "two existing": (
        {"config": {"operations": []}, "existingConfig": {"configMap": "mine", "secret": "mine"}},
        "existingConfig: write configMap or secret",
    ),
    "restarts for an unseen file": (
        {"config": {"operations": []}, "existingConfig": {"configMap": "mine"}, "configReload": "restart"},
        "configReload: restart needs config",
    ),
    "a token of nobody": ({"tokens": {"inline": {"ventas-mx": "abc"}}}, 'no operation of config uses "ventas-mx"'),
    "no token": ({"tokens": {"existingSecrets": []}}, 'where is the token of "ventas-co"?'),
    "a name that is no key": (operation(name="Ventas (CO)"), '"Ventas (CO)" is no key that a Secret can have'),
    "replicas in a folder": ({"replicas": 2}, "replicas: 2 exporters would use the same tokens at a time"),
    "replicas on a volume": (
        {"replicas": 3, "state": {"type": "persistentVolume"}},
        "replicas: 3 exporters would use the same tokens at a time",
    ),
    "no address": ({"state": {"type": "postgresql"}}, "state.postgresql.url: write the address"),
    "an address for nothing": (
        {"state": {"postgresql": {"url": "postgresql://wolkvox@db/wolkvox"}}},
        "state.postgresql: it is used with state.type: postgresql alone",
    ),
    "a database's password for nothing": (
        {"state": {"postgresql": {"passwordSecret": {"name": "database"}}}},
        "state.postgresql: it is used with state.type: postgresql alone",
    ),
    "an address beside a file": (
        {
            "config": {"operations": []},
            "existingConfig": {"secret": "mine"},
            "state": {"type": "postgresql", "postgresql": {"url": "postgresql://wolkvox@db/wolkvox"}},
        },
        "state.postgresql: with existingConfig write url, schema and lease there",
    ),
    "a claim for nothing": (
        {"state": {"persistentVolume": {"existingClaim": "mine"}}},
        "state.persistentVolume: it is used with state.type: persistentVolume alone",
    ),
    "a proxy's password": (operation(proxy_url="http://me:canary@proxy:3128"), "name the proxy as HTTPS_PROXY in env"),
    "two web configurations": (
        {"web": {"users": {"prometheus": HASH}, "existingConfig": {"secret": "mine"}}},
        "web.existingConfig.secret: it stands instead of tls, users and config",
    ),
    "TLS of a file that is not there": ({"web": {"existingConfig": {"tls": True}}}, "name the Secret of the file"),
    "client certificates without TLS": (
        {"web": {"tls": {"clientCA": {"secret": "ca"}}}},
        "web.tls.clientCA: client certificates need TLS",
    ),
    "Prometheus without a password": (
        {"web": {"users": {"prometheus": HASH}}, "monitor": {"kind": "PodMonitor"}},
        "monitor.basicAuth: with web.users Prometheus needs a password",
    ),
    "Prometheus without a certificate": (
        {
            "web": {"tls": {"existingSecret": "tls", "clientCA": {"secret": "ca"}}},
            "monitor": {"kind": "ServiceMonitor"},
        },
        "monitor.tlsConfig: with client certificates Prometheus needs one",
    ),
    "probes without a password": (
        {"web": {"users": {"prometheus": HASH}}, "probes": {"type": "httpGet"}},
        "probes.type: the kubelet has neither password nor certificate",
    ),
    "an alert that is not there": (
        {"prometheusRule": {"enabled": True, "disabledAlerts": ["WolkvoxNoHit"]}},
        "there is no alert WolkvoxNoHit",
    ),
    "a threshold of no time": (
        {"prometheusRule": {"enabled": True, "thresholds": {"acw_seconds": "2d"}}},
        "acw_seconds: 2d: write a duration from 1s to 1d",
    ),
    # what the schema refuses
    "an unknown value": ({"replicaCount": 2}, "replicaCount"),
    "an unknown value within": ({"monitor": {"intervall": "60s"}}, "intervall"),
    "an unknown key of the configuration": ({"config": {"intervall": "5m", **operation()["config"]}}, "intervall"),
    "an unknown key of an operation": (operation(amd_intervall="5m"), "amd_intervall"),
    "a token in the configuration": (operation(token="canary"), "additional properties 'token' not allowed"),
    "two tokens": (operation(token_file="/t", token_env="T"), "/config/operations/0"),
    "server and address": (operation(base_url="https://a.example.com/api/v2"), "/config/operations/0"),
    "a server that YAML made a number": (operation(server=34), "/config/operations/0/server"),
    "a label that YAML made a boolean": (operation(labels={"pais": False}), "/config/operations/0/labels/pais"),
    "a reserved label": (operation(labels={"job": "a"}), "invalid propertyName 'job'"),
    "an exported label": (operation(labels={"exported_pais": "CO"}), "invalid propertyName 'exported_pais'"),
    "no duration": (operation(interval="five minutes"), "/config/operations/0/interval"),
    "an empty duration": (operation(interval=""), "/config/operations/0/interval"),
    "a state of the configuration's own": (
        {"config": {"state": "/data", **operation()["config"]}},
        "additional properties 'state' not allowed",
    ),
    "a password in the address": (
        {"state": {"type": "postgresql", "postgresql": {"url": "postgresql://me:canary@db/wolkvox"}}},
        "state.postgresql.url: a password would stand in a ConfigMap",
    ),
    "a password behind the address": (
        {"state": {"type": "postgresql", "postgresql": {"url": "postgresql://db/wolkvox?password=canary"}}},
        "state.postgresql.url: a password would stand in a ConfigMap",
    ),
    "another database": (
        {"state": {"type": "postgresql", "postgresql": {"url": "mysql://me:canary@db/wolkvox"}}},
        "state.postgresql.url: this is no address of a database",
    ),
    "a proxy that is none": (operation(proxy_url="socks5://me:canary@proxy"), "/config/operations/0/proxy_url"),
    "an address with a password": (
        {"config": {"operations": [{"name": "ventas-co", "base_url": "https://me:canary@a/api"}]}},
        "/config/operations/0/base_url",
    ),
    "two of one name": ({"config": {"operations": [OPERATION, OPERATION]}}, 'there are two of the name "ventas-co"'),
    "two certificates": (
        {"web": {"tls": {"existingSecret": "tls"}, "config": {"tls_server_config": {"cert_file": "/a.pem"}}}},
        "web.tls.existingSecret has the certificate",
    ),
    "two ways to say who is let in": (
        {
            "web": {
                "tls": {"existingSecret": "tls", "clientCA": {"secret": "ca"}},
                "config": {"tls_server_config": {"client_auth_type": "NoClientCert"}},
            }
        },
        "web.tls.clientCA says who is let in",
    ),
    "two CAs of clients": (
        {"web": {"tls": {"existingSecret": "tls", "clientCA": {"secret": "ca", "configMap": "ca"}}}},
        "web.tls.clientCA: write configMap or secret",
    ),
    "two CAs of the database": (
        {
            "state": {
                "type": "postgresql",
                "postgresql": {"url": "postgresql://a@db/a", "ca": {"secret": "ca", "configMap": "ca"}},
            }
        },
        "state.postgresql.ca: write configMap or secret",
    ),
    "TLS for Prometheus alone": (
        {"monitor": {"kind": "PodMonitor", "tlsConfig": {"insecureSkipVerify": True}}},
        "monitor.tlsConfig: nothing is served by TLS",
    ),
    "a variable that is not there": (operation(token_env="WOLKVOX_TOKEN"), "WOLKVOX_TOKEN is not in env"),
    "a flag that the chart has": ({"extraArgs": ["--log.level=debug"]}, "the chart has a value for --log.level"),
    "no token at all": ({"tokens": {"inline": {"ventas-co": "Bearer canary"}}}, '"ventas-co" is no token'),
    "an unknown state": ({"state": {"type": "redis"}}, "/state/type"),
    "a password for a hash": ({"web": {"users": {"prometheus": "canary"}}}, 'a bcrypt hash for "prometheus"'),
    "an unknown monitor": ({"monitor": {"kind": "servicemonitor"}}, "/monitor/kind"),
    "an unknown threshold": ({"prometheusRule": {"thresholds": {"acw_minutes": 3}}}, "acw_minutes"),
    "a ratio above 1": ({"prometheusRule": {"thresholds": {"abandon_ratio": 5}}}, "abandon_ratio"),
    "a share above all": ({"prometheusRule": {"thresholds": {"abandon_ratio": "500%"}}}, "abandon_ratio"),
    "a number with a unit": ({"prometheusRule": {"operations": {"a": {"waiting_calls": "5m"}}}}, "waiting_calls"),
    "a language there is not": ({"dashboards": {"languages": ["fr"]}}, "/dashboards/languages/0"),
    "an unknown key of the web configuration": ({"web": {"config": {"rate_limits": {}}}}, "rate_limits"),
    "an unknown key of TLS": ({"web": {"config": {"tls_server_config": {"min": "TLS13"}}}}, "'min' not allowed"),
    "an unknown header": (
        {"web": {"config": {"http_server_config": {"headers": {"X-Frame": "deny"}}}}},
        "'X-Frame' not allowed",
    ),
    "a label of the chart's": ({"commonLabels": {"app.kubernetes.io/name": "a"}}, "app.kubernetes.io/name"),
    "a label of the pod's": ({"podLabels": {"app.kubernetes.io/instance": "a"}}, "app.kubernetes.io/instance"),
    "an annotation of the chart's": ({"podAnnotations": {"checksum/state": "a"}}, "checksum/state"),
    "a selector of one's own": ({"monitor": {"kind": "PodMonitor", "spec": {"selector": {}}}}, "'selector'"),
    "a volume of the chart's": ({"extraVolumes": [{"name": "state", "emptyDir": {}}]}, "/extraVolumes/0/name"),
    "a name that begins with a digit": ({"fullnameOverride": "1wx"}, "/fullnameOverride"),
    "half a digest": ({"image": {"digest": "sha256:abc"}}, "/image/digest"),
    "a flag that is none": ({"extraArgs": ["check"]}, "/extraArgs/0"),
}


def over(values: Object, changes: Object) -> Object:
    """Return values with changes written over them, as Helm does it."""
    merged = copy.deepcopy(values)
    for key, change in changes.items():
        both = isinstance(change, dict) and isinstance(merged.get(key), dict)
        merged[key] = over(merged[key], change) if both else change
    return merged


@cache
def outcomes() -> dict[str, Any]:
    """Return what Helm makes of all of them, in one go."""
    every: dict[str, Object] = {"good": {}} | {name: changes for name, (changes, _) in REFUSED.items()}
    texts = [json.dumps(over(GOOD, changes)) for changes in every.values()]
    return dict(zip(every, answers(texts), strict=True))


def test_the_values_before_are_good() -> None:
    """If nothing is wrong, then nothing is refused, so that each refusal has but one reason."""
    assert outcomes()["good"]["templates"]


@pytest.mark.parametrize("name", REFUSED)
def test_bad_values_are_refused(name: str) -> None:
    """If values would not work, then nothing is rendered, and it is said which and what would."""
    assert REFUSED[name][1] in outcomes()[name].get("refused", "nothing was refused")


@pytest.mark.parametrize("name", REFUSED)
def test_secrets_are_not_repeated(name: str) -> None:
    """If what is refused holds a secret, then the refusal does not."""
    assert "canary" not in str(outcomes()[name])
