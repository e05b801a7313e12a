import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from photofun_common import telemetry
from photofun_common.contracts.flow import FLOW, durable
from photofun_common.contracts.imaging import StepRequested
from photofun_common.jetstream import STREAM
from prometheus_client.metrics import MetricWrapperBase

DEPLOY = Path(__file__).parents[2] / "deploy"
K8S = DEPLOY / "k8s"
SERVICES = {"gateway": 9999, "conversation-svc": 9101, "prompt-svc": 9102, "imaging-svc": 9103, "gallery-svc": 9104}
WORKLOADS = ("Deployment", "StatefulSet", "Job", "CronJob")
SECRET_WORDS = ("SECRET", "PASSWORD", "API_KEY", "TOKEN", "MONGO_URI", "DATABASE_URL")


def documents(path: Path) -> list[dict[str, Any]]:
    return [document for document in yaml.safe_load_all(path.read_text("utf-8")) if document]


def everything() -> list[tuple[str, dict[str, Any]]]:
    found = []
    for path in sorted(K8S.rglob("*.yaml")):
        found += [(str(path.relative_to(K8S)), document) for document in documents(path) if document.get("kind")]
    return found


def of(name: str) -> dict[str, dict[str, Any]]:
    return {document["kind"]: document for document in documents(K8S / "base" / f"{name}.yaml")}


def pod_of(document: dict[str, Any]) -> dict[str, Any]:
    spec = document["spec"]
    spec = spec["jobTemplate"]["spec"] if document["kind"] == "CronJob" else spec
    pod: dict[str, Any] = spec["template"]["spec"]
    return pod


def whole_workloads() -> list[Any]:
    rows = [(path, document) for path, document in everything() if document["kind"] in WORKLOADS and "containers" in pod_of(document)]
    return [pytest.param(document, id=f"{path}:{document['metadata']['name']}") for path, document in rows]


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_is_deployed_and_scaled_alone(name):
    parts = of(name)

    assert set(parts) == {"ServiceAccount", "Deployment", "Service", "HorizontalPodAutoscaler", "PodDisruptionBudget"}
    assert all(part["metadata"]["name"] == name for part in parts.values())
    labels = parts["Deployment"]["spec"]["template"]["metadata"]["labels"]
    assert parts["Service"]["spec"]["selector"].items() <= labels.items()
    assert parts["PodDisruptionBudget"]["spec"]["selector"]["matchLabels"].items() <= labels.items()
    assert parts["HorizontalPodAutoscaler"]["spec"]["scaleTargetRef"]["name"] == name
    assert parts["HorizontalPodAutoscaler"]["spec"]["minReplicas"] >= 2
    assert "replicas" not in parts["Deployment"]["spec"], "the autoscaler's number would be undone by every apply"


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_is_probed_on_the_port_it_listens_on_and_leaves_without_a_gap(name):
    parts = of(name)
    deployment, pod = parts["Deployment"], pod_of(parts["Deployment"])
    [container] = pod["containers"]
    ports = {port["name"]: port["containerPort"] for port in container["ports"]}

    assert ports["http"] == SERVICES[name]
    assert parts["Service"]["spec"]["ports"] == [{"name": "http", "port": SERVICES[name], "targetPort": "http"}]
    assert container["livenessProbe"]["httpGet"] == {"path": "/livez", "port": "http"}
    assert container["readinessProbe"]["httpGet"] == {"path": "/readyz", "port": "http"}
    assert deployment["spec"]["strategy"]["rollingUpdate"] == {"maxUnavailable": 0, "maxSurge": 1}
    assert container["lifecycle"]["preStop"]
    assert pod["terminationGracePeriodSeconds"] > 5 + 10 + 13, "pause, open requests, events in hand"
    assert {row["topologyKey"] for row in pod["topologySpreadConstraints"]} == {"kubernetes.io/hostname", "topology.kubernetes.io/zone"}
    assert int(deployment["spec"]["template"]["metadata"]["annotations"]["prometheus.io/port"]) in ports.values()


@pytest.mark.parametrize("document", whole_workloads())
def test_a_container_is_bounded_and_runs_as_nobody(document):
    pod = pod_of(document)

    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert pod["automountServiceAccountToken"] is False
    for container in pod["containers"]:
        assert container["resources"]["requests"].keys() == {"cpu", "memory"}
        assert container["resources"]["limits"].keys() == {"cpu", "memory"}
        assert container["securityContext"]["allowPrivilegeEscalation"] is False
        assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
        if container["image"].startswith("photofun/"):
            assert container["securityContext"]["readOnlyRootFilesystem"] is True
        assert ":" in container["image"]
        assert not container["image"].endswith(":latest")


@pytest.mark.parametrize("document", whole_workloads())
def test_secrets_come_by_reference_only(document):
    for container in pod_of(document)["containers"]:
        for entry in container.get("env", []):
            if any(word in entry["name"] for word in SECRET_WORDS):
                assert entry["valueFrom"]["secretKeyRef"]["name"] == "photofun-secrets"
                assert "value" not in entry


def test_no_manifest_carries_a_secret():
    for path, document in everything():
        assert document["kind"] != "Secret", path
        if document["kind"] == "ConfigMap":
            assert not [key for key in document["data"] if any(word in key for word in SECRET_WORDS)], path


