"""What a person writes becomes settings, or one refusal that says what to do."""

from __future__ import annotations

from pathlib import Path

import pytest

from connector.config.file import load
from connector.config.settings import Backend, Settings
from connector.errors import Misconfigured
from connector.model import WriteMode

CATS = """
[projects.cats]
url = "https://labels.example.org/"
project = 7
token = { env = "CATS_TOKEN" }
"""


TWO = f"""{CATS}label_control = "kind"
writeback = {{ mode = "update" }}
{CATS.replace("cats", "ratings")}label_control = "stars"
writeback = {{ mode = "update", guidelines = false }}
"""


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def read(home: Path, text: str = "", **environ: str) -> Settings:
    (home / "secondlook.toml").write_text(text)
    return load(environ=environ)


def refused(home: Path, text: str = "", **environ: str) -> Misconfigured:
    with pytest.raises(Misconfigured) as caught:
        read(home, text, **environ)
    return caught.value


def test_no_file_and_no_variable_give_the_defaults(home: Path) -> None:
    settings = load(environ={})
    assert settings.server.port == 8400
    assert settings.data_dir == home / ".secondlook"
    assert not settings.projects


def test_a_project_is_read_with_its_defaults(home: Path) -> None:
    cats = read(home, CATS).project("cats")
    assert (cats.url, cats.project) == ("https://labels.example.org", "7")
    assert cats.predictions.source is Backend.BUILTIN
    assert cats.writeback.mode is WriteMode.GROUND_TRUTH


def test_the_environment_stands_over_the_file(home: Path) -> None:
    settings = read(
        home,
        "[server]\nport = 1234\n" + CATS,
        SECONDLOOK_SERVER__PORT="4321",
        SECONDLOOK_PROJECTS__CATS__POLICY__BLIND_SHARE="0.5",
        SECONDLOOK_PROJECTS__CATS__SYNC__WEBHOOKS="false",
        SECONDLOOK_PROJECTS__CATS__REVIEW__ADJUDICATORS="3, 5",
        SECONDLOOK_PROJECTS__CATS__WRITEBACK__MODE="dry_run",
    )
    cats = settings.project("cats")
    assert settings.server.port == 4321
    assert cats.policy.blind_share == 0.5
    assert cats.sync.webhooks is False
    assert cats.review.adjudicators == ("3", "5")
    assert cats.writeback.mode is WriteMode.DRY_RUN


def test_an_empty_variable_counts_as_unset(home: Path) -> None:
    assert read(home, SECONDLOOK_SERVER__PORT="").server.port == 8400


def test_a_variable_reaches_a_project_whose_name_has_a_hyphen(home: Path) -> None:
    settings = read(home, CATS.replace("cats]", "my-cats]"), SECONDLOOK_PROJECTS__MY_CATS__PROJECT="9")
    assert settings.project("my-cats").project == "9"


def test_a_whole_project_can_come_from_the_environment(home: Path) -> None:
    settings = read(
        home,
        SECONDLOOK_PROJECTS__DOGS__URL="http://ls:8080",
        SECONDLOOK_PROJECTS__DOGS__PROJECT="2",
        SECONDLOOK_PROJECTS__DOGS__TOKEN__FILE="/run/secrets/dogs",
    )
    assert settings.project("dogs").token.file == Path("/run/secrets/dogs")


def test_paths_in_the_file_start_at_the_files_folder(home: Path) -> None:
    folder = home / "etc"
    folder.mkdir()
    text = 'data_dir = "state"\n[database]\nurl = "sqlite:///d.db"\n' + CATS.replace(
        '{ env = "CATS_TOKEN" }', '{ file = "cats-token" }'
    )
    (folder / "sl.toml").write_text(text)
    settings = load(folder / "sl.toml", environ={})
    assert settings.data_dir == folder / "state"
    assert settings.database.url == f"sqlite:///{folder / 'd.db'}"
    assert settings.project("cats").token.file == folder / "cats-token"


