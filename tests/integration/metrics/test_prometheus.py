"""What Prometheus and Grafana are given can be read by them, and speaks of metrics that exist."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import yaml

from connector.model.metrics import METRICS, MetricType

ROOT = Path(__file__).resolve().parents[3]
RULES = ROOT / "deploy" / "prometheus" / "rules.yaml"
BOARD = json.loads((ROOT / "deploy" / "grafana" / "secondlook.json").read_text("utf-8"))
NAME = re.compile(r"secondlook_\w+")


def promtool(*arguments: str, text: str | None = None) -> str:
    done = subprocess.run(
        ["promtool", *arguments], input=text, capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def exported() -> set[str]:
    found = {name for name, metric in METRICS.items() if metric.type is not MetricType.HISTOGRAM}
    for name, metric in METRICS.items():
        if metric.type is MetricType.HISTOGRAM:
            found |= {f"{name}_{part}" for part in ("bucket", "sum", "count")}
    return found


def expressions() -> list[str]:
    return [target["expr"] for panel in BOARD["panels"] for target in panel["targets"]]


def test_the_rules_hold_and_do_what_they_say() -> None:
    promtool("check", "rules", str(RULES))
    promtool("test", "rules", str(RULES.with_name("rules.test.yaml")))


def test_every_rule_is_of_metrics_that_exist() -> None:
    rules = yaml.safe_load(RULES.read_text("utf-8"))["groups"][0]["rules"]
    assert len(rules) == 16
    for rule in rules:
        used = set(NAME.findall(rule["expr"]))
        assert used
        assert used <= exported(), rule["alert"]
        assert "sum without" not in rule["expr"]


def test_every_panel_can_be_read_and_is_of_metrics_that_exist(tmp_path: Path) -> None:
    found = expressions()
    rules = [{"record": f"panel:{n}", "expr": expr.replace("$project", ".*")} for n, expr in enumerate(found)]
    file = tmp_path / "panels.yaml"
    file.write_text(yaml.safe_dump({"groups": [{"name": "panels", "rules": rules}]}))
    promtool("check", "rules", str(file))
    for expr in found:
        assert set(NAME.findall(expr)) <= exported(), expr


def test_metrics_bear_the_names_that_prometheus_expects() -> None:
    lines = [
        f"# HELP {each.name} {each.help}\n# TYPE {each.name} {each.type}\n"
        + (
            f'{each.name}_bucket{{le="+Inf"}} 1\n{each.name}_sum 1\n{each.name}_count 1\n'
            if each.type is MetricType.HISTOGRAM
            else f"{each.name} 1\n"
        )
        for each in METRICS.values()
    ]
    promtool("check", "metrics", text="".join(lines))