@pytest.mark.parametrize("path", sorted(K8S.rglob("kustomization.yaml")), ids=lambda path: str(path.parent.relative_to(K8S)))
def test_a_kustomization_lists_what_exists_and_forgets_nothing(path):
    [content] = documents(path)
    listed = [*content.get("resources", []), *content.get("components", [])]
    listed += [patch["path"] for patch in content.get("patches", []) if "path" in patch]
    listed += [name for row in content.get("configMapGenerator", []) for name in row["files"]]

    for name in listed:
        target = path.parent / name
        assert target.is_file() or (target / "kustomization.yaml").is_file(), name
    others = {file.name for file in path.parent.glob("*.yaml")} - {"kustomization.yaml", "nats-values.yaml"}
    assert others <= set(listed)


def test_everything_is_denied_and_the_gateway_alone_is_open():
    policies = {document["metadata"]["name"]: document["spec"] for document in documents(K8S / "base" / "networkpolicy.yaml")}

    assert policies["default-deny"] == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    open_to_all = {name for name, spec in policies.items() for rule in spec.get("ingress", []) if not rule.get("from")}
    assert open_to_all == {"gateway"}
    for name, port in SERVICES.items():
        assert port in [row["port"] for rule in policies[name]["ingress"] for row in rule["ports"]]


def test_several_imaging_replicas_share_an_object_store_and_a_folder_has_one():
    [settings] = documents(K8S / "base" / "configmap.yaml")
    [local] = documents(K8S / "overlays" / "local" / "settings.yaml")
    [overlay] = documents(K8S / "overlays" / "local" / "kustomization.yaml")

    assert settings["data"]["STORAGE_URL"].split("://")[0] in {"s3", "gs", "az"}
    assert settings["data"]["AUTH_MODE"] == "required"
    assert local["data"]["STORAGE_URL"].startswith("file:///data/")
    [bounds] = [patch["patch"] for patch in overlay["patches"] if patch.get("target", {}).get("kind") == "HorizontalPodAutoscaler"]
    assert "{op: replace, path: /spec/maxReplicas, value: 1}" in bounds


def test_imaging_scales_by_the_backlog_of_its_steps():
    [scaled] = documents(K8S / "components" / "keda" / "scaledobject.yaml")
    trigger = scaled["spec"]["triggers"][0]

    assert trigger["type"] == "nats-jetstream"
    assert trigger["metadata"]["stream"] == STREAM
    assert trigger["metadata"]["consumer"] == durable("imaging-svc", StepRequested)


def test_the_broker_has_three_servers_that_write_to_disk():
    [values] = documents(K8S / "stores" / "nats-values.yaml")

    assert values["config"]["cluster"] == {"enabled": True, "replicas": 3}
    assert values["config"]["jetstream"]["merge"] == {"sync_interval": "always"}


def test_prometheus_asks_every_service_where_it_tells():
    [config] = documents(DEPLOY / "monitoring" / "prometheus.yml")
    asked = {job["job_name"]: job["dns_sd_configs"][0] for job in config["scrape_configs"]}

    for name, port in SERVICES.items():
        assert asked[name]["names"] == [name]
        assert asked[name]["port"] == (9464 if name == "gateway" else port)


def test_dashboard_and_alerts_use_metrics_that_exist():
    present = {row.name for metric in vars(telemetry).values() if isinstance(metric, MetricWrapperBase) for row in metric.collect()}
    dashboard = json.loads((DEPLOY / "monitoring" / "grafana" / "dashboards" / "photofun.json").read_text("utf-8"))
    [alerts] = documents(DEPLOY / "monitoring" / "alerts.yml")
    asked = [target["expr"] for panel in dashboard["panels"] for target in panel.get("targets", [])]
    rules = [rule for group in alerts["groups"] for rule in group["rules"]]
    asked += [rule["expr"] for rule in rules]

    used = {word for text in asked for word in re.findall(r"\b(?:http|photofun)_[a-z_]+", text)}

    subjects = {subject for text in asked for subject in re.findall(r'subject="([^"]+)"', text)}

    families = {re.sub("_(total|bucket)$", "", name) for name in used}
    assert families <= present, "they ask for what is told"
    assert present - families == {"photofun_queue_in_hand"}, "what is told is shown"
    assert subjects <= {row.fact.subject for row in FLOW}
    assert all(text.count(left) == text.count(right) for text in asked for left, right in ("()", "{}", "[]"))
    assert all(rule["annotations"].keys() == {"summary", "action"} and rule["labels"]["severity"] for rule in rules)


def test_monitoring_in_compose_is_a_profile_on_loopback():
    compose = yaml.safe_load((DEPLOY / "compose.yaml").read_text("utf-8"))

    for name in ("prometheus", "grafana"):
        block = compose["services"][name]
        assert block["profiles"] == ["monitoring"]
        assert all(port.startswith("127.0.0.1:") for port in block["ports"])
        for volume in block["volumes"]:
            source = volume.split(":")[0]
            assert source in compose["volumes"] or (DEPLOY / source).exists()
    assert compose["services"]["gateway"]["environment"]["METRICS_PORT"] == "9464"
