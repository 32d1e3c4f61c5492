"""Where reviews are answered: what can be said of it, and what cannot work."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from connector.config.project import ProjectSettings

THERE = {"url": "http://argilla.test:6900", "token": {"env": "T"}}
DATASET = "5b3f0c1e-8d2a-4f6b-9c7d-0e1f2a3b4c5d"


def project(desk: dict[str, Any], **given: Any) -> ProjectSettings:
    return ProjectSettings.model_validate(
        {"url": "http://labels.test/", "project": 7, "token": {"env": "S"}, "desk": desk} | given
    )


def test_without_a_word_reviews_are_answered_where_the_labels_are() -> None:
    place = project({}).desk_place
    assert (place.platform, place.url, place.elsewhere) == ("label_studio", "http://labels.test", False)
    assert (place.token.env, place.section) == ("S", "")
    assert place.identity == "label_studio labels.test:80"


def test_reviews_may_have_a_user_of_their_own_on_the_same_server() -> None:
    place = project({"token": {"env": "T"}, "url": "http://LABELS.test:80"}).desk_place
    assert (place.elsewhere, place.token.env, place.section) == (False, "T", "desk")


def test_reviews_on_another_platform() -> None:
    place = project({"platform": "argilla", "workspace": "second look", **THERE}).desk_place
    assert (place.platform, place.elsewhere, place.workspace) == ("argilla", True, "second look")
    back = project(
        {"platform": "label_studio", "url": "http://labels.test", "token": {"env": "T"}},
        platform="argilla",
        project=DATASET,
        url="http://argilla.test:6900",
    ).desk_place
    assert (back.platform, back.elsewhere) == ("label_studio", True)


@pytest.mark.parametrize(
    ("desk", "said"),
    [
        ({"platform": "argilla"}, "desk.url"),
        ({"platform": "argilla", "url": "http://argilla.test"}, "desk.token"),
        ({"platform": "argilla", **THERE}, "desk.workspace"),
        ({"url": "http://another.test"}, "desk.token"),
        ({"url": "http://another.test", "token": {"env": "T"}}, "on the same one, or on another kind"),
        ({"workspace": "reviews"}, "Label Studio has no workspaces"),
    ],
)
def test_what_cannot_work_is_refused(desk: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        project(desk)
