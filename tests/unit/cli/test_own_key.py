"""A database that was made with another secret key: each command says so before anything is written."""

from __future__ import annotations

from pathlib import Path

import pytest

from connector.config.file import load
from connector.config.keyring import Keyring
from connector.errors import Misconfigured
from connector.queue import SilentQueue
from connector.wiring import Services, build
from tests.unit.cli.conftest import Secondlook
from workers.cli.exits import ExitCode

OTHER = "k" * 40


@pytest.fixture
def key(home: Path, configured: Services) -> Path:
    """Where the key of the database lies."""
    assert configured.keyring.is_there
    return home / "data" / "secret-key"


def dump(home: Path) -> bytes:
    files = sorted((home / "data").glob("secondlook.db*"))
    return b"".join(file.read_bytes() for file in files if not file.name.endswith("-shm"))


def test_with_another_key_nothing_is_written_and_the_one_of_before_is_named(
    secondlook: Secondlook, home: Path, configured: Services, key: Path
) -> None:
    ours = configured.keyring.installation
    key.write_text(OTHER)
    before = dump(home)
    refused = secondlook("scan", "cats")
    assert refused.code == ExitCode.MISCONFIGURED
    assert f"installation {ours}, kept in {key}" in refused.err
    assert f'take_over = "{ours}"' in refused.err
    assert OTHER not in refused.err
    shown = secondlook("status")
    assert shown.code == 0
    assert "cats" in shown.out
    assert f"installation {ours}" in shown.err
    [check] = [one for one in secondlook("doctor", "--json").json["checks"] if one["name"] == "secret key"]
    assert (check["level"], ours in check["found"], ours in check["remedy"]) == ("fail", True, True)
    assert dump(home) == before


def test_a_database_that_was_moved_without_its_key_gets_no_new_one(
    secondlook: Secondlook, home: Path, key: Path
) -> None:
    key.unlink()
    before = dump(home)
    for command in (("scan", "cats"), ("status",), ("doctor",)):
        done = secondlook(*command)
        said = " ".join((done.err + done.out).split())
        assert f"kept in {key}" in said
        assert "there is no key in" in said
    assert not key.exists()
    assert dump(home) == before


def test_with_a_lost_key_work_goes_on_where_every_project_is_told_to_take_over(
    secondlook: Secondlook, home: Path, configured: Services, key: Path
) -> None:
    ours = configured.keyring.installation
    key.unlink()
    with (home / "secondlook.toml").open("a") as file:
        file.write(f'take_over = "{ours}"\n')
    build(load(home / "secondlook.toml"), SilentQueue()).close()
    theirs = Keyring(load(home / "secondlook.toml")).installation
    assert theirs != ours

    assert "installation.changed" in secondlook("audit", "export").out
    assert secondlook("status").err == ""
    key.write_text(OTHER)
    assert f"installation {theirs}" in secondlook("status").err


def test_a_second_installation_on_the_database_of_another_is_refused(home: Path, postgres_url: str) -> None:
    one, two = (
        load(environ={"SECONDLOOK_DATA_DIR": str(home / name), "SECONDLOOK_DATABASE__URL": postgres_url})
        for name in ("one", "two")
    )
    build(one, SilentQueue()).close()
    with pytest.raises(Misconfigured, match=r"there is no key in .*two/secret-key"):
        build(two, SilentQueue())
    theirs = Keyring(two).installation  # makes one
    with pytest.raises(Misconfigured, match=f"two/secret-key is of installation {theirs}"):
        build(two, SilentQueue())
    build(one, SilentQueue()).close()
