"""Whether labels are clean enough, for people and for pipelines; and corrections that are held."""

from __future__ import annotations

from connector.model import CorrectionState
from connector.wiring import Services
from tests.unit.cli.conftest import Secondlook
from tests.unit.web.seeding import seed


def test_a_pipeline_can_wait_for_clean_labels(secondlook: Secondlook, configured: Services) -> None:
    seed(configured, issues=2)

    assert secondlook("status").code == 0
    found = secondlook("status", "--check")
    assert found.code == 1
    assert "labels" in found.out
    shown = secondlook("status", "--check", "--json").json["labels"]["cats"]
    assert shown["clean_enough"] is False
    assert shown["verdict"] in found.out


def test_a_project_that_was_never_synced_is_not_clean(secondlook: Secondlook, configured: Services) -> None:
    assert secondlook("status", "--check").code == 1


def test_quality_is_shown_with_intervals(secondlook: Secondlook, configured: Services) -> None:
    seed(configured, issues=2)

    text = secondlook("quality", "cats").out
    found = secondlook("quality", "cats", "--json").json

    assert "corrections  1 of 1 (100.0%, 95% interval 2.5% to 100.0%) of decided flags" in text
    assert found["flags"]["accepted"] == 1
    assert found["controls"]["value"] is None
    assert secondlook("quality", "dogs").code == 2


def test_held_corrections_are_released_or_discarded_by_somebody(
    secondlook: Secondlook, configured: Services
) -> None:
    seed(configured, issues=2)
    with configured.store.begin() as unit:
        project = unit.projects.by_name("cats")
        assert project is not None
        (one,) = unit.corrections.listed(project.id)
        unit.corrections.set_state(one.id, CorrectionState.HELD)

    assert one.id in secondlook("held", "list", "cats").out
    refused = secondlook("held", "release", "cats", "no such class", "--by", "olga")
    assert (refused.code, one.given in refused.err) == (1, True)
    assert secondlook("held", "release", "cats", one.given, "--by", "olga", "--json").json == {
        "released": [one.id]
    }
    assert secondlook("held", "list", "cats", "--json").json == {"held": []}
    with configured.store.read() as unit:
        assert unit.corrections.listed(project.id)[0].state is CorrectionState.PENDING
        assert [e.actor for e in unit.audit.entries() if e.action == "correction.released"] == ["cli:olga"]
