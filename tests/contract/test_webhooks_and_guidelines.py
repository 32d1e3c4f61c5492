"""What platforms with webhooks and instructions promise."""

from __future__ import annotations

from connector.model import Role
from connector.ports import Guidelines, WebhookRegistrar
from tests.contract.scenes import Scene

URL = "http://127.0.0.1:9/hooks/dogs/source/one"


def test_a_webhook_is_registered_once_and_repaired(scene: Scene) -> None:
    source = scene.source
    assert isinstance(source, WebhookRegistrar)
    assert source.ensure_webhook(Role.SOURCE, scene.project_id, URL, "s-1")
    assert not source.ensure_webhook(Role.SOURCE, scene.project_id, URL, "s-1")
    assert source.ensure_webhook(Role.SOURCE, scene.project_id, URL, "s-2"), "another secret"
    assert not source.ensure_webhook(Role.SOURCE, scene.project_id, URL, "s-2")
    source.remove_webhook(scene.project_id, URL)
    source.remove_webhook(scene.project_id, URL)
    assert source.ensure_webhook(Role.SOURCE, scene.project_id, URL, "s-2")


def test_the_desk_can_be_asked_to_call_us_too(scene: Scene) -> None:
    assert isinstance(scene.desk, WebhookRegistrar)
    assert scene.desk.ensure_webhook(Role.REVIEW, scene.project_id, URL, "s")


def test_guidelines_keep_what_people_wrote(scene: Scene) -> None:
    source = scene.source
    assert isinstance(source, Guidelines)
    first = source.write_guidelines("<p>Goldens are long-haired.</p>")
    assert "long-haired" in first
    assert source.read_guidelines() == first
    assert source.write_guidelines("<p>Goldens are long-haired.</p>") == first
    second = source.write_guidelines("<ul><li>Poodles curl.</li></ul>")
    assert "Poodles curl" in second
    assert "long-haired" not in second
    assert "Poodles" not in source.write_guidelines("")
