"""What platforms with webhooks and instructions promise."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime
from html import unescape

import pytest

from connector.errors import Misconfigured
from connector.model import GuidelineNote, OwnerMark, Role
from connector.ports import Guidelines, WebhookRegistrar
from connector.wording import Guideline, guideline_block
from tests.contract.scenes import Scene

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
URL = "http://127.0.0.1:9/hooks/dogs/source/one"

OWNER = OwnerMark("7/label", "0a1b2c3d4e5f")


def test_a_webhook_is_registered_once_and_repaired(scene: Scene) -> None:
    source = scene.source
    assert isinstance(source, WebhookRegistrar)
    assert source.ensure_webhook(Role.SOURCE, scene.project_id, URL, "s-1")
    assert not source.ensure_webhook(Role.SOURCE, scene.project_id, URL, "s-1")
    assert source.ensure_webhook(Role.SOURCE, scene.project_id, URL, "s-2"), "another secret"
    assert not source.ensure_webhook(Role.SOURCE, scene.project_id, URL, "s-2")


def test_the_desk_can_be_asked_to_call_us_too(scene: Scene) -> None:
    assert isinstance(scene.desk, WebhookRegistrar)
    assert scene.desk.ensure_webhook(Role.REVIEW, scene.project_id, URL, "s")


def test_guidelines_keep_what_people_wrote(scene: Scene) -> None:
    source = scene.source
    assert isinstance(source, Guidelines)
    first = source.write_guidelines("<p>Goldens are long-haired.</p>", OWNER)
    assert "long-haired" in first
    assert source.write_guidelines("<p>Goldens are long-haired.</p>", OWNER) == first
    second = source.write_guidelines("<ul><li>Poodles curl.</li></ul>", OWNER)
    assert "Poodles curl" in second
    assert "long-haired" not in second
    source.require_guidelines(OWNER)
    other = OwnerMark(OWNER.about, "ffffffffffff")
    with pytest.raises(Misconfigured, match=OWNER.installation):
        source.require_guidelines(other)
    with pytest.raises(Misconfigured, match=f"{OWNER.installation}.*keeps the guideline block"):
        source.write_guidelines("<p>Ours.</p>", other)
    assert "Ours" in source.write_guidelines("<p>Ours.</p>", replace(other, takes_over=OWNER.installation))
    source.write_guidelines("<ul><li>Poodles curl.</li></ul>", replace(OWNER, takes_over=other.installation))
    assert "Poodles" not in source.write_guidelines("", OWNER)


def test_the_block_as_we_write_it_is_kept_and_changed_in_place(scene: Scene) -> None:
    """What is published: a rule with its author, its day and its examples, hostile words escaped."""
    source = scene.source
    assert isinstance(source, Guidelines)
    note = GuidelineNote("n", 1, "i", "poodle", "<b>golden</b>", "Look & see", "7", "accepted", NOON)
    entry = Guideline(note.given, note.label, note.text, (note,), ("item 3: “a <i>dog</i>”",))

    held = source.write_guidelines(guideline_block([entry], {"7": "Ada"}), OWNER)

    read = unescape(re.sub(r"<[^>]*>", " ", held))
    assert "<b>golden</b> , not poodle : Look & see (Ada, 2026-03-02)" in " ".join(read.split())
    assert "For example item 3: “a <i>dog</i>”" in read
    assert "&lt;i&gt;" in held, "the server has kept what was escaped"
    assert source.write_guidelines(guideline_block([entry], {"7": "Ada"}), OWNER) == held
    reworded = Guideline(note.given, note.label, "Look twice", (note,))
    assert "Look &amp; see" not in source.write_guidelines(guideline_block([reworded], {"7": "Ada"}), OWNER)
    assert "Look twice" not in source.write_guidelines("", OWNER)
