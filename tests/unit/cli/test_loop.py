"""The steps of the loop and their undoing, on the platform in memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from connector.config.project import ProjectSettings
from connector.config.settings import Settings
from connector.config.types import SecretRef
from connector.errors import Retryable
from connector.model import (
    Correction,
    CorrectionEvidence,
    CorrectionState,
    Decision,
    FlagEvidence,
    Issue,
    IssueKind,
    IssueState,
    LabelSchema,
    ObjectTag,
    Outcome,
    WriteMode,
)
from connector.platforms.memory import MemoryServer, server
from connector.queue import SilentQueue
from connector.wiring import Services, build
from tests.unit.cli.conftest import Done
from workers.cli.app import run
from workers.cli.session import Session
from workers.label_types.registry import codecs
from workers.write_back.orders import order_for

SCHEMA = LabelSchema("kind", "t", ("cat", "dog", "fox"), (ObjectTag("t", "Text", "text"),))
Command = Callable[..., Done]


@pytest.fixture
def platform(home: Path) -> MemoryServer:
    found = server(f"memory://{home}")
    project = found.add_project(SCHEMA)
    for n in range(4):
        item = found.add_item(project, {"text": f"text {n}"})
        found.annotate(project, item, "cat", "ada")
    return found


@pytest.fixture
def settings(home: Path, platform: MemoryServer) -> Settings:
    (home / "token").write_text("token-of-the-memory")
    project = ProjectSettings(url="http://replaced", project=1, token=SecretRef(file=home / "token"))
    in_memory = project.model_copy(update={"platform": "memory", "url": platform.url})
    return Settings(data_dir=home / "data").model_copy(update={"projects": {"cats": in_memory}})


@pytest.fixture
def command(settings: Settings, capsys: pytest.CaptureFixture[str]) -> Command:
    def call(*arguments: str) -> Done:
        session = Session()
        session.__dict__["settings"] = settings
        code = run(arguments, session)
        return Done(code, *capsys.readouterr())

    return call


@pytest.fixture
def services(settings: Settings) -> Iterator[Services]:
    made = build(settings, SilentQueue(), codecs=codecs())
    yield made
    made.close()


def correct(services: Services, number: int, run_id: str = "run-1") -> str:
    """Write 'dog' over the label of one item, as a decision would."""
    project = services.project("cats")
    with services.store.begin() as unit:
        item = list(unit.items.labelled(project.id))[number]
        issue = Issue(
            f"issue-{number}", project.id, item.item_id, item.annotation_id, item.label_version, unit.now,
            IssueKind.LABEL_ERROR, IssueState.ACCEPTED, "cat", "dog", 0.1, 0.9, 1, "both", "m", "scan",
            FlagEvidence(),
        )  # fmt: skip
        unit.issues.add([issue])
        unit.issues.decide(Decision(f"d-{number}", issue.id, Outcome.ACCEPT, "dog", "2 of 2", (), unit.now))
        correction = Correction(
            f"c-{number}", project.id, issue.id, f"d-{number}", run_id, item.item_id, item.annotation_id,
            WriteMode.UPDATE, CorrectionState.PENDING, "cat", "dog", "secondlook", CorrectionEvidence(),
        )  # fmt: skip
        unit.corrections.add(correction)
        order = order_for(unit, correction, "")
    record = services.source("cats").write(order)
    with services.store.begin() as unit:
        unit.corrections.applied(correction.id, record)
    return correction.id


def labels(platform: MemoryServer) -> list[str | None]:
    return [held.item.annotations[0].label for held in platform.board("1").held.values()]


def test_sync_says_what_it_saw(command: Command) -> None:
    done = command("sync", "cats", "--json")
    assert done.code == 0, done.err
    assert done.json["result"]["new"] == 4
    assert "Read 4 items of cats: 0 new, 0 changed" in command("sync", "cats", "--full").out


def test_every_step_speaks_in_sentences(command: Command) -> None:
    assert command("sync", "cats").out.startswith("Read 4 items of cats: 4 new,")
    assert command("push", "cats").out.startswith(
        "Nothing of cats waits to be reviewed: `secondlook scan cats`"
    )
    assert command("collect", "cats").out.startswith("No new answers for cats.")
    assert command("scan", "cats").out.startswith("0 of 4 labels of cats are suspicious.")


def test_the_model_of_a_project_is_trained_again_when_asked_and_that_of_a_file_always(
    command: Command, tmp_path: Path
) -> None:
    command("sync", "cats")
    done = command("scan", "cats", "--refit")
    assert (done.code, done.out.split(" labels")[0]) == (0, "0 of 4")
    (tmp_path / "labels.csv").write_text("text,label\n")
    refused = command("scan", str(tmp_path / "labels.csv"), "--refit")
    assert refused.code == 2
    assert "a file is judged by a model that is trained on it each time" in " ".join(refused.err.split())


def test_work_that_follows_is_mentioned(command: Command) -> None:
    done = command("sync", "cats")
    assert "secondlook up" in done.err
    assert command("sync", "cats", "--json").json["jobs_waiting"] >= 1


def test_a_platform_that_does_not_answer_is_exit_code_5(command: Command, platform: MemoryServer) -> None:
    platform.fail("describe", Retryable("no connection"))
    done = command("sync", "cats")
    assert done.code == 5
    assert "no connection" in done.err
    assert "Traceback" not in done.err


def test_a_correction_is_undone_on_the_platform(
    command: Command, services: Services, platform: MemoryServer
) -> None:
    command("sync", "cats")
    correction = correct(services, 0)
    assert labels(platform) == ["dog", "cat", "cat", "cat"]
    done = command("revert", correction)
    assert done.code == 0, done.err
    assert "restored 'cat'" in done.out
    assert labels(platform) == ["cat"] * 4
    again = command("revert", correction)
    assert again.code == 1
    assert "nothing to undo" in again.err


def test_a_run_is_undone_as_a_whole_but_for_what_someone_changed_since(
    command: Command, services: Services, platform: MemoryServer
) -> None:
    command("sync", "cats")
    for number in range(3):
        correct(services, number)
    correct(services, 3, run_id="run-2")
    held = list(platform.board("1").held.values())[1]
    platform.edit("1", held.item.annotations[0].remote_id, "fox", "ada")
    done = command("revert", "--run", "run-1", "--json")
    assert done.code == 4
    assert {each["correction"] for each in done.json["reverted"]} == {"c-0", "c-2"}
    assert [each["correction"] for each in done.json["conflicts"]] == ["c-1"]
    assert labels(platform) == ["cat", "fox", "cat", "dog"]


def test_what_does_not_exist_cannot_be_undone(command: Command) -> None:
    assert command("revert", "none").code == 1
    assert command("revert", "--run", "none").code == 1
    assert command("revert").code == command("revert", "c", "--run", "r").code == 2


def test_the_actor_of_a_revert_stands_in_the_audit_log(
    command: Command, services: Services, platform: MemoryServer
) -> None:
    command("sync", "cats")
    command("revert", correct(services, 0))
    with services.store.read() as unit:
        actions = {entry.action: entry.actor for entry in unit.audit.entries(subject="c-0")}
    assert actions["correction.reverted"].startswith("cli:")
