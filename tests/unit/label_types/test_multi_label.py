"""Sets of classes: their keys, what several people's come to, and through the whole loop."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.model import CorrectionState, LabelSchema, LabelStatus, ObjectTag, Reading
from connector.wording import left_out_texts
from tests.support.codecs import ARGILLA, LABEL_STUDIO
from tests.support.world import World
from workers.label_types.multi_label import merge, value

MOODS = ("anger", "fear", "joy")
SCHEMA = LabelSchema("moods", "text", MOODS, (ObjectTag("text", "Text", "text"),), "multi_label")
NAMES = st.text(st.sampled_from("ab,\\ ()"), min_size=1, max_size=4)


@given(st.sets(NAMES, max_size=4))
def test_every_set_has_a_key_of_its_own_from_which_it_is_read(names: set[str]) -> None:
    label = value.key(names)
    assert set(value.classes(label)) == names
    schema = LabelSchema("c", "t", tuple(names), (), "multi_label")
    assert value.valid(label, schema)


@given(label=st.text(st.sampled_from("ab,\\ ()"), max_size=8))
def test_any_text_is_a_valid_key_or_none(label: str) -> None:
    schema = LabelSchema("c", "t", ("a", "b"), (), "multi_label")
    if value.valid(label, schema):
        assert value.key(value.classes(label)) == label


SETS = st.sets(st.sampled_from(MOODS)).map(value.key)


@given(said=st.dictionaries(st.sampled_from("pqrst"), SETS, min_size=3), quorum=st.integers(1, 3))
def test_a_common_set_has_no_more_people_behind_it_than_agree_on_its_most_disputed_class(
    said: dict[str, str], quorum: int
) -> None:
    counted = merge.positions(said, quorum)
    assert counted.keys() == said.keys()
    for label in set(counted.values()):
        behind = sum(one == label for one in counted.values())
        for name in MOODS:
            agree = sum(
                (name in value.classes(one)) == (name in value.classes(label)) for one in said.values()
            )
            assert behind <= agree


def test_classes_are_agreed_on_one_by_one() -> None:
    said = {"p": "anger, joy", "q": "joy", "r": "joy"}
    assert list(merge.positions(said, 2).values()).count("joy") == 2
    crossed = {"p": "anger, joy", "q": "anger, fear", "r": "fear, joy"}
    assert list(merge.positions(crossed, 2).values()).count("anger, fear, joy") == 2
    assert merge.positions({"p": "joy", "q": "anger"}, 2) == {"p": "joy", "q": "anger"}, "a tie stays one"


@pytest.mark.parametrize(
    ("result", "found"),
    [
        ([{"from_name": "moods", "value": {"choices": ["joy", "anger"]}}], ("anger, joy", LabelStatus.VALID)),
        ([], (value.NONE, LabelStatus.VALID)),
        ([{"from_name": "moods", "value": {"choices": ["hope"]}}], (None, LabelStatus.UNKNOWN_CLASS)),
        ([{"from_name": "moods", "value": {"rating": 3}}], (None, LabelStatus.UNREADABLE)),
        ("x", (None, LabelStatus.UNREADABLE)),
    ],
)
def test_ticks_of_label_studio_are_a_set(result: Any, found: tuple[str | None, LabelStatus]) -> None:
    assert LABEL_STUDIO["multi_label"].read(result, SCHEMA) == Reading(*found)


@given(label=SETS)
def test_what_is_written_is_read_again_and_other_regions_stay(label: str) -> None:
    codec, other = LABEL_STUDIO["multi_label"], {"from_name": "stars", "value": {"rating": 3}}
    written = codec.write([other], SCHEMA, label, {"secondlook": "c-1"})
    assert codec.read(written, SCHEMA) == Reading(label, LabelStatus.VALID)
    assert other in written
    if label != value.NONE:
        assert ARGILLA["multi_label"].read(ARGILLA["multi_label"].write(None, SCHEMA, label, {}), SCHEMA) == (
            Reading(label, LabelStatus.VALID)
        )


@pytest.mark.parametrize(
    ("ticked", "none", "said"),
    [(["joy"], False, "joy"), ([], True, value.NONE), ([], False, None), (["joy"], True, None)],
)
def test_no_tick_is_an_answer_only_when_it_is_said(ticked: list[str], none: bool, said: str | None) -> None:
    result = [{"from_name": "label", "value": {"choices": ticked}}] if ticked else []
    result += [{"from_name": "none", "value": {"choices": ["No label applies"]}}] if none else []
    assert LABEL_STUDIO["multi_label"].answer(result) == said
    chosen = ticked + (["secondlook:empty"] if none else [])
    assert ARGILLA["multi_label"].answer({"values": {"label": {"value": chosen}}}) == said


@pytest.fixture
def moods(build: Callable[..., World]) -> World:
    world = build(schema=SCHEMA)
    for n in range(6):
        world.item(f"glad {n}", "joy", anger=0.02, fear=0.03, joy=0.97)
        world.item(f"furious {n}", "anger, fear", anger=0.95, fear=0.9, joy=0.04)
        world.item(f"both {n}", "anger, joy", anger=0.9, fear=0.02, joy=0.96)
    world.item("odd", "joy", anger=0.98, fear=0.01, joy=0.97)
    world.item("nothing", value.NONE, anger=0.03, fear=0.02, joy=0.01)
    world.settle()
    return world


def test_a_missing_class_is_asked_about_decided_written_and_taken_back(moods: World) -> None:
    assert moods.asked() == ["odd"]
    context = str(moods.review_of("odd").item.data["secondlook_context"])
    assert "98" in context
    assert "it is not chosen" in context
    moods.agree("odd", "anger, joy")
    moods.later(minutes=5)
    correction = moods.corrected("odd")
    assert (correction.given, correction.label) == ("joy", "anger, joy")
    assert correction.state is CorrectionState.APPLIED
    moods.revert(correction.id)
    assert moods.corrected("odd").state is CorrectionState.REVERTED


def test_sets_that_nobody_named_alike_are_decided_class_by_class(moods: World) -> None:
    moods.answer("odd", "rita", "anger, joy")
    moods.answer("odd", "ravi", "anger, fear, joy")
    moods.later(minutes=5)
    moods.answer("odd", "rosa", "anger, joy")
    moods.later(minutes=5)
    assert moods.corrected("odd").label == "anger, joy"


def test_predictions_that_lack_a_class_are_counted_and_said(build: Callable[..., World]) -> None:
    world = build(schema=SCHEMA)
    world.item("a", "joy", joy=0.9)
    world.item("b", "anger", anger=0.9, fear=0.1, joy=0.1)
    world.settle()
    scan = world.last_scan()
    assert left_out_texts(scan.skipped)["prediction: not a probability of every class"] == 1


WORDS = {"anger": "shout slam", "fear": "shiver hide", "joy": "laugh dance"}


def learning(build: Callable[..., World], **predictions: Any) -> World:
    """Items that a model of their text can judge, one of which lacks a class."""
    world = build(schema=SCHEMA, predictions={"source": "builtin", **predictions})
    sets = [("anger",), ("joy",), ("fear",), ("anger", "fear")]
    for n in range(60):
        names = sets[n % 4]
        world.item(f"{' '.join(WORDS[name] for name in names)} w{n}", value.key(names))
    world.item("shout slam shiver hide odd", "anger")
    return world


def test_sets_are_judged_by_the_model_that_is_trained_here(build: Callable[..., World]) -> None:
    world = learning(build)
    world.settle()
    assert "shout slam shiver hide odd" in world.asked()
    report = world.last_scan().report
    assert report.out_of_sample == "by construction"
    assert report.source["told_from_chance"] > 0.8


def test_sets_are_judged_by_probabilities_from_a_file(build: Callable[..., World], tmp_path: Path) -> None:
    path = tmp_path / "moods.npy"
    world = build(schema=SCHEMA, predictions={"source": "file", "path": path})
    seen = {("joy",): [0.02, 0.03, 0.97], ("anger", "fear"): [0.95, 0.9, 0.04]}
    rows = {world.item(f"{n}", value.key(names)): seen[names] for n in range(6) for names in seen}
    rows[world.item("odd", "joy")] = [0.98, 0.01, 0.97]
    rows[world.item("unsure", "joy")] = [0.5, 1.2, 0.97]
    world.item("unknown", "joy")
    np.save(path, np.array(list(rows.values())))
    np.save(tmp_path / "moods.ids.npy", np.array(list(rows)))
    world.settle()
    assert world.asked() == ["odd"]
    assert world.issue("odd").suggested == "anger, joy"
    left_out = left_out_texts(world.last_scan().skipped)
    assert (left_out["not in the file"], sum(left_out.values())) == (1, 2)


def test_a_source_that_cannot_judge_sets_is_refused_with_the_remedy(build: Callable[..., World]) -> None:
    world = learning(build, model="own")
    world.settle()
    assert "by the plug-in own" in str(world.project.paused_reason)
    assert "Use platform or backend or file or builtin" in str(world.project.paused_reason)
