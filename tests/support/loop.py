"""A small project with planted errors on a real Label Studio, and Secondlook processes beside it."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import tomli_w

from connector.config.file import load
from connector.config.keyring import Keyring
from connector.config.settings import Settings
from connector.model.jobs import JobKind
from connector.queue import SilentQueue
from connector.wiring import Services, build
from tests.support.label_studio import LabelStudioServer, choice
from tests.support.processes import GuardedProcess, ProcessPark
from workers.demo.server import User, free_port
from workers.service.runner import run, run_inline

NAME = "animals"
CLASSES = ("cat", "dog", "horse")
CONFIG = (
    '<View><Text name="text" value="$text"/><Choices name="label" toName="text">'
    + "".join(f'<Choice value="{name}"/>' for name in CLASSES)
    + "</Choices></View>"
)
PATIENCE_S = 120.0


@dataclass
class Scene:
    """`n_items` texts, the first `n_wrong` of them labeled wrong; predictions on the platform are right."""

    server: LabelStudioServer
    project: int
    truth: dict[str, str]
    reviewers: list[User]
    answered: set[tuple[int, int]] = field(default_factory=set)

    def review_tasks(self, review_project: int) -> list[dict[str, Any]]:
        return self.server.tasks(review_project)

    def answer_open(self, review_project: int) -> int:
        """Each reviewer truthfully answers the next task of their stream; the number of answers."""
        given = 0
        for reviewer in self.reviewers:
            with self.server.client(reviewer.token) as client:
                found = client.get(f"/api/projects/{review_project}/next")
                if found.status_code != httpx.codes.OK:
                    continue
                task = found.json()
                label = self.truth[task["data"]["text"]]
                body = {"result": [choice(label)]}
                client.post(f"/api/tasks/{task['id']}/annotations/", json=body).raise_for_status()
                given += 1
        return given

    def labels(self) -> dict[str, str]:
        """Text → the label it carries in Label Studio's export: ground truth, else the annotator's."""
        carried = {}
        for task in self.server.export(self.project):
            answers = task["annotations"]
            best = [one for one in answers if one["ground_truth"]] or answers
            carried[task["data"]["text"]] = best[-1]["result"][0]["value"]["choices"][0]
        return carried

    def annotations_per_task(self) -> Counter[int]:
        """How many tasks of the source have how many annotations."""
        return Counter(len(task["annotations"]) for task in self.server.tasks(self.project))


def set_scene(server: LabelStudioServer, n_items: int = 30, n_wrong: int = 6) -> Scene:
    rows = []
    for row in range(n_items):
        right = CLASSES[row % len(CLASSES)]
        given = CLASSES[(row + 1) % len(CLASSES)] if row < n_wrong else right
        rows.append((f"item {row:03d}", given, right))
    return scene_of(server, rows)


def scene_of(server: LabelStudioServer, rows: Sequence[tuple[str, str, str]], **settings: Any) -> Scene:
    """A project of (text, given label, right label); `settings` are Label Studio's own."""
    annotator = server.create_user("annotator@example.com")
    reviewers = [server.create_user(f"reviewer-{n}@example.com") for n in range(3)]
    tasks = [_task(text, given, right, annotator.id) for text, given, right in rows]
    project = server.new_project("Animals", CONFIG, tasks, **settings)
    return Scene(server, project, {text: right for text, _, right in rows}, reviewers)


def _task(text: str, given: str, right: str, annotator: int) -> dict[str, Any]:
    scores = {name: 0.96 if name == right else 0.02 for name in CLASSES}
    return {
        "data": {"text": text},
        "annotations": [{"result": [choice(given)], "completed_by": annotator, "ground_truth": False}],
        "predictions": [
            {
                "model_version": "held-out-1",
                "score": 0.96,
                "result": [choice(right) | {"meta": {"class_scores": scores}}],
            }
        ],
    }


