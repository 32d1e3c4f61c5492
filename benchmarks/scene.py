"""What the benchmarks share: one Label Studio, projects of made-up tickets, and our services beside it."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx
import tomli_w

from connector.config.file import load
from connector.queue import SilentQueue
from connector.wiring import Services, build
from workers.demo.server import (
    RunningLabelStudio,
    default_cache_dir,
    free_port,
    prepare_label_studio,
    start_label_studio,
)
from workers.demo.service import PROJECT
from workers.label_types.registry import codecs

Json = dict[str, Any]

CLASSES = ("billing", "delivery", "returns", "account", "praise")
LABEL_CONFIG = (
    '<View><Text name="text" value="$text"/><Choices name="topic" toName="text" choice="single">'
    + "".join(f'<Choice value="{name}"/>' for name in CLASSES)
    + "</Choices></View>"
)
WORDS = ("parcel", "invoice", "refund", "late", "broken", "login", "thanks", "order", "address", "card")
TEXT_WORDS = 40
IMPORT_AT_ONCE = 1000
TOP_SCORE = (0.70, 0.99)  # how sure the made-up model is
REQUEST_SECONDS = 300.0


class Scene:
    """As a context manager, it stops at the end whatever was started for it."""

    def __init__(self, folder: Path, *, quick: bool, say: Callable[[str], object]) -> None:
        self.folder = folder
        self.quick = quick
        self.say = say
        self._server: RunningLabelStudio | None = None
        self._services: list[Services] = []
        self._numbers = count(1)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        for services in self._services:
            services.close()
        if self._server is not None:
            self.client.close()
            self._server.stop()

    @property
    def server(self) -> RunningLabelStudio:
        """A real Label Studio, started when first asked for."""
        if self._server is None:
            self.say("   starting Label Studio")
            home = prepare_label_studio(default_cache_dir(), self.say)
            self._server = start_label_studio(home, self.folder / "label-studio")
        return self._server

    @cached_property
    def client(self) -> httpx.Client:
        """A bare HTTP client of the server's administrator."""
        client = self.server.client()
        client.timeout = httpx.Timeout(REQUEST_SECONDS)
        return client

    @cached_property
    def annotators(self) -> list[int]:
        """Two people of the organisation."""
        return [self.server.create_user(f"annotator-{n}@example.com").id for n in (1, 2)]

    def new_folder(self) -> Path:
        folder = self.folder / f"service-{next(self._numbers)}"
        folder.mkdir()
        return folder

    def new_project(self, title: str, label_config: str = LABEL_CONFIG) -> int:
        """An empty project; its number."""
        project = self.call("POST", "/api/projects/", json={"title": title, "label_config": label_config})
        return int(project["id"])

    def filled_project(self, title: str, tasks: Sequence[Json]) -> tuple[int, list[int]]:
        """A project that holds these tasks, and their ids in the same order."""
        project, ids, started = self.new_project(title), [], time.monotonic()
        for start in range(0, len(tasks), IMPORT_AT_ONCE):
            ids += self.import_tasks(project, tasks[start : start + IMPORT_AT_ONCE])
        self.say(f"   {len(ids)} tasks loaded in {time.monotonic() - started:.0f} s")
        return project, ids

    def import_tasks(self, project: int, tasks: Sequence[Json]) -> list[int]:
        """One bare import request; the new ids."""
        path = f"/api/projects/{project}/import"
        answer = self.call("POST", path, params={"return_task_ids": "true"}, json=list(tasks))
        return list(answer["task_ids"])

    def as_imported(self, project: int, number: int) -> list[Json]:
        """So many of a project's tasks, with their predictions, as an import would bring them."""
        query = {"project": project, "fields": "all", "page_size": number}
        names = ("model_version", "result", "score")
        return [
            {
                "data": row["data"],
                "predictions": [{name: p[name] for name in names} for p in row["predictions"]],
            }
            for row in self.call("GET", "/api/tasks", params=query)["tasks"]
        ]

    def label_config(self, project: int) -> str:
        """A project's labelling config."""
        return str(self.call("GET", f"/api/projects/{project}/")["label_config"])

    def call(self, method: str, path: str, **arguments: Any) -> Any:
        """The JSON answer to a request that must succeed."""
        response = self.client.request(method, path, **arguments)
        if not response.is_success:
            msg = f"{method} {path}: {response.status_code} {response.text[:300]}"
            raise RuntimeError(msg)
        return response.json()

    def config(self, project: int = 1, url: str | None = None, **settings: Mapping[str, Any]) -> Path:
        """A secondlook.toml in a folder of its own, for a project of the server or of `url`."""
        folder = self.new_folder()
        chosen: Json = {
            "platform": "label_studio",
            "url": url or self.server.url,
            "project": project,
            "token": {"file": "token"},
            "predictions": {"source": "platform", "out_of_sample": True},
            **settings,
        }
        (folder / "token").write_text("unused" if url else self.server.token)
        tree = {
            "data_dir": "data",
            "server": {"host": "127.0.0.1", "port": free_port()},
            "worker": {"tick_seconds": 1.0},
            "projects": {PROJECT: chosen},
        }
        path = folder / "secondlook.toml"
        path.write_bytes(tomli_w.dumps(tree).encode())
        return path

    def services(self, config: Path) -> Services:
        """Our services in this process, on a database of their own; the benchmark itself runs the jobs."""
        services = build(load(config), SilentQueue(), codecs=codecs())
        self._services.append(services)
        return services


def task(rng: random.Random, annotators: Sequence[int], number: int) -> Json:
    """A ticket with one annotation by each annotator, all right, and a prediction that agrees."""
    label = CLASSES[number % len(CLASSES)]
    text = f"Ticket {number}: " + " ".join(rng.choices(WORDS, k=TEXT_WORDS))
    annotations = [
        # An imported annotation counts as ground truth unless it is said that it is not.
        {"result": [choice(label)], "completed_by": who, "ground_truth": False}
        for who in annotators
    ]
    return {
        "data": {"text": text, "number": number},
        "annotations": annotations,
        "predictions": [prediction(rng, label)],
    }


def prediction(rng: random.Random, label: str) -> Json:
    """A prediction of this label with a score for every class."""
    top = rng.uniform(*TOP_SCORE)
    rest = (1 - top) / (len(CLASSES) - 1)
    scores = {name: top if name == label else rest for name in CLASSES}
    region = choice(label) | {"meta": {"class_scores": scores}}
    return {"model_version": "bench", "score": top, "result": [region]}


def choice(label: str) -> Json:
    """A result item as the labelling page sends it."""
    value = {"choices": [label]}
    return {"id": "given", "from_name": "topic", "to_name": "text", "type": "choices", "value": value}


def tasks(annotators: Sequence[int], number: int, seed: int = 7) -> list[Json]:
    """So many tickets, the same ones each time."""
    rng = random.Random(seed)
    return [task(rng, annotators, n) for n in range(number)]


def other_than(label: str) -> str:
    """Another class."""
    return CLASSES[(CLASSES.index(label) + 1) % len(CLASSES)]
