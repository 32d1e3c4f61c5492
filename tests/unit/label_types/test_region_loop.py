"""Boxes and spans through the loop on the in-memory platform."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import pytest

from connector import wording
from connector.actions.golden import AS_LABELLED, Line, store
from connector.errors import Rejected
from connector.model import CorrectionState, IssueState, LabelSchema, ObjectTag
from connector.model.jobs import JobKind
from connector.wording import reason_texts
from tests.support.world import World
from workers.label_types.boxes.value import KEYS as BOXES
from workers.label_types.registry import ValidLabels
from workers.label_types.spans.value import KEYS as SPANS
from workers.people.golden_set import report as golden_report
from workers.report.gather import Asked, report
from workers.review.quality.figures import figures

BOX_SCHEMA = LabelSchema("box", "image", ("car", "dog"), (ObjectTag("image", "Image", "text"),), "boxes")
SPAN_SCHEMA = LabelSchema("ner", "text", ("LOC", "PER"), (ObjectTag("text", "Text", "text"),), "spans")


def box(label: str, x: int, y: int, w: int = 100, h: int = 80) -> str:
    return f"{label} {x},{y} {w}x{h} of 800x600"


def label_of(*parts: str) -> str:
    return "\n".join(sorted(parts)) or "(none)"


def put(world: World, text: str, given: list[str], model: Mapping[str, float]) -> None:
    world.item(text, label_of(*given), **model)


# Each wrong picture beside what is true of it.
CAR, DOG = box("car", 50, 50), box("dog", 400, 300)
WRONG = {
    "overlooked": ([CAR], [CAR, DOG]),
    "spurious": ([CAR, box("dog", 600, 500)], [CAR]),
    "swapped": ([CAR, box("car", 400, 300)], [CAR, DOG]),
    "badly located": ([CAR, box("dog", 440, 330)], [CAR, DOG]),
}


@pytest.fixture
def pictures(build: Callable[..., World]) -> World:
    world = build(schema=BOX_SCHEMA)
    for n in range(20):
        right = [box("car", 20 + 5 * n, 40), box("dog", 300 + 5 * n, 250)]
        put(world, f"right {n}", right, dict.fromkeys(right, 0.95))
    for text, (given, truth) in WRONG.items():
        put(world, text, given, dict.fromkeys(truth, 0.95))
    world.settle()
    return world


def test_each_kind_of_wrong_box_is_asked_about_and_no_right_one(pictures: World) -> None:
    assert sorted(pictures.asked()) == sorted(WRONG)
    assert "Each task asks about one region." in pictures.review.guidelines


@pytest.mark.parametrize("text", WRONG)
def test_a_wrong_box_is_decided_written_in_place_and_taken_back(pictures: World, text: str) -> None:
    given, truth = WRONG[text]
    issue = pictures.issue(text)
    wanted = next((part for part in truth if part not in given), issue.suggested)
    assert issue.suggested == wanted
    pictures.agree(text, wanted)
    pictures.later(minutes=5)
    assert pictures.labels(text) == [("ann", label_of(*truth))]
    correction = pictures.corrected(text)
    assert correction.state is CorrectionState.APPLIED
    pictures.revert(correction.id)
    assert pictures.labels(text) == [("ann", label_of(*given))]


OTHER, AMISS = box("car", 600, 100), box("car", 400, 300)  # what is overlooked beside a swapped box


def with_two_wrong(build: Callable[..., World], **settings: Mapping[str, object]) -> World:
    """One picture with an overlooked and a swapped box, of which both were decided."""
    world = build(schema=BOX_SCHEMA, **settings)
    for n in range(20):
        right = [box("car", 20 + 5 * n, 40), box("dog", 300 + 5 * n, 250)]
        put(world, f"right {n}", right, dict.fromkeys(right, 0.95))
    put(world, "two", [AMISS], dict.fromkeys([DOG, OTHER], 0.95))
    world.settle()
    assert world.asked() == ["two", "two"]
    for held in list(world.review.held.values()):
        about = DOG if "dog" in str(held.item.data["secondlook_context"]) else OTHER
        for reviewer in ("rita", "ravi"):
            world.server.answer(held.item.remote_id, reviewer, about)
    world.later(minutes=5)
    return world


def corrections(world: World) -> dict[str, str]:
    """The label that each writes → its id."""
    with world.read() as unit:
        made = [one for issue in world.issues() for one in unit.corrections.all_of_issue(issue.id)]
    return {one.label: one.id for one in made}


def test_two_wrong_boxes_of_one_picture_are_two_questions_and_two_corrections(
    build: Callable[..., World],
) -> None:
    world = with_two_wrong(build)
    assert world.labels("two") == [("ann", label_of(DOG, OTHER))]
    made = list(corrections(world).values())
    for one in made:
        world.do(JobKind.WRITEBACK, {"correction": one, "overtaken": True})
    with world.read() as unit:
        found = [unit.corrections.get(one) for one in made]
    assert [one.state for one in found if one] == [CorrectionState.APPLIED] * 2


@pytest.mark.parametrize("mode", ["ground_truth", "replace"])
def test_corrections_of_one_picture_stand_in_one_new_annotation_and_are_taken_back_one_by_one(
    build: Callable[..., World], mode: str
) -> None:
    world = with_two_wrong(build, writeback={"mode": mode})
    assert world.labels("two")[1:] == [("service", label_of(DOG, OTHER))]
    world.revert(corrections(world)[DOG])
    assert world.labels("two")[1:] == [("service", label_of(AMISS, OTHER))]
    world.revert(corrections(world)[OTHER])
    assert world.labels("two") == [("ann", AMISS)]


def test_a_newer_model_of_another_control_does_not_hide_the_one_that_sees_boxes(
    build: Callable[..., World],
) -> None:
    world = build(schema=BOX_SCHEMA)
    for n in range(20):
        right = [box("car", 20 + 5 * n, 40), box("dog", 300 + 5 * n, 250)]
        put(world, f"right {n}", right, dict.fromkeys(right, 0.95))
    put(world, "overlooked", [CAR], dict.fromkeys([CAR, DOG], 0.95))
    for held in list(world.source.held.values()):
        world.server.predict(world.source_id, held.item.remote_id, None, class_scores={}, model_version="day")
    world.settle()
    assert world.asked() == ["overlooked"]


def test_figures_are_about_classes_and_not_about_single_boxes(pictures: World) -> None:
    for text, (given, truth) in WRONG.items():
        wanted = next((part for part in truth if part not in given), pictures.issue(text).suggested)
        pictures.agree(text, wanted)
    pictures.later(minutes=5)
    settings = pictures.services.project_settings(pictures.project.name)
    with pictures.read() as unit:
        found = figures(unit, pictures.project, settings.quality)
        told = report(unit, Asked(pictures.project, settings, pictures.clock.now(), "test", ""), None)
    assert {one.name: one.accepted for one in found.by_class} == {"(nothing)": 1, "car": 1, "dog": 2}
    assert {(one.given, one.label): one.n for one in found.moved} == {
        ("(nothing)", "dog"): 1,
        ("car", "dog"): 1,
        ("dog", "(nothing)"): 1,
        ("dog", "dog (at another place)"): 1,
    }
    assert found.change == {"car": -1, "dog": 1}
    assert [one.name for one in told.reviews.by_class] == ["(nothing)", "car", "dog"]
    changes = {one.label: (one.gained, one.lost, one.labels_now) for one in told.corrections.classes}
    assert changes == {"car": (0, 1, 24), "dog": (3, 2, 23)}


def test_what_was_rejected_is_not_asked_again(pictures: World) -> None:
    issue = pictures.issue("overlooked")
    pictures.agree("overlooked", issue.given)
    pictures.later(minutes=5)
    pictures.later(days=8)
    assert pictures.labels("overlooked") == [("ann", CAR)]
    assert "overlooked" not in [one.item.data["text"] for one in pictures.review.held.values()][len(WRONG) :]


def test_answers_that_mean_one_box_agree_and_their_middle_is_written(pictures: World) -> None:
    pictures.answer("badly located", "rita", box("dog", 398, 298))
    pictures.answer("badly located", "ravi", box("dog", 404, 304))
    pictures.later(minutes=5)
    assert pictures.labels("badly located") == [("ann", label_of(CAR, box("dog", 401, 301)))]


@pytest.mark.parametrize(
    ("drawn", "decided"),
    [
        ([(398, 298), (404, 304), (401, 301), (399, 300)], True),
        ([(398, 298), (100, 300), (650, 40), (20, 480)], False),
    ],
)
def test_by_shares_boxes_that_mean_one_are_one_answer_and_others_are_not(
    build: Callable[..., World],
    drawn: list[tuple[int, int]],
    decided: bool,
) -> None:
    world = build(schema=BOX_SCHEMA, review={"rule": "shares"})
    for n in range(20):
        right = [box("car", 20 + 5 * n, 40), box("dog", 300 + 5 * n, 250)]
        put(world, f"right {n}", right, dict.fromkeys(right, 0.95))
    given, truth = WRONG["badly located"]
    put(world, "badly located", given, dict.fromkeys(truth, 0.95))
    world.settle()
    for who, (x, y) in zip(("rita", "ravi", "rosa", "rolf"), drawn, strict=True):
        world.answer("badly located", who, box("dog", x, y))
    world.later(minutes=5)
    changed = world.labels("badly located") != [("ann", label_of(*given))]
    assert changed is decided


def test_without_a_model_the_other_annotators_are_what_a_label_is_held_against(
    build: Callable[..., World],
) -> None:
    world = build(schema=BOX_SCHEMA)
    for n in range(20):
        right = label_of(box("car", 20 + 5 * n, 40), box("dog", 300 + 5 * n, 250))
        item_id = world.server.add_item(world.source_id, {"text": f"right {n}"})
        for who in ("ann", "bob", "cat"):
            world.server.annotate(world.source_id, item_id, right, who)
    item_id = world.server.add_item(world.source_id, {"text": "missed"})
    for who, label in (("ann", label_of(CAR, DOG)), ("bob", label_of(CAR, DOG)), ("cat", CAR)):
        world.server.annotate(world.source_id, item_id, label, who)
    world.settle()
    assert reason_texts(world.last_scan().warnings)[-1].startswith("21 items without predictions")


@pytest.mark.parametrize("text", WRONG)
def test_an_error_that_several_made_is_put_right_once_counted_and_not_voted_back(
    build: Callable[..., World], text: str
) -> None:
    world = build(schema=BOX_SCHEMA)
    for n in range(20):
        right = [box("car", 20 + 5 * n, 40), box("dog", 300 + 5 * n, 250)]
        put(world, f"right {n}", right, dict.fromkeys(right, 0.95))
    given, truth = WRONG[text]
    put(world, text, given, dict.fromkeys(truth, 0.95))
    item_id = world.held(text).item.remote_id
    for who in ("bob", "cat"):
        world.server.annotate(world.source_id, item_id, label_of(*given), who)
    world.server.annotate(world.source_id, item_id, label_of(*truth), "dan")
    aside = [part.replace("600,500", "603,502").replace("50,50", "51,52") for part in given]
    world.server.annotate(world.source_id, item_id, label_of(*aside), "eve")
    world.settle()
    issue = world.issue(text)
    world.agree(text, next((part for part in truth if part not in given), issue.suggested))
    world.later(minutes=5)
    correction = world.corrected(text)
    assert (correction.state, correction.others) == (CorrectionState.APPLIED, 3)
    with world.read() as unit:
        (item,) = unit.items.labelled(world.project.id, [correction.item_id])
        assert item.label == label_of(*truth), "three who hold the error are more than one"
        assert unit.corrections.held_by_others(world.project.id) == 3
    world.revert(correction.id)
    with world.read() as unit:
        (item,) = unit.items.labelled(world.project.id, [correction.item_id])
        assert item.label == label_of(*given)
        assert unit.corrections.held_by_others(world.project.id) == 0


def test_writing_one_region_leaves_the_questions_about_others_of_its_annotation_open(
    build: Callable[..., World],
) -> None:
    """Though another, made before, counts as much while what was written is not recorded yet."""
    world = build(schema=BOX_SCHEMA)
    for n in range(20):
        right = [box("car", 20 + 5 * n, 40), box("dog", 300 + 5 * n, 250)]
        put(world, f"right {n}", right, dict.fromkeys(right, 0.95))
    put(world, "two", [DOG], dict.fromkeys([DOG, OTHER], 0.95))
    for who in ("bob", "cat"):
        world.server.annotate(world.source_id, world.held("two").item.remote_id, label_of(AMISS), who)
    world.settle()
    about = {issue.suggested: issue.id for issue in world.issues()}
    tasks = {
        str(held.item.data["secondlook_key"]): held.item.remote_id for held in world.review.held.values()
    }
    with world.read() as unit:
        asked = unit.reviews.of_issues(list(about.values()))
    for reviewer in ("rita", "ravi"):
        world.server.answer(tasks[asked[about[OTHER]].key], reviewer, OTHER)
    world.later(minutes=5)
    assert world.labels("two")[1] == ("bob", label_of(AMISS, OTHER))
    assert {issue.suggested: issue.state for issue in world.issues()} == {
        OTHER: IssueState.ACCEPTED,
        DOG: IssueState.IN_REVIEW,
    }
    assert world.audit("issue.stale") == []
    world.revert(corrections(world)[OTHER])
    assert world.labels("two")[1] == ("bob", label_of(AMISS))
    assert world.audit("issue.stale") == []


def test_an_open_page_that_puts_the_old_boxes_back_makes_a_conflict_that_stands(pictures: World) -> None:
    given, truth = WRONG["swapped"]
    pictures.agree("swapped", DOG)
    pictures.later(minutes=5)
    assert pictures.labels("swapped") == [("ann", label_of(*truth))]
    pictures.relabel("swapped", label_of(*given))
    pictures.later(minutes=10)
    correction = pictures.corrected("swapped")
    assert correction.state is CorrectionState.CONFLICT
    assert "page" in wording.reason_text(correction.error or "")
    assert pictures.labels("swapped") == [("ann", label_of(*given))], "nobody is overwritten"


def with_golden(
    build: Callable[..., World], label: str, given: list[str], *, stands: bool = False
) -> tuple[World, list[str]]:
    """Pictures whose label is `given`, and known to be `label`; those of them that are asked about.

    With `stands` that became known when other questions stood on the platform already.
    """
    world = build(schema=BOX_SCHEMA, reviewers={"golden_share": 0.5})
    for n in range(20):
        right = [box("car", 20 + 5 * n, 40), box("dog", 300 + 5 * n, 250)]
        put(world, f"right {n}", right, dict.fromkeys(right, 0.95))
    for n in range(4):
        put(world, f"known {n}", given, dict.fromkeys(given, 0.95))
    world.do(JobKind.SYNC)
    lines = [Line(n, world.held(f"known {n}").item.remote_id, label) for n in range(4)]
    for n in range(12):
        put(world, f"overlooked {n}", [CAR], dict.fromkeys([CAR, DOG], 0.95))
    if stands:
        world.settle()
    with world.services.store.begin() as unit:
        store(unit, world.project, lines, "import", "cli:tester", ValidLabels(BOX_SCHEMA))
    world.settle()
    return world, [text for text in world.asked() if text.startswith("known")]


def test_what_becomes_golden_when_questions_stand_is_asked_about_at_once(build: Callable[..., World]) -> None:
    _, asked = with_golden(build, AS_LABELLED, [CAR, DOG], stands=True)
    assert sorted(asked) == ["known 0", "known 1", "known 2", "known 3"]


def golden_figures(world: World) -> dict[str, tuple[int, int]]:
    with world.read() as unit:
        found = golden_report(unit, world.project, world.services.project_settings(world.project.name))
    return {one.person: (one.right, one.answers) for one in found.reviewers}


def test_a_golden_question_is_about_one_region_and_measures_who_answers(build: Callable[..., World]) -> None:
    world, asked = with_golden(build, AS_LABELLED, [CAR, DOG])
    assert asked, "by lot beside a half of twelve"
    for text in asked:
        issue = world.issue(text)
        assert issue.given in (CAR, DOG)
        assert (issue.evidence.about or {})["kind"] == "swapped"
        nearly = issue.given.replace("50,50", "52,49").replace("400,300", "402,301")  # drawn by hand
        world.answer(text, "rita", nearly)
        world.answer(text, "ravi", issue.suggested)
    world.later(minutes=5)
    assert golden_figures(world) == {"rita": (len(asked), len(asked)), "ravi": (0, len(asked))}
    assert world.labels(asked[0]) == [("ann", label_of(CAR, DOG))], "nothing is decided by it"


def test_a_golden_question_about_a_wrong_label_asks_for_what_is_known(build: Callable[..., World]) -> None:
    spare = box("dog", 600, 500)
    world, asked = with_golden(build, label_of(CAR, DOG), [CAR, spare])
    kinds = set()
    for text in asked:
        issue = world.issue(text)
        kinds.add((issue.given, issue.suggested))
        world.agree(text, issue.suggested)
    world.later(minutes=5)
    nothing = (DOG.replace("dog", "(nothing)"), spare.replace("dog", "(nothing)"))
    assert kinds <= {(nothing[0], DOG), (spare, nothing[1])}
    assert golden_figures(world) == dict.fromkeys(("rita", "ravi"), (len(asked), len(asked)))


def test_a_class_that_is_gone_is_named_once_and_not_with_the_places_of_its_boxes(
    build: Callable[..., World],
) -> None:
    world = build(schema=BOX_SCHEMA)
    for n in range(3):
        put(world, f"both {n}", [CAR, box("dog", 300 + n, 300)], dict.fromkeys([CAR], 0.9))
        put(world, f"car {n}", [CAR], dict.fromkeys([CAR], 0.9))
    world.settle()
    world.server.set_schema(world.source_id, replace(BOX_SCHEMA, classes=("car",)))
    world.later(minutes=5)
    gone = [text for text in reason_texts(world.last_scan().warnings) if "is gone" in text]
    assert [text.partition(" is gone")[0] for text in gone] == ["The class 'dog'"]
    assert "3 labels carried it" in gone[0]


def test_a_golden_label_of_regions_is_checked_before_it_is_stored(build: Callable[..., World]) -> None:
    world = build(schema=BOX_SCHEMA)
    put(world, "one", [CAR], {CAR: 0.95})
    world.do(JobKind.SYNC)
    line = Line(1, world.held("one").item.remote_id, "whale 50,50 100x80 of 800x600")
    with world.services.store.begin() as unit, pytest.raises(Rejected, match="whale"):
        store(unit, world.project, [line], "import", "cli:tester", ValidLabels(BOX_SCHEMA))


def test_a_note_about_a_region_names_classes_and_not_places(build: Callable[..., World]) -> None:
    world = build(schema=BOX_SCHEMA, guidelines={"question_after": 2, "accept": "person"})
    for n in range(20):
        right = [box("car", 20 + 5 * n, 40), box("dog", 300 + 5 * n, 250)]
        put(world, f"right {n}", right, dict.fromkeys(right, 0.95))
    wrong = [f"swapped {n}" for n in range(2)]
    for text in wrong:
        put(world, text, [CAR, box("car", 400, 300)], dict.fromkeys([CAR, DOG], 0.95))
    world.settle()
    for text in wrong:
        world.agree(text, world.issue(text).suggested, note="Four legs")
    world.later(minutes=15)
    with world.read() as unit:
        notes = unit.notes.listed(world.project.id)
        (asked,) = unit.questions.listed(world.project.id)
    assert {(note.given, note.label) for note in notes} == {("car", "dog")}
    assert (asked.first, asked.second) == ("car", "dog")
    assert len(asked.examples) == 2


PAGE = "Ana flew to Rome with Bob."
RIGHT = ['PER 0-3 "Ana"', 'LOC 12-16 "Rome"', 'PER 22-25 "Bob"']
SPANS_WRONG = {
    "missing": ([RIGHT[0], RIGHT[1]], RIGHT),
    "extra": ([*RIGHT, 'LOC 4-8 "flew"'], RIGHT),
    "type": ([RIGHT[0], 'PER 12-16 "Rome"', RIGHT[2]], RIGHT),
    "boundary": ([RIGHT[0], 'LOC 9-16 "to Rome"', RIGHT[2]], RIGHT),
}


@pytest.mark.parametrize("text", SPANS_WRONG)
def test_a_wrong_span_is_asked_about_decided_and_written(build: Callable[..., World], text: str) -> None:
    world = build(schema=SPAN_SCHEMA)
    for n in range(20):
        put(world, f"right {n}", RIGHT, dict.fromkeys(RIGHT, 0.97))
    given, truth = SPANS_WRONG[text]
    put(world, text, given, dict.fromkeys(truth, 0.97))
    world.settle()
    assert world.asked() == [text]
    issue = world.issue(text)
    world.agree(text, issue.suggested)
    world.later(minutes=5)
    assert world.labels(text) == [("ann", label_of(*truth))]


def test_keys_are_read_again() -> None:
    assert [str(part) for part in BOXES.parts(label_of(CAR, DOG))] == sorted([CAR, DOG])
    assert [str(part) for part in SPANS.parts(label_of(*RIGHT))] == sorted(RIGHT)


def sentence(n: int) -> tuple[str, list[str]]:
    who, where = ("Ana", "Bob", "Cleo")[n % 3], ("Rome", "Oslo", "Bern", "Lima")[n % 4]
    text = f"{who} {n} flew to {where} with Dan today"
    at = text.index(where)
    return text, [f'PER 0-{len(who)} "{who}"', f'LOC {at}-{at + 4} "{where}"']


def test_spans_are_judged_by_the_built_in_tagger_where_no_model_is_named(build: Callable[..., World]) -> None:
    world = build(schema=SPAN_SCHEMA, predictions={"source": "builtin", "out_of_sample": None})
    for n in range(60):
        text, right = sentence(n)
        world.item(text, label_of(*(right[:1] if n == 30 else right)))
    world.settle()
    missed, right = sentence(30)
    assert world.asked() == [missed]
    assert world.issue(missed).suggested == right[1]
    report = world.last_scan().report
    assert report.out_of_sample == "by construction"
    assert report.source["span_f1"] > 0.9


def test_boxes_have_no_built_in_model_and_the_sources_are_named(build: Callable[..., World]) -> None:
    world = build(schema=BOX_SCHEMA, predictions={"source": "builtin", "out_of_sample": None})
    world.item("one", CAR)
    world.settle()
    assert "boxes are not judged by builtin" in str(world.project.paused_reason)