def test_the_default_data_folder_lies_beside_the_file(home: Path) -> None:
    (home / "etc").mkdir()
    (home / "etc/sl.toml").write_text("")
    assert load(environ={"SECONDLOOK_CONFIG": "etc/sl.toml"}).data_dir == home / "etc/.secondlook"


def test_a_named_file_that_is_missing_is_refused(home: Path) -> None:
    with pytest.raises(Misconfigured, match=r"--config: there is no file gone\.toml"):
        load(Path("gone.toml"), environ={})
    with pytest.raises(Misconfigured, match="SECONDLOOK_CONFIG: there is no file"):
        load(environ={"SECONDLOOK_CONFIG": "gone.toml"})


def test_broken_toml_names_the_line(home: Path) -> None:
    error = refused(home, "[server]\nport = = 3\n")
    assert "line 2" in str(error)
    assert error.field == "secondlook.toml"


def test_an_unknown_key_gets_a_suggestion(home: Path) -> None:
    error = refused(home, "[server]\nprot = 8400\n")
    assert error.field == "server.prot"
    assert error.problem == "unknown key = 8400 (in secondlook.toml)"
    assert error.remedy == "Did you mean server.port?"


def test_an_unknown_key_like_no_other_gets_the_list(home: Path) -> None:
    assert "Known here: url, password, pooler" in str(refused(home, "[database]\nxyzzy = 1\n"))


def test_an_unknown_variable_is_refused(home: Path) -> None:
    error = refused(home, SECONDLOOK_SERVER__PROT="1")
    assert error.field == "SECONDLOOK_SERVER__PROT"
    assert "Did you mean server.port?" in error.remedy


def test_a_variable_that_a_secret_points_to_is_known(home: Path) -> None:
    text = CATS.replace("CATS_TOKEN", "SECONDLOOK_CATS_TOKEN")
    assert read(home, text, SECONDLOOK_CATS_TOKEN="t").projects


def test_variables_that_kubernetes_sets_for_a_service_are_left_alone(home: Path) -> None:
    names = ["SECONDLOOK_PORT", "SECONDLOOK_SERVICE_HOST", "SECONDLOOK_WEB_PORT_8400_TCP_ADDR"]
    assert read(home, **dict.fromkeys(names, "tcp://10.0.0.1:8400")) == read(home)


def test_a_mistyped_port_is_not_taken_for_a_service_link(home: Path) -> None:
    assert "SECONDLOOK_SERVER_PORT" in str(refused(home, SECONDLOOK_SERVER_PORT="9000"))


