"""`init` checks each answer on the server before it writes anything."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from connector.config.file import load
from tests.unit.cli.conftest import Secondlook
from tests.unit.cli.little_studio import TOKEN
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
    assert done.code == 3
    assert words in done.err
    assert not Path("secondlook.toml").exists()


def test_a_wrong_token_is_refused(secondlook: Secondlook, studio: str, home: Path) -> None:
    (home / "token").write_text("f" * 40)
    done = secondlook("init", "--yes", "--url", studio, "--token-file", "token", "--project", "3")
    assert done.code == 3
    assert "401" in done.err
    assert "f" * 40 not in done.err


def test_an_existing_file_is_kept_without_force(secondlook: Secondlook, studio: str, token: str) -> None:
    Path("secondlook.toml").write_text("# mine\n")
    arguments = ["init", "--yes", "--url", studio, "--token-file", token, "--project", "3"]
    assert secondlook(*arguments).code == 3
    assert Path("secondlook.toml").read_text() == "# mine\n"
    assert secondlook(*arguments, "--force").code == 0
    assert load(environ={}).projects


def test_a_conversation_goes_on_after_wrong_answers(
    secondlook: Secondlook, studio: str, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = iter(
        ["nonsense", studio, "wrong-token", TOKEN, "99", "5", "mood", "5", "kind", "My Cats", "cats", "file"]
    )
    monkeypatch.setattr("typer.prompt", lambda *_args, **_options: next(answers))
    done = secondlook("init")
    assert done.code == 0, done.err
    assert next(answers, None) is None
    cats = load(environ={}).project("cats")
    assert (cats.project, cats.label_control) == ("5", "kind")
    assert cats.token.file == home / ".secondlook/token-cats"
    assert cats.token.file.read_text() == TOKEN + "\n"
    assert stat.S_IMODE(cats.token.file.stat().st_mode) == 0o600
    assert TOKEN not in done.err + done.out


@pytest.mark.parametrize(
    ("title", "name"), [("Cats & Dogs!", "cats-dogs"), ("日本", ""), ("a" * 60, "a" * 40), ("--X--", "x")]
)
def test_a_name_is_made_from_the_title(title: str, name: str) -> None:
    assert slug(title) == name
