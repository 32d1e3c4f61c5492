"""Secrets are found by reference, made once, and shown nowhere."""

from __future__ import annotations

import stat
import traceback
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from connector.config.file import load
from connector.config.keyring import Keyring, broker_url, database_url
from connector.config.settings import BrokerSettings, DatabaseSettings, ServerSettings, Settings
from connector.config.types import SecretRef
from connector.errors import Misconfigured
from connector.model import Role

SECRET = "geheim-3f9a"


def test_a_secret_is_read_from_a_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("THE_TOKEN", f" {SECRET}\n")
    assert SecretRef(env="THE_TOKEN").read("x.token").get_secret_value() == SECRET


def test_a_secret_is_read_from_the_first_line_of_a_file(tmp_path: Path) -> None:
    (tmp_path / "t").write_text(f"{SECRET}\ncomment\n")
    assert SecretRef(file=tmp_path / "t").read("x.token").get_secret_value() == SECRET


@pytest.mark.parametrize("content", [None, "", "\n", b"\xff\xfe"])
def test_a_secret_that_is_not_there_names_the_key(tmp_path: Path, content: str | bytes | None) -> None:
    file = tmp_path / "t"
    if content is not None:
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(Misconfigured) as caught:
        SecretRef(file=file).read("projects.cats.token")
    assert caught.value.field == "projects.cats.token"


PLACES = [
    "[projects.c]\nurl = 'http://h'\nproject = 1\ntoken = '{}'",
    "[projects.c]\nurl = 'http://h'\nproject = 1\ntokn = '{}'\ntoken = {{ env = 'T' }}",
    "[projects.c]\nurl = 'http://h'\nproject = 1\nmine = '{}'\ntoken = {{ env = 'T' }}",
    "[projects.c]\nurl = 'http://h'\nproject = 1\ntoken = {{ value = '{}' }}",
    "[projects.c]\nurl = 'http://user:{}@h'\nproject = 1\ntoken = {{ env = 'T' }}",
    "[projects.c]\nurl = 'http://h?token={}'\nproject = 1\ntoken = {{ env = 'T' }}",
    "[projects.c]\nurl = 'http://h'\nproject = 1\ntoken = [ '{}' ]",
    "[database]\nurl = 'postgresql+psycopg://u:{}@h/d'",
    "[database]\nurl = 'postgresql+psycopg://u@h/d?password={}'",
    "[database]\nurl = 'mysql://u:{}@h/d'",
    "[broker]\nurl = 'redis://:{}@h/0'",
    "[broker]\nurll = 'redis://:{}@h/0'",
    "[server]\napi_token = '{}'",
    "[server]\napitoken = '{}'",
    "password = '{}'",
    "x = {{ '{}' = = 1 }}",
]


@pytest.mark.parametrize("place", PLACES)
def test_a_secret_in_clear_is_refused_and_not_repeated(tmp_path: Path, place: str) -> None:
    file = tmp_path / "s.toml"
    file.write_text(place.format(SECRET))
    with pytest.raises(Misconfigured) as caught:
        load(file, environ={})
    assert SECRET not in "".join(traceback.format_exception(caught.value))


@hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(
    path=st.lists(
        st.sampled_from(["PROJECTS", "C", "TOKEN", "ENV", "API_TOKEN", "SERVER", "PASSWORD", "DATABASE"]),
        min_size=1, max_size=4,
    ),
    secret=st.text("abcdefgh0123456789", min_size=12, max_size=20),
)  # fmt: skip
def test_a_secret_in_a_variable_is_never_repeated(tmp_path: Path, path: list[str], secret: str) -> None:
    file = tmp_path / "s.toml"
    file.write_text("")
    name = "__".join(path)
    try:
        loaded = repr(load(file, environ={f"SECONDLOOK_{name}": secret}))
    except Misconfigured as error:
        loaded = "".join(traceback.format_exception(error))
    # The name of a variable is no secret: TOKEN__ENV and PASSWORD__ENV hold names.
    assert name.endswith("ENV") or secret not in loaded


def test_settings_hold_references_and_no_secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PG_PASSWORD", SECRET)
    settings = Settings(
        data_dir=tmp_path,
        database=DatabaseSettings(url="postgresql+psycopg://u@h/d", password=SecretRef(env="PG_PASSWORD")),
    )
    url = database_url(settings)
    assert url.get_secret_value() == f"postgresql+psycopg://u:{SECRET}@h/d"
    for shown in (
        repr(settings),
        str(settings),
        str(settings.model_dump()),
        settings.model_dump_json(),
        repr(url),
    ):
        assert SECRET not in shown


def test_a_password_is_quoted_into_the_address(tmp_path: Path) -> None:
    (tmp_path / "p").write_text("a/b@c:d")
    settings = Settings(
        broker=BrokerSettings(url="redis://h:6379/1", password=SecretRef(file=tmp_path / "p"))
    )
    assert broker_url(settings).get_secret_value() == "redis://:a%2Fb%40c%3Ad@h:6379/1"


def test_the_database_is_a_file_in_the_data_folder_by_default(tmp_path: Path) -> None:
    assert (
        database_url(Settings(data_dir=tmp_path)).get_secret_value() == f"sqlite:///{tmp_path}/secondlook.db"
    )


def test_the_api_token_is_made_once_for_the_owner_alone(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path / "new")
    token = Keyring(settings).api_token.get_secret_value()
    assert token == Keyring(settings).api_token.get_secret_value()
    assert stat.S_IMODE((tmp_path / "new/api-token").stat().st_mode) == 0o600


def test_processes_that_start_together_agree_on_the_key(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path)
    with ThreadPoolExecutor(8) as pool:
        keys = set(pool.map(lambda _: Keyring(settings).webhook_path_key("c", Role.SOURCE), range(32)))
    assert len(keys) == 1
    assert [file.name for file in tmp_path.iterdir()] == ["secret-key"]


def test_each_webhook_has_a_secret_and_an_address_of_its_own(tmp_path: Path) -> None:
    keyring = Keyring(Settings(data_dir=tmp_path))
    pairs = [(project, role) for project in ("a", "b") for role in Role]
    secrets = {keyring.webhook_secret(*pair).get_secret_value() for pair in pairs}
    keys = {keyring.webhook_path_key(*pair) for pair in pairs}
    assert len(secrets) == len(keys) == len(pairs)
    assert not secrets & keys
    assert keyring.webhook_url("a", Role.REVIEW).startswith("http://127.0.0.1:8400/hooks/a/review/")


def test_a_configured_key_is_the_same_on_every_host(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("k" * 32)
    server = ServerSettings(secret_key=SecretRef(file=tmp_path / "key"))
    hosts = [Keyring(Settings(data_dir=tmp_path / name, server=server)) for name in "ab"]
    assert len({host.webhook_path_key("p", Role.SOURCE) for host in hosts}) == 1


def test_a_token_that_can_be_guessed_is_refused(tmp_path: Path) -> None:
    (tmp_path / "t").write_text("1234")
    server = ServerSettings(api_token=SecretRef(file=tmp_path / "t"))
    with pytest.raises(Misconfigured, match=r"server\.api_token: has 4 characters"):
        _ = Keyring(Settings(data_dir=tmp_path, server=server)).api_token


def test_a_data_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(Misconfigured) as caught:
        _ = Keyring(Settings(data_dir=tmp_path / "file/below")).api_token
    assert caught.value.field == "data_dir"