def write_config(
    folder: Path,
    scene: Scene,
    url: str,
    *,
    poll_seconds: float = 3.0,
    project: Mapping[str, Mapping[str, Any]] | None = None,
    **sections: Mapping[str, Any],
) -> Path:
    """A secondlook.toml with quick timings; `sections` are laid over it, `project` over the project's."""
    folder.mkdir(parents=True, exist_ok=True)
    token = folder / "token"
    token.touch(mode=0o600)
    token.write_text(scene.server.token)
    config: dict[str, Any] = {
        "data_dir": "data",
        "server": {"host": "127.0.0.1", "port": free_port()},
        "worker": {
            "lease_seconds": 4.0,
            "tick_seconds": 1.0,
            "resend_seconds": 3.0,
            "retry_base_seconds": 0.5,
            "retry_max_seconds": 3.0,
            "max_attempts": 60,
        },
        "projects": {
            NAME: {
                "url": url,
                "project": scene.project,
                "token": {"file": token.name},
                "predictions": {"source": "platform", "out_of_sample": True},
                "policy": {"control_share": 0.0, "blind_share": 0.0, "class_cap": 1.0},
                "review": {"rule": "quorum"},
                "sync": {"poll_seconds": poll_seconds},
            }
        },
    }
    for place, laid in ((config, sections), (config["projects"][NAME], project or {})):
        for name, values in laid.items():
            place.setdefault(name, {}).update(values)
    path = folder / "secondlook.toml"
    path.write_bytes(tomli_w.dumps(config).encode())
    return path


@dataclass
class Crew:
    """Processes of one installation, and a look into its database."""

    config: Path
    settings: Settings
    park: ProcessPark

    @property
    def services(self) -> Services:
        """Services that announce nothing: for looking."""
        return build(self.settings, SilentQueue())

    def up(self) -> GuardedProcess:
        return self.park.python("-m", "workers.cli", "--config", str(self.config), "up")

    def web(self) -> GuardedProcess:
        return self.park.python("-m", "workers.cli", "--config", str(self.config), "web")

    def worker(self) -> GuardedProcess:
        return self._celery("worker", "--concurrency=2", "--without-mingle", "--without-gossip")

    def beat(self) -> GuardedProcess:
        return self._celery("beat")

    def _celery(self, *arguments: str) -> GuardedProcess:
        env = {"SECONDLOOK_CONFIG": str(self.config), "C_FORCE_ROOT": "1"}
        return self.park.python("-m", "celery", "-A", "workers.app", *arguments, env=env)

    def api(self, path: str) -> Any:
        """The service's own JSON API."""
        token = Keyring(self.settings).api_token.get_secret_value()
        response = httpx.get(
            f"{self.settings.server.url}{path}", headers={"Authorization": f"Bearer {token}"}, timeout=30
        )
        return response.raise_for_status().json()


def crew(config: Path, park: ProcessPark) -> Crew:
    return Crew(config, load(config), park)


@contextmanager
def looking(crew: Crew) -> Iterator[Services]:
    services = crew.services
    try:
        yield services
    finally:
        services.close()


def wait_until(what: str, ready: Callable[[], Any], patience: float = PATIENCE_S) -> Any:
    """The first true answer of `ready`, asked again and again."""
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        if found := ready():
            return found
        time.sleep(0.3)
    raise AssertionError(f"{what} did not happen within {patience:.0f} s")


def work(services: Services, name: str, *kinds: JobKind) -> None:
    """Run these jobs of a project, and whatever follows from them, until nothing is left to do."""
    for kind in kinds:
        run_inline(services, name, kind)
    deadline = time.monotonic() + PATIENCE_S
    while True:
        with services.store.begin() as unit:
            due = unit.jobs.due(timedelta(0))
            left = unit.jobs.unfinished(services.project(name).id)
        if not left:
            return
        assert time.monotonic() < deadline, f"{left} jobs do not come to an end"
        for job in due:
            run(services, job)
        if not due:
            time.sleep(0.1)
