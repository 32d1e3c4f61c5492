"""`init` checks each answer on the server before it writes anything."""

from __future__ import annotations

import os
import pty
import signal
import stat
import sys
import time
from pathlib import Path

import pytest

from connector.config.file import load
from connector.model import WriteMode
from tests.unit.cli.conftest import Secondlook
from tests.unit.cli.little_studio import PROJECTS, TOKEN, little_argilla
from workers.cli.wizard import slug


@pytest.fixture
def token(home: Path) -> str:
    (home / "token").write_text(TOKEN + "\n")
    return "token"


def test_options_are_enough(secondlook: Secondlook, studio: str, token: str) -> None:
    done = secondlook("init", "--yes", "--url", studio + "/", "--token-file", token, "--project", "3")
    assert done.code == 0, done.err
    cats = load(environ={}).project("cats-dogs")
    assert (cats.url, cats.project, cats.label_control) == (studio, "3", None)
    assert cats.token.file == Path(token).absolute()
    assert TOKEN not in Path("secondlook.toml").read_text() + done.out + done.err


def test_the_token_may_stay_in_a_variable(
    secondlook: Secondlook, studio: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CATS_TOKEN", TOKEN)
    given = {
        "--url": studio,
        "--token-env": "CATS_TOKEN",
        "--project": "5",
        "--label-control": "tone",
        "--name": "cats",
        "--public-url": "https://hooks.example.org",
    }
    done = secondlook("init", "-y", *(each for pair in given.items() for each in pair))
    assert done.code == 0, done.err
    settings = load(environ={})
    assert settings.project("cats").token.env == "CATS_TOKEN"
    assert settings.project("cats").label_control == "tone"
    assert settings.server.url == "https://hooks.example.org"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--project", "3"], "--url"),
        (["--url", "labels.example.org", "--project", "3"], "must start with http://"),
        (["--url", "http://127.0.0.1:1", "--project", "3"], "no connection"),
        (["--url", "STUDIO"], "--project"),
        (["--url", "STUDIO", "--project", "9"], "Projects that it sees: 3, 6, 5"),
        (["--url", "STUDIO", "--project", "6"], "no control that can be judged"),
        (["--url", "STUDIO", "--project", "5"], "kind, tone"),
        (["--url", "STUDIO", "--project", "5", "--label-control", "mood"], "Usable here: kind, tone"),
        (["--url", "STUDIO", "--project", "3", "--name", "A B"], "is no project name"),
    ],
)
def test_a_wrong_answer_is_refused_and_nothing_is_written(
    secondlook: Secondlook, studio: str, token: str, arguments: list[str], words: str
) -> None:
    given = [studio if each == "STUDIO" else each for each in arguments]
    done = secondlook("init", "--yes", "--token-file", token, *given)
    assert done.code == 2
    assert words in done.err
    assert not Path("secondlook.toml").exists()


def test_a_wrong_token_is_refused(secondlook: Secondlook, studio: str, home: Path) -> None:
    (home / "token").write_text("f" * 40)
    done = secondlook("init", "--yes", "--url", studio, "--token-file", "token", "--project", "3")
    assert done.code == 2
    assert "401" in done.err
    assert "f" * 40 not in done.err


def test_an_existing_file_is_kept_without_force(secondlook: Secondlook, studio: str, token: str) -> None:
    Path("secondlook.toml").write_text("# mine\n")
    arguments = ["init", "--yes", "--url", studio, "--token-file", token, "--project", "3"]
    assert secondlook(*arguments).code == 2
    assert Path("secondlook.toml").read_text() == "# mine\n"
    assert secondlook(*arguments, "--force").code == 0
    assert load(environ={}).projects


