"""What an installation is made of is named by version and by the digest of its files."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
DIGEST = "--hash=sha256:"


def pinned(name: str) -> dict[str, str]:
    """Package → its version and the digests of its files, as a lock file holds them."""
    lines = [one for one in (ROOT / name).read_text("utf-8").splitlines() if not one.lstrip().startswith("#")]
    entries = "\n".join(lines).replace("\\\n", " ").splitlines()
    return dict(
        entry.partition("==")[::2] for entry in entries if entry.strip() and not entry.startswith("-")
    )


@pytest.mark.parametrize("name", ["requirements.lock", "scripts/tools.lock"])
def test_every_package_of_a_lock_file_has_a_version_and_digests(name: str) -> None:
    packages = pinned(name)
    assert packages
    assert [package for package, rest in packages.items() if DIGEST not in rest] == []


def test_uv_and_the_build_backend_are_pinned() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    assert {"uv", *project["build-system"]["requires"]} <= pinned("scripts/tools.lock").keys()


def test_the_installation_refuses_what_has_no_digest() -> None:
    script = (ROOT / "scripts/bootstrap.sh").read_text("utf-8")
    assert "--require-hashes -r scripts/tools.lock" in script
    assert "--require-hashes requirements.lock" in script
    assert "--build-constraints scripts/tools.lock" in script
