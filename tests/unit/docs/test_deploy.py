"""What stands in deploy/ can be read by those who will read it, as far as that can be seen here."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from connector.config.file import load
from connector.config.settings import Settings
from connector.queue import make_celery
from tests.unit.docs.pages import ROOT, blocks

DEPLOY = ROOT / "deploy"
# The templates of the chart are read by Helm: test_helm.py.
YAML_FILES = sorted(file for file in DEPLOY.rglob("*.yaml") if file.parent.name != "templates")
UNITS = sorted((DEPLOY / "systemd").glob("*.service"))


class ComposeLoader(yaml.SafeLoader):
    """Knows Compose's own tags."""


ComposeLoader.add_constructor("!override", lambda loader, node: loader.construct_mapping(node, deep=True))


def _yaml(name: str) -> list[Any]:
    text = (DEPLOY / name).read_text("utf-8")
    return list(yaml.load_all(text, Loader=ComposeLoader))


def _loaded(tmp_path: Path, text: str, environ: dict[str, str] | None = None) -> Settings:
    file = tmp_path / "secondlook.toml"
    file.write_text(text)
    return load(file, environ=environ or {})


@pytest.mark.parametrize("file", sorted(DEPLOY.rglob("*.toml")), ids=lambda f: str(f.relative_to(ROOT)))
def test_settings_files_are_accepted(file: Path) -> None:
    assert load(file, environ={}).projects


@pytest.mark.parametrize("text", blocks(ROOT / "README.md", "toml"))
def test_the_settings_of_the_readme_are_accepted(tmp_path: Path, text: str) -> None:
    assert _loaded(tmp_path, text).projects


def test_the_configuration_map_is_accepted(tmp_path: Path) -> None:
    (config,) = _yaml("kubernetes/config.yaml")
    settings = _loaded(tmp_path, config["data"]["secondlook.toml"])
    assert settings.database.url is not None
    assert not settings.broker.url.startswith("memory")


def test_the_environment_of_the_image_and_of_rabbitmq_is_accepted(tmp_path: Path) -> None:
    image = dict(re.findall(r"(SECONDLOOK_\w+)=(\S+)", (DEPLOY / "Dockerfile").read_text("utf-8")))
    image.pop("SECONDLOOK_CONFIG")
    (override,) = _yaml("compose.rabbitmq.yaml")
    environ = {k: v for k, v in override["services"]["worker"]["environment"].items() if "SECONDLOOK" in k}
    settings = _loaded(tmp_path, (DEPLOY / "secondlook.toml").read_text("utf-8"), image | environ)
    assert settings.broker.url.startswith("amqp://")
    assert settings.broker.password is not None
    assert settings.data_dir == Path("/data")


@pytest.mark.parametrize("file", YAML_FILES, ids=lambda f: str(f.relative_to(ROOT)))
def test_yaml_parses(file: Path) -> None:
    assert all(isinstance(document, dict) for document in _yaml(str(file.relative_to(DEPLOY))))


@pytest.mark.parametrize("name", ["compose.yaml", "compose.rabbitmq.yaml", "compose.argilla.yaml"])
def test_compose_names_only_what_it_has(name: str) -> None:
    (base,), (compose,) = _yaml("compose.yaml"), _yaml(name)
    services = base["services"] | compose["services"]
    for service in compose["services"].values():
        assert set(service.get("depends_on", {})) <= set(services)
        named = {s if isinstance(s, str) else s["source"] for s in service.get("secrets", [])}
        assert named <= set(base["secrets"] | compose.get("secrets", {}))
        volumes = {volume.split(":")[0] for volume in service.get("volumes", [])}
        kept = {volume for volume in volumes if not volume.startswith(".")}
        assert kept <= set(base["volumes"] | (compose.get("volumes") or {}))
        assert all((DEPLOY / volume).is_file() for volume in volumes - kept)


@pytest.mark.parametrize("name", ["compose.yaml", "compose.rabbitmq.yaml", "compose.argilla.yaml"])
def test_each_service_has_a_memory_limit_and_time_to_end(name: str) -> None:
    """What an override adds to is named in the first file."""
    (base,), (compose,) = _yaml("compose.yaml"), _yaml(name)
    for service, how in compose["services"].items():
        whole = base["services"].get(service, {}) | how
        assert {"mem_limit", "stop_grace_period"} <= set(whole), service


def test_a_job_that_takes_all_memory_does_not_end_its_worker() -> None:
    assert "\nOOMPolicy=continue\n" in (DEPLOY / "systemd/secondlook-worker.service").read_text("utf-8")


def test_a_web_process_serves_on_while_balancers_hear_of_its_end() -> None:
    pod = _yaml("kubernetes/web.yaml")[0]["spec"]["template"]["spec"]
    name, seconds = pod["containers"][0]["lifecycle"]["preStop"]["exec"]["command"]
    assert name == "sleep"
    assert 0 < int(seconds) < pod["terminationGracePeriodSeconds"] / 2


def test_every_secret_file_of_the_settings_is_mounted() -> None:
    (compose,) = _yaml("compose.yaml")
    wanted = re.findall(r'"/run/secrets/([\w-]+)"', (DEPLOY / "secondlook.toml").read_text("utf-8"))
    for name in ("web", "worker", "beat"):
        assert set(wanted) <= set(compose["services"][name]["secrets"])


def test_webhook_addresses_have_a_dot() -> None:
    """Label Studio refuses host names of a single label."""
    (compose,) = _yaml("compose.yaml")
    settings = load(DEPLOY / "secondlook.toml", environ={})
    (alias,) = compose["services"]["web"]["networks"]["default"]["aliases"]
    assert "." in alias
    assert alias in settings.server.url