def test_a_conversation_goes_on_after_wrong_answers(
    secondlook: Secondlook, studio: str, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = iter(
        ["nonsense", studio, "wrong-token", TOKEN, "99", "6", "5", "mood", "kind", "My Cats", "cats",
         "beside", "update", "file"]
    )  # fmt: skip
    monkeypatch.setattr("typer.prompt", lambda *_args, **_options: next(answers))
    done = secondlook("init")
    assert done.code == 0, done.err
    assert next(answers, None) is None
    cats = load(environ={}).project("cats")
    assert (cats.project, cats.label_control, cats.writeback.mode) == ("5", "kind", WriteMode.UPDATE)
    assert "Every export holds the corrected label alone" in done.err
    assert cats.token.file == home / ".secondlook/token-cats"
    assert cats.token.file.read_text() == TOKEN + "\n"
    assert stat.S_IMODE(cats.token.file.stat().st_mode) == 0o600
    assert TOKEN not in done.err + done.out


@pytest.mark.parametrize(
    ("title", "name"), [("Cats & Dogs!", "cats-dogs"), ("日本", ""), ("a" * 60, "a" * 40), ("--X--", "x")]
)
def test_a_name_is_made_from_the_title(title: str, name: str) -> None:
    assert slug(title) == name


def answering(monkeypatch: pytest.MonkeyPatch, *answers: str) -> list[str]:
    """Answer questions in this order; the questions that were asked."""
    asked: list[str] = []
    left = iter(answers)

    def prompt(question: str, **_options: object) -> str:
        asked.append(question)
        return next(left)

    monkeypatch.setattr("typer.prompt", prompt)
    return asked


def test_no_token_is_asked_for_before_the_address_answers(
    secondlook: Secondlook, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workers.cli.wizard.TRIES", 1)
    asked = answering(monkeypatch, "http://127.0.0.1:1")
    done = secondlook("init")
    assert done.code == 2
    assert not [question for question in asked if "oken" in question]


def test_a_projects_link_answers_two_questions(
    secondlook: Secondlook, studio: str, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = answering(monkeypatch, f"{studio}/projects/3/data?tab=17", "cats", "ground_truth")
    done = secondlook("init", "--token-file", token)
    assert done.code == 0, done.err
    assert (load(environ={}).project("cats").url, load(environ={}).project("cats").project) == (studio, "3")
    assert not [question for question in asked if "project's number" in question]


def test_http_is_offered_where_tls_is_not_spoken(
    secondlook: Secondlook, studio: str, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong = studio.replace("http:", "https:")
    options = ("--token-file", token, "--project", "3", "--name", "cats", "--writeback", "dry_run")
    done = secondlook("init", "--yes", "--url", wrong, *options)
    assert done.code == 2
    assert f"Give {studio}" in done.err
    offered: list[str] = []
    monkeypatch.setattr("typer.confirm", lambda question, **_: offered.append(question) or True)
    assert secondlook("init", "--url", wrong, *options).code == 0
    assert studio in offered[0]
    cats = load(environ={}).project("cats")
    assert (cats.url, cats.writeback.mode) == (studio, WriteMode.DRY_RUN)


def test_the_default_of_writing_back_is_said_and_written(
    secondlook: Secondlook, studio: str, token: str
) -> None:
    done = secondlook("init", "--yes", "--url", studio, "--token-file", token, "--project", "3")
    assert "Corrections: ground_truth" in done.err
    assert 'mode = "ground_truth"' in Path("secondlook.toml").read_text()


def test_boxes_are_corrected_in_place_by_default(
    secondlook: Secondlook, studio: str, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    control = '<RectangleLabels name="box" toName="i"><Label value="car"/></RectangleLabels>'
    config = f'<View><Image name="i" value="$image"/>{control}</View>'
    monkeypatch.setitem(PROJECTS, 3, PROJECTS[3] | {"label_config": config})
    done = secondlook("init", "--yes", "--url", studio, "--token-file", token, "--project", "3")
    assert "Corrections: update" in done.err
    assert 'mode = "update"' in Path("secondlook.toml").read_text()


def test_an_argilla_is_known_by_its_address(secondlook: Secondlook, token: str) -> None:
    with little_argilla("admin") as url:
        given = ("init", "--yes", "--url", url, "--token-file", token)
        draft = secondlook(*given, "--project", "5b3f0c1e-8d2a-4f6b-9c7d-0e1f2a3b4c5e")
        assert draft.code == 2
        assert "'Drafted' is not published" in draft.err
        refused = secondlook(*given, "--platform", "label_studio")
        assert refused.code == 2
        assert "Use --platform argilla" in refused.err
        done = secondlook(*given, "--project", "5b3f0c1e-8d2a-4f6b-9c7d-0e1f2a3b4c5d", "--name", "cats")
    assert done.code == 0, done.err
    assert load(environ={}).project("cats").platform == "argilla"


def test_an_annotators_key_is_refused_once_with_its_remedy(secondlook: Secondlook, token: str) -> None:
    with little_argilla("annotator") as url:
        done = secondlook("init", "--yes", "--url", url, "--token-file", token)
    assert done.code == 2
    assert done.err.count("Use the key of an admin or an owner") == 1


def test_an_address_of_something_else_is_refused(secondlook: Secondlook, token: str) -> None:
    with little_argilla("admin", version_path="/nowhere") as url:
        done = secondlook("init", "--yes", "--url", url, "--token-file", token)
    assert done.code == 2
    assert "no Label Studio and no Argilla" in done.err


def test_an_interrupt_at_a_question_ends_with_130(home: Path) -> None:
    child, terminal = pty.fork()
    if child == 0:
        os.chdir(home)
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # a test run in the background passes it on as ignored
        os.execv(sys.executable, [sys.executable, "-m", "workers.cli", "init"])  # noqa: S606 - in the child of a fork
    shown = b""
    while b"Address of" not in shown:
        shown += os.read(terminal, 1000)
    os.write(terminal, b"\x03")
    deadline = time.monotonic() + 60
    ended, status = 0, 0
    while not ended and time.monotonic() < deadline:
        time.sleep(0.1)
        ended, status = os.waitpid(child, os.WNOHANG)
    if not ended:
        os.kill(child, signal.SIGKILL)
    os.close(terminal)
    assert os.waitstatus_to_exitcode(status) == 130
