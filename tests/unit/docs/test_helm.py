"""The chart as Helm itself renders it, against golden files and the schemas of Kubernetes."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml
from helm_python import Chart, lint
from helm_python.errors import HelmValuesError

from connector.config.file import load
from tests.unit.docs.operators import OF_OPERATORS, require_accepted
from tests.unit.docs.pages import ROOT

CHART = ROOT / "deploy" / "helm" / "secondlook"
GOLDEN = Path(__file__).parent / "golden"
KUBERNETES = "1.34"
EVERYTHING: Mapping[str, Any] = {
    "image": {"repository": "registry.example.org/secondlook", "digest": f"sha256:{'0' * 64}"},
    "imagePullSecrets": [{"name": "registry"}],
    "podAnnotations": {"example.org/note": "yes"},
    "database": {"pooler": True},
    "extraEnv": [{"name": "SSL_CERT_FILE", "value": "/etc/ssl/site.pem"}],
    "topologySpreadConstraints": [
        {"maxSkew": 1, "topologyKey": "kubernetes.io/hostname", "whenUnsatisfiable": "ScheduleAnyway"}
    ],
    "ingress": {"enabled": True, "className": "nginx", "tlsSecret": "tls"},
    "networkPolicy": {"enabled": True, "from": [{"namespaceSelector": {}}]},
    "keda": {"enabled": True},
    "serviceMonitor": {"enabled": True},
    "prometheusRule": {"enabled": True, "labels": {"release": "prometheus"}},
}
VALUES: Mapping[str, Mapping[str, Any]] = {"default": {}, "everything": EVERYTHING}


def rendered(values: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The manifests, in the order of their files."""
    with Chart.load(CHART) as chart:
        texts = chart.render(dict(values), name="secondlook", namespace="labels")
    return [one for name in sorted(texts) for one in yaml.safe_load_all(texts[name]) if one is not None]


@pytest.mark.parametrize("name", VALUES)
def test_the_chart_renders_what_the_golden_file_holds(name: str) -> None:
    """RENEW_GOLDEN=1 writes the files anew; look at the difference before it is committed."""
    text = yaml.safe_dump_all(rendered(VALUES[name]), sort_keys=False, width=110)
    file = GOLDEN / f"helm-{name}.yaml"
    if os.environ.get("RENEW_GOLDEN"):
        file.write_text(text, "utf-8")
    assert text == file.read_text("utf-8")


@pytest.mark.parametrize("name", VALUES)
def test_kubernetes_and_its_operators_accept_every_manifest(name: str) -> None:
    kinds = set()
    for manifest in rendered(VALUES[name]):
        kinds.add(manifest["kind"])
        if manifest["kind"] in OF_OPERATORS:
            require_accepted(manifest)
        else:
            kubernetes_validate.validate(manifest, KUBERNETES, strict=True)
    assert kinds >= {"Deployment", "Service", "ConfigMap", "PodDisruptionBudget"}
    assert (kinds >= set(OF_OPERATORS)) is (name == "everything")


def test_kubernetes_accepts_the_plain_manifests() -> None:
    folder = ROOT / "deploy/kubernetes"
    listed = yaml.safe_load((folder / "kustomization.yaml").read_text("utf-8"))["resources"]
    assert {file.name for file in folder.glob("*.yaml")} == {"kustomization.yaml", *listed}
    for name in listed:
        for manifest in yaml.safe_load_all((folder / name).read_text("utf-8")):
            kubernetes_validate.validate(manifest, KUBERNETES, strict=True)


def test_no_budget_keeps_a_lone_pod_from_being_moved() -> None:
    values = {"web": {"replicas": 1}, "worker": {"replicas": 1}}
    budgets = [one["spec"] for one in rendered(values) if one["kind"] == "PodDisruptionBudget"]
    assert [(one["maxUnavailable"], "minAvailable" in one) for one in budgets] == [(1, False)] * 2


def test_a_pooler_is_told_to_every_process(tmp_path: Path) -> None:
    pods = [
        one["spec"]["template"]["spec"]["containers"][0]
        for one in rendered({"database": {"pooler": True}})
        if one["kind"] == "Deployment"
    ]
    told = [{each["name"]: each["value"] for each in pod["env"]} for pod in pods]
    (tmp_path / "secondlook.toml").write_text('database = { url = "postgresql+psycopg://u@h/n" }')
    assert len(told) == 3
    assert all(
        load(
            tmp_path / "secondlook.toml", environ={k: v for k, v in env.items() if k.startswith("SECOND")}
        ).database.pooler
        for env in told
    )


def test_helm_finds_no_fault() -> None:
    assert [one for one in lint(CHART)["messages"] if one["severity"] > 1] == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"image": {"repository": "r", "digest": "latest"}},
        {"existingSecret": ""},
        {"worker": {"replica": 3}},
        {"keda": {"cooldownSeconds": 10}},
        {"database": {"pooler": "transaction"}},
        {"worker": {"terminationGracePeriodSeconds": 20}},
    ],
)
def test_values_that_cannot_be_right_are_refused(wrong: Mapping[str, Any]) -> None:
    with pytest.raises(HelmValuesError, match="specifications of the schema"):
        rendered(wrong)


def test_the_chart_and_the_plain_manifests_run_the_same_containers() -> None:
    """Only names and sizes differ: who moves from one to the other keeps probes, rights and arguments."""
    ours = {one["metadata"]["name"]: one for one in rendered({}) if one["kind"] == "Deployment"}
    for component in ("web", "worker", "beat"):
        plain = next(yaml.safe_load_all((ROOT / f"deploy/kubernetes/{component}.yaml").read_text("utf-8")))
        pods = [one["spec"]["template"]["spec"] for one in (plain, ours[f"secondlook-{component}"])]
        for pod in pods:
            del pod["volumes"][0]["configMap"]["name"]
            pod["containers"][0] |= {"image": "", "imagePullPolicy": ""}
        assert pods[0] == pods[1]


def test_the_settings_of_the_chart_are_accepted(tmp_path: Path) -> None:
    [config] = [one for one in rendered({}) if one["kind"] == "ConfigMap"]
    file = tmp_path / "secondlook.toml"
    file.write_text(config["data"]["secondlook.toml"])
    assert load(file, environ={}).projects["pets"].writeback.mode == "dry_run"


def test_the_alert_rules_are_those_of_prometheus() -> None:
    """A chart can only hold files of its own folder."""
    assert (CHART / "rules.yaml").read_text("utf-8") == (ROOT / "deploy/prometheus/rules.yaml").read_text(
        "utf-8"
    )
    [rule] = [one for one in rendered(EVERYTHING) if one["kind"] == "PrometheusRule"]
    assert rule["spec"]["groups"]


def scaling_query() -> str:
    """What KEDA asks the database."""
    [scaled] = [one for one in rendered(EVERYTHING) if one["kind"] == "ScaledObject"]
    return str(scaled["spec"]["triggers"][0]["metadata"]["query"])