def test_the_soft_shutdown_fits_into_the_grace_periods() -> None:
    soft = make_celery("memory://").conf.worker_soft_shutdown_timeout
    (compose,), (worker,) = _yaml("compose.yaml"), _yaml("kubernetes/worker.yaml")
    unit = (DEPLOY / "systemd/secondlook-worker.service").read_text("utf-8")
    grace = [
        int(compose["services"]["worker"]["stop_grace_period"].removesuffix("s")),
        worker["spec"]["template"]["spec"]["terminationGracePeriodSeconds"],
        int(re.findall(r"TimeoutStopSec=(\d+)", unit)[0]),
    ]
    assert min(grace) > soft + 10


def test_the_worker_is_stopped_softly_everywhere() -> None:
    (compose,), (rabbit,) = _yaml("compose.yaml"), _yaml("compose.rabbitmq.yaml")
    (worker,) = _yaml("kubernetes/worker.yaml")
    (container,) = worker["spec"]["template"]["spec"]["containers"]
    assert compose["services"]["worker"]["environment"]["REMAP_SIGTERM"] == "SIGQUIT"
    assert rabbit["services"]["worker"]["environment"]["REMAP_SIGTERM"] == "SIGQUIT"
    assert {"name": "REMAP_SIGTERM", "value": "SIGQUIT"} in container["env"]
    assert "KillSignal=SIGQUIT" in (DEPLOY / "systemd/secondlook-worker.service").read_text("utf-8")


def test_probes_look_at_what_the_processes_offer() -> None:
    from connector.web.api.health import router
    from workers.app import HEARTBEAT_FILE

    paths = {getattr(route, "path", "") for route in router.routes}
    web, _ = _yaml("kubernetes/web.yaml")
    (container,) = web["spec"]["template"]["spec"]["containers"]
    for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
        assert container[probe]["httpGet"]["path"] in paths
    for name in ("compose.yaml", "kubernetes/worker.yaml"):
        assert f"/data/{HEARTBEAT_FILE}" in (DEPLOY / name).read_text("utf-8")


@pytest.mark.parametrize("name", ["web", "worker", "beat"])
def test_pods_have_no_rights_that_they_do_not_need(name: str) -> None:
    deployment = _yaml(f"kubernetes/{name}.yaml")[0]
    pod = deployment["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    assert pod["securityContext"]["runAsNonRoot"]
    assert container["securityContext"]["readOnlyRootFilesystem"]
    assert not container["securityContext"]["allowPrivilegeEscalation"]
    labels = deployment["spec"]["template"]["metadata"]["labels"]
    assert deployment["spec"]["selector"]["matchLabels"].items() <= labels.items()
    mounted = {mount["name"] for mount in container["volumeMounts"]}
    assert mounted == {volume["name"] for volume in pod["volumes"]}


def test_there_is_one_scheduler() -> None:
    (beat,) = _yaml("kubernetes/beat.yaml")
    assert beat["spec"]["replicas"] == 1
    assert beat["spec"]["strategy"]["type"] == "Recreate"


def _finding(*command: str, environ: dict[str, str] | None = None) -> str:
    """What a program that checks files says; nothing, where they are right."""
    place = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    found = subprocess.run(
        command,
        capture_output=True,
        text=True,
        check=False,
        cwd=DEPLOY,
        env={**os.environ, "PATH": place, "NO_COLOR": "1", **(environ or {})},
    )
    return found.stdout + found.stderr + (f"exit code {found.returncode}" if found.returncode else "")


def test_hadolint_finds_nothing_in_the_image() -> None:
    assert _finding("hadolint", "Dockerfile") == ""


@pytest.mark.parametrize("over", [None, "compose.rabbitmq.yaml", "compose.argilla.yaml"])
def test_compose_accepts_its_files(over: str | None) -> None:
    files = ["compose.yaml", *([over] if over else [])]
    named = [word for file in files for word in ("--file", file)]
    environ = {"ARGILLA_API_KEY": "key", "ARGILLA_PASSWORD": "password"}
    assert _finding("docker-compose", *named, "config", "--quiet", environ=environ) == ""


def test_systemd_accepts_the_units(tmp_path: Path) -> None:
    for unit in UNITS:
        # What it would start is not installed here; that it is there is no matter of the unit.
        (tmp_path / unit.name).write_text(
            re.sub(r"/opt/secondlook/bin/\w+", "/bin/true", unit.read_text("utf-8"))
        )
    files = [str(tmp_path / unit.name) for unit in UNITS]
    assert _finding("systemd-analyze", "verify", "--man=no", *files) == ""


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_units_have_their_sections_and_no_key_twice(unit: Path) -> None:
    text = unit.read_text("utf-8")
    assert re.findall(r"^\[(\w+)\]$", text, re.MULTILINE) == ["Unit", "Service", "Install"]
    keys = re.findall(r"^(\w+)=", text, re.MULTILINE)
    assert [key for key in keys if keys.count(key) > 1 and key != "Environment"] == []
    assert "User=secondlook" in text


def test_the_image_copies_what_it_needs_and_is_not_root() -> None:
    text = (DEPLOY / "Dockerfile").read_text("utf-8")
    copied = [
        word
        for line in re.findall(r"^COPY (?!--from)(.+)$", text, re.MULTILINE)
        for word in line.split()[:-1]
    ]
    assert all((ROOT / name).exists() for name in copied)
    allowed = re.findall(r"^!(.+)$", (DEPLOY / "Dockerfile.dockerignore").read_text("utf-8"), re.MULTILINE)
    assert set(copied) == set(allowed)
    packages = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["hatch"]["build"]
    assert set(packages["targets"]["wheel"]["packages"]) <= set(copied)
    assert re.findall(r"^USER (\d+):(\d+)$", text, re.MULTILINE) == [("10001", "10001")]
