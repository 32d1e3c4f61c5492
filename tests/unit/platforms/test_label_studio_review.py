"""The review project's config, its tasks, and the label controls of a source's config."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from label_studio_sdk.label_interface.interface import LabelInterface

from connector.errors import Misconfigured
from connector.model import LabelSchema, ObjectTag, Problem, ReviewRequest, ReviewSetup
from connector.platforms.label_studio import review_config, review_tasks
from connector.platforms.label_studio.config import schema_of
from tests.support.codecs import LABEL_STUDIO
from workers.label_types.choice.label_studio import FEW, OTHER, has_search

TEXT = ObjectTag("t", "Text", "text")
CODEC = LABEL_STUDIO["choice"]


def setup_for(classes: tuple[str, ...], *objects: ObjectTag) -> ReviewSetup:
    return ReviewSetup("owner", "Second look", LabelSchema("c", "t", classes, objects or (TEXT,)), 2, "")


def request_for(**changes: object) -> ReviewRequest:
    values: dict[str, object] = {
        "key": "k",
        "batch": "b",
        "title": "T",
        "context": "C",
        "data": {"text": "x"},
        "options": ("A", "B"),
        "suggestion": "A",
        "suggestion_score": 0.9,
        "model_version": "m",
    }
    return ReviewRequest(**(values | changes))  # type: ignore[arg-type]


CLASS_NAMES = st.text(
    st.characters(exclude_categories=("Cs", "Cc")) | st.sampled_from("<>&\"'$"), min_size=1, max_size=12
).filter(lambda name: name.strip() == name)


@given(classes=st.lists(CLASS_NAMES, min_size=2, max_size=30, unique=True), searched=st.booleans())
def test_any_class_names_make_a_config_that_has_them(classes: list[str], searched: bool) -> None:
    # A search box that was there once stays.
    config = review_config.build(setup_for(tuple(classes)), CODEC, 'name="other"' if searched else "")
    controls = {control.name: control for control in LabelInterface(config).controls}
    many = searched or len(classes) > FEW
    where = controls["other"] if many else controls["label"]
    assert list(where.labels) == classes
    assert list(controls["problem"].labels) == [problem.value for problem in Problem]
    assert controls["note"].tag == "TextArea"
    assert has_search(config) is many


def test_every_object_is_shown_and_html_only_as_words() -> None:
    objects = (TEXT, ObjectTag("i", "Image", "image"), ObjectTag("h", "HyperText", "html"))
    config = review_config.build(setup_for(("A", "B"), *objects), CODEC)
    shown = {tag.tag: tag.value_name for tag in LabelInterface(config).objects if tag.name}
    assert "HyperText" not in config
    assert shown["Image"] == "image"
    assert "$secondlook_html_html" in config


def test_many_classes_begin_where_they_no_longer_fit_on_a_page() -> None:
    few = tuple(f"c{n}" for n in range(FEW))
    assert not has_search(review_config.build(setup_for(few), CODEC))
    assert has_search(review_config.build(setup_for((*few, "one more")), CODEC))


def test_digits_answer_to_their_own_keys() -> None:
    config = review_config.build(setup_for(tuple("0123456789")), CODEC)
    assert '<Choice value="0" hotkey="0"' in config
    assert "hotkey" not in review_config.build(setup_for(("cat", "dog")), CODEC)


def test_the_owner_is_marked_without_being_named() -> None:
    assert "secret owner" not in review_config.owner_class("secret owner")


FORM = review_tasks.LabelStudioForm(("text", "secondlook_html_html", "secondlook_text_talk"), 'name="other"')


def test_a_task_has_every_field_that_the_config_shows_and_ours_win() -> None:
    data = {
        "html": "<h1>Hi</h1><p>a  <b>b</b></p><script>x()</script>",
        "talk": [1],
        "secondlook_key": "not ours",
    }
    task = review_tasks.task_for(request_for(data=data), FORM, CODEC)["data"]
    assert task["text"] == ""
    assert task["secondlook_html_html"] == "Hi\na b"
    assert task["secondlook_text_talk"] == "[\n 1\n]"
    assert task["secondlook_key"] == "k"
    assert [option["value"] for option in task["secondlook_options"]] == ["A", "B", OTHER]


@pytest.mark.parametrize("kind", ["Image", "Text", "HyperText"])
def test_a_field_within_an_object_is_shown_under_a_name_without_dots(kind: str) -> None:
    # To the server a dot leads into an object: it refuses tasks that hold a flat "ticket.body".
    config = review_config.build(setup_for(("A", "B"), ObjectTag("t", kind, "ticket.body")), CODEC)
    (shown,) = (str(each.value_name) for each in LabelInterface(config).objects if each.name == "item")
    form = review_tasks.LabelStudioForm((shown,), config)
    task = review_tasks.task_for(request_for(data={"ticket.body": "words"}), form, CODEC)
    assert "." not in shown
    assert task["data"][shown] == "words"


def test_a_blind_task_has_no_prediction() -> None:
    assert "predictions" not in review_tasks.task_for(request_for(suggestion=None), FORM, CODEC)


def test_a_suggestion_that_is_no_option_is_found_by_search() -> None:
    task = review_tasks.task_for(request_for(suggestion="Z"), FORM, CODEC)
    values = [region["value"] for region in task["predictions"][0]["result"]]
    assert values == [{"choices": [OTHER]}, {"taxonomy": [["Z"]]}]
    assert all(isinstance(region["id"], str) for region in task["predictions"][0]["result"])


def answer_with(*result: dict[str, object]) -> review_tasks.Answer:
    return review_tasks.answer({"id": 1, "result": list(result), "completed_by": 1}, "k", "1", CODEC, {})


def test_a_search_result_counts_only_while_other_is_chosen() -> None:
    searched = {"from_name": "other", "value": {"taxonomy": [["Animal", "Dog"]]}}
    other = {"from_name": "label", "value": {"choices": [OTHER]}}
    plain = {"from_name": "label", "value": {"choices": ["OTHER"]}}
    assert answer_with(other, searched).label == "Dog"
    assert answer_with(plain, searched).label == "OTHER"
    assert answer_with(other).label is None
    assert answer_with(searched).label is None


OBJECT = '<Text name="t" value="$t"/>'
ONE = '<Choices name="one" toName="t"><Choice value="A" alias="a"/><Choice value="B"/></Choices>'
TWO = '<Choices name="two" toName="t" choice="single-radio"><Choice value="C"/><Choice value="D"/></Choices>'
MULTIPLE = '<Choices name="m" toName="t" choice="multiple"><Choice value="E"/><Choice value="F"/></Choices>'
RATING = '<Rating name="stars" toName="t"/>'


def view(*parts: str) -> str:
    return f"<View>{OBJECT}{''.join(parts)}</View>"


def test_the_only_single_choice_is_found_and_a_named_one_is_taken() -> None:
    assert schema_of(view(MULTIPLE, ONE, RATING), None, LABEL_STUDIO).control == "one"
    assert schema_of(view(ONE, TWO), "two", LABEL_STUDIO).classes == ("C", "D")


def test_an_alias_is_what_results_carry() -> None:
    assert schema_of(view(ONE), None, LABEL_STUDIO).classes == ("a", "B")


@pytest.mark.parametrize(
    ("xml", "name", "said"),
    [
        (view(ONE, TWO), None, "one (Choices single), two (Choices single-radio)"),
        (view(MULTIPLE, RATING), None, "m (Choices multiple), stars (Rating)"),
        (view(MULTIPLE), "m", "not a control for the whole item"),
        (view(ONE), "label", "no control named 'label'"),
        (view(), None, "controls found: none"),
        (view('<Choices name="x" toName="t" value="$options"/>'), None, "no control for the whole item"),
        (
            view('<Choices name="x" toName="nothing"><Choice value="A"/><Choice value="B"/></Choices>'),
            None,
            "no object",
        ),
        (view('<Choices name="x" toName="t"><Choice value="A"/></Choices>'), None, "fewer classes than"),
        ("<View", None, "cannot be read"),
        ("", None, "cannot be read"),
    ],
)
def test_a_config_that_cannot_be_judged_says_what_it_has(xml: str, name: str | None, said: str) -> None:
    with pytest.raises(Misconfigured) as raised:
        schema_of(xml, name, {"choice": CODEC})
    assert said in str(raised.value)