@pytest.mark.parametrize(
    ("text", "field", "words"),
    [
        ('[server]\nport = "8400"\n', "server.port", "valid integer, not '8400'"),
        ("[server]\nport = 99999\n", "server.port", "less than or equal to 65535, not 99999"),
        ("[server]\nport = true\n", "server.port", "valid integer, not true"),
        ('[server]\npublic_url = "host:80"\n', "server.public_url", "must start with http://"),
        ('[server]\npublic_url = "http://h:99999"\n', "server.public_url", "Port out of range"),
        ('[database]\nurl = "mysql://h/d"\n', "database.url", "use sqlite:///FILE or postgresql"),
        ('[database]\nurl = "sqlite://"\n', "database.url", "would be lost with the process"),
        ('[database]\npassword = { env = "X" }\n', "database", "SQLite has none"),
        ("[database]\npooler = true\n", "database", "SQLite has none"),
        ('[broker]\nurl = "kafka://h"\n', "broker.url", "use memory://"),
        ('[broker]\npassword = { env = "X" }\n', "broker", "memory:// has none"),
        ("[worker]\nretry_max_seconds = 1\n", "worker", "less than retry_base_seconds"),
        ('[log]\nlevel = "loud"\n', "log.level", "'debug', 'info', 'warning' or 'error', not 'loud'"),
        ('[log]\nlevel = "loud? yes"\n', "log.level", "not 'loud? yes'"),
        ("[projects]\ncats = 3\n", "projects.cats", "a section with keys, not 3"),
        (CATS.replace("cats", "Big.Cats").replace("[projects.Big.Cats]", '[projects."Big Cats"]'),
         "projects", "'Big Cats' is no project name"),
        (CATS.replace("project = 7", ""), "projects.cats.project", "missing"),
        (CATS.replace("project = 7", "project = 0"), "projects.cats.project", "from 1 on, not 0"),
        (CATS.replace("project = 7", 'project = "x"'), "projects.cats.project", "from 1 on, not 'x'"),
        (CATS.replace("project = 7", "project = true"), "projects.cats.project", "not true"),
        (CATS + 'platform = "argilla"\n', "projects.cats.project", "no dataset id of Argilla"),
        (CATS.replace('{ env = "CATS_TOKEN" }', "{}"), "projects.cats.token", "exactly one of env and file"),
        (CATS + "review = { quorum = 4 }\n", "projects.cats.review", "can never reach quorum = 4"),
        (CATS + 'predictions = { source = "backend" }\n', "projects.cats.predictions", "predictions.url"),
        (CATS + 'predictions = { source = "file" }\n', "projects.cats.predictions", "predictions.path"),
        (CATS + "predictions = { out_of_sample = false }\n", "projects.cats.predictions", "out-of-sample"),
        (CATS + CATS.replace("cats", "dogs").replace("//labels.example.org/", "//Labels.example.org:443"),
         "projects", "'cats' and 'dogs' point to the same project 7"),
        (CATS + CATS.replace("cats", "dogs") + 'label_control = "kind"\n',
         "projects", "in its label_control"),
        (TWO.replace('"stars"', '"kind"'), "projects", "and control 'kind'"),
        (TWO.replace("guidelines = false", "guidelines = true"), "projects", "in all but one"),
        (TWO.replace('mode = "update", ', 'mode = "prediction", '), "projects", "writeback.mode"),
        (TWO.replace('mode = "update", ', ""), "projects", "writeback.mode"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_with_key_and_reason(home: Path, text: str, field: str, words: str) -> None:
    error = refused(home, text)
    assert error.field == field
    assert words in str(error)
    assert error.remedy


def test_sections_of_one_project_judge_a_control_each(home: Path) -> None:
    (home / "secondlook.toml").write_text(TWO)
    settings = load(environ={})
    assert settings.judged_beside("cats") == {"stars"}
    assert settings.judged_beside("ratings") == {"kind"}


def test_all_mistakes_are_named_at_once(home: Path) -> None:
    text = str(refused(home, "[server]\nport = 0\n[worker]\nconcurrency = 0\n"))
    assert "server.port" in text
    assert "Also worker.concurrency" in text


def test_a_refused_variable_is_named(home: Path) -> None:
    error = refused(home, SECONDLOOK_SERVER__PORT="eighty")
    assert "not 'eighty' (in SECONDLOOK_SERVER__PORT)" in str(error)


def test_a_memory_broker_with_postgresql_is_allowed(home: Path) -> None:
    assert read(home, '[database]\nurl = "postgresql+psycopg://u@h/d"\n').broker.url == "memory://"


def test_a_dataset_of_argilla_is_named_by_its_id(home: Path) -> None:
    dataset = "5B3F0C1E-8D2A-4F6B-9C7D-0E1F2A3B4C5D"
    text = CATS.replace("project = 7", f'project = "{dataset}"\nplatform = "argilla"')
    assert read(home, text).project("cats").project == dataset.lower()


def test_an_unknown_project_is_answered_with_the_known_ones(home: Path) -> None:
    with pytest.raises(Misconfigured, match="Projects in the configuration: cats"):
        read(home, CATS).project("dogs")
