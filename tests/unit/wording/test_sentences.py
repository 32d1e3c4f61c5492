"""Every sentence that a person reads: exact, on one line, neutral, and safe where it becomes HTML."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector import wording
from connector.model import GuidelineNote, LabelSchema, ObjectTag, Problem
from connector.wording import FlagFacts, scans
from workers.consensus import Reason
from workers.label_types.regions.ask import CANNOT
from workers.label_types.spans import words

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
FACTS = FlagFacts(given="Labrador", suggested="Golden Retriever", probability=0.98)
HOSTILE = "<script>alert('x')</script>\n\r\x00\u202e & \"more\""
TEXT = ObjectTag("text", "Text", "text")
NOTE = GuidelineNote("n1", 1, "i1", "Labrador", "Golden Retriever", "Look at the coat", "7", "accepted", NOON)


class Tags(HTMLParser):
    """The tags of a text, and the text between them."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)

    def handle_data(self, data: str) -> None:
        self.text += data


def test_the_context_says_what_the_model_thinks_and_what_is_labeled() -> None:
    assert wording.flag_context(FACTS) == (
        "The model is 98% sure this is 'Golden Retriever', but it is labeled 'Labrador'. Please verify."
    )


def test_the_context_says_what_else_matters_one_fact_a_line() -> None:
    facts = replace(
        FACTS,
        near=[("Poodle", 0.013), ("Beagle", 0.002)],
        others=["Labrador", "Poodle", "Labrador"],
        similar=["Golden Retriever", "Golden Retriever", "Labrador"],
    )

    assert wording.flag_context(facts).split("\n") == [
        "The model is 98% sure this is 'Golden Retriever', but it is labeled 'Labrador'. Please verify.",
        "It also considers 'Poodle' (1%) and 'Beagle' (less than 1%).",
        "Other annotators chose 'Labrador' (2) and 'Poodle' (1).",
        "Labels of the 3 most similar items: 'Golden Retriever' (2) and 'Labrador' (1).",
    ]


def test_no_contrast_is_made_where_the_model_agrees() -> None:
    said = wording.flag_context(replace(FACTS, suggested="Labrador"))

    assert said == "The model is 98% sure this is 'Labrador', and it is labeled 'Labrador'. Please verify."


def test_a_blind_task_names_no_label_and_no_model() -> None:
    said = wording.blind_context()

    assert said == "Please label this item as if nobody had labeled it before."
    assert "model" not in said


@pytest.mark.parametrize(
    ("probability", "said"),
    [
        (0.0, "less than 1%"),
        (0.004999, "less than 1%"),
        (0.005, "less than 1%"),
        (0.0051, "1%"),
        (0.015, "2%"),
        (0.5, "50%"),
        (0.98, "98%"),
        (0.9949, "99%"),
        (0.995, "more than 99%"),
        (1.0, "more than 99%"),
    ],
)
def test_percent_is_said_as_people_say_it(probability: float, said: str) -> None:
    assert wording.percent(probability) == said


@given(st.floats(0, 1))
def test_percent_is_never_certain(probability: float) -> None:
    assert wording.percent(probability) not in {"0%", "100%"}


@given(st.text())
def test_a_label_stays_on_its_line_and_within_its_length(label: str) -> None:
    said = wording.quoted(label)

    assert said.isprintable()
    assert len(said) <= wording.LABEL_CHARS + 2


@given(st.text(), st.text(), st.lists(st.text(), max_size=3))
def test_no_label_can_add_a_line_to_the_context(label: str, other: str, others: list[str]) -> None:
    facts = FlagFacts(label, other, 0.7, [(name, 0.1) for name in others], others, others)

    assert len(wording.flag_context(facts).split("\n")) == (4 if others else 1)


def test_a_direction_mark_cannot_turn_a_sentence_around() -> None:
    assert wording.one_line("a\u202eb\u2066c") == "a b c"


@pytest.mark.parametrize(
    ("code", "votes", "label", "said"),
    [
        ("agreed_on_other", ["dog", "dog"], "dog", "Reviewers agreed on 'dog' instead of 'cat': 'dog' (2)."),
        (
            "agreed_on_given",
            ["cat", "dog", "cat"],
            "cat",
            "Reviewers confirmed 'cat': 'cat' (2) and 'dog' (1).",
        ),
        (
            "agreed_on_problem",
            ["bad data", "bad data"],
            None,
            "Reviewers agreed that no single label can be chosen: 'bad data' (2).",
        ),
        (
            "adjudicated",
            ["cat", "dog", "bird"],
            "bird",
            "An adjudicator chose 'bird': 'cat' (1), 'dog' (1) and 'bird' (1).",
        ),
        (
            "adjudicated",
            ["cat", "bad data"],
            None,
            "An adjudicator found that no single label can be chosen: 'cat' (1) and 'bad data' (1).",
        ),
        ("split", ["cat", "dog"], None, "Reviewers did not agree: 'cat' (1) and 'dog' (1)."),
        ("split", [], None, "Reviewers did not agree: no answers."),
    ],
)
def test_a_decision_says_why(code: str, votes: list[str], label: str | None, said: str) -> None:
    assert wording.decision_reason(code, votes, label, "cat") == said


def test_every_reason_to_decide_has_a_sentence_of_its_own() -> None:
    deciding = set(Reason) - {Reason.TOO_FEW_VOTES, Reason.TIE, Reason.SPLIT}

    said = {reason: wording.decision_reason(reason.value, ["dog"], "dog", "cat") for reason in deciding}

    assert len(set(said.values())) == len(deciding)
    assert not any("did not agree" in sentence for sentence in said.values())


def test_the_instructions_escape_the_title_and_explain_every_problem() -> None:
    html = wording.review_instructions(HOSTILE, 2)
    read = Tags(html)

    assert read.tags == {"p", "b", "ul", "li"}
    assert "2 agreeing answers decide." in read.text
    for problem in Problem:
        assert f"{problem.value}: " in read.text


def test_the_instructions_take_no_side() -> None:
    text = Tags(wording.review_instructions("Dogs", 2)).text

    assert "Neither the label nor the model is right by default" in text
    assert "wrong" not in text
    assert "error" not in text


def test_the_instructions_of_regions_offer_what_their_pages_do() -> None:
    several = Tags(wording.review_instructions("Moods", 2, single=False)).text
    assert "If none of the answers that can be given is right, choose a problem instead" in several
    assert "single label" not in several
    text = Tags(wording.review_instructions("Streets", 2, in_parts=True)).text

    assert "one region" in text
    assert f"answer {CANNOT.words.lower()}." in text
    assert f"answer {words.VERDICTS[Problem.CANNOT_TELL].lower()}." in text
    assert "2 agreeing answers decide." in text
    assert "choose a problem" not in text
    assert "single label" not in text
    assert not [problem for problem in Problem if problem.value in text]


def test_the_instructions_of_regions_escape_the_title_and_take_no_side() -> None:
    read = Tags(wording.review_instructions(HOSTILE, None, in_parts=True))

    assert read.tags == {"p", "b"}
    assert "is right by default: answer by what you see." in read.text
    assert "wrong" not in read.text
    assert "error" not in read.text


def entry(*notes: GuidelineNote, examples: tuple[str, ...] = ()) -> wording.Guideline:
    first = notes[0]
    return wording.Guideline(first.given, first.label, wording.note_text(first.text), notes, examples)


def test_a_note_left_by_several_names_them_without_their_addresses() -> None:
    again = replace(NOTE, id="n2", author="8", created_at=NOTE.created_at + timedelta(days=1))
    block = wording.guideline_block([entry(NOTE, again)], {"7": "ada@example.com", "8": "bo@example.com"})
    assert block.count("Look at the coat") == 1
    assert "(ada and bo, 2026-03-03)" in block


def test_the_guideline_block_holds_rule_author_day_and_examples() -> None:
    assert wording.guideline_block([entry(NOTE, examples=("item 3: “a dog”", "item 4"))], {"7": "Ada"}) == (
        "<h3>Notes from reviews</h3><ul class='list-disc pl-6'>"
        "<li><b>Golden Retriever</b>, not <b>Labrador</b>: Look at the coat (Ada, 2026-03-02)"
        "<br>For example item 3: “a dog” and item 4</li></ul>"
    )


def test_nothing_typed_by_anybody_becomes_markup_in_the_guidelines() -> None:
    note = replace(NOTE, given=HOSTILE, label=HOSTILE, text=HOSTILE, author=HOSTILE)
    shown = wording.example_item(HOSTILE, {"text": HOSTILE}, LabelSchema("l", "t", (), (TEXT,)))

    for names in ({}, {HOSTILE: HOSTILE}):
        for written in (note, replace(note, issue_id=None)):
            block = wording.guideline_block([entry(written, examples=(shown,))], names)
            assert Tags(block).tags == {"h3", "ul", "li", "b", "br"}
            assert block.isprintable()


def test_an_unknown_author_is_named_by_number_and_one_who_answered_us_by_name() -> None:
    assert "(reviewer 7, 2026-03-02)" in wording.guideline_block([entry(NOTE)], {})
    answer = replace(NOTE, issue_id=None, author="ada@example.com")
    assert "(ada, 2026-03-02)" in wording.guideline_block([entry(answer)], {})


def test_a_long_note_is_cut() -> None:
    block = wording.guideline_block([entry(replace(NOTE, text="x" * 5000))], {})

    assert len(block) < 5000
    assert "x…" in block


def test_without_notes_there_is_no_block() -> None:
    assert wording.guideline_block([], {}) == ""


@pytest.mark.parametrize("value", [None, 3, "", "https://example.com/1.png", "data:image/png;base64,A", "/a"])
def test_an_example_that_cannot_be_read_is_named_by_its_number(value: object) -> None:
    assert wording.example_item("12", {"text": value}, LabelSchema("l", "t", (), (TEXT,))) == "item 12"
    assert wording.example_item("12", {}, None) == "item 12"


def test_a_guideline_question_says_what_was_found() -> None:
    assert wording.guideline_question("cat", "dog", 4, 1).startswith(
        "Reviewers moved 4 items between 'cat' and 'dog' and could not tell them apart for 1 item, and no "
    )
    assert wording.guideline_question("cat", "dog", 0, 2).startswith(
        "Reviewers could not tell 'cat' from 'dog' for 2 items, and no guideline says how to tell."
    )


@pytest.mark.parametrize("title", ["Dogs", "d" * 49, "d" * 200, "", "a\nb"])
def test_the_review_projects_title_fits_and_always_says_what_it_is(title: str) -> None:
    said = wording.review_project_title(title)

    assert len(said) <= 50
    assert said.endswith(" · second look")
    assert said.isprintable()


def test_too_few_labels_says_what_to_do() -> None:
    assert scans.too_few_labels(3, 1) == (
        "3 labeled items in 1 class are too few to judge labels; nothing was flagged. "
        "Label more items, then scan again."
    )


def test_a_refusal_of_the_platform_is_passed_on_shortened() -> None:
    said = wording.review_refused("HTTP 400\n" + "x" * 1000)

    assert said.startswith("the platform refused the review task: HTTP 400 xxx")
    assert len(said) < 400


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (-3600, "just now"),  # the clock was set back
        (0, "just now"),
        (59, "just now"),
        (60, "1 minute ago"),
        (7199, "1 hour ago"),
        (7200, "2 hours ago"),
        (86_400 * 3, "3 days ago"),
    ],
)
def test_how_long_ago_is_said_in_one_unit(seconds: int, said: str) -> None:
    assert wording.ago(NOON - timedelta(seconds=seconds), NOON) == said


@pytest.mark.parametrize(
    ("count", "said"), [(0, "0 boxes are"), (1, "1 box is"), (2, "2 boxes are"), (2000, "2,000 boxes are")]
)
def test_what_is_counted_stands_in_the_singular_or_the_plural(count: int, said: str) -> None:
    assert wording.number_of(count, "box is", "boxes are") == said


def test_a_time_is_said_with_its_zone_wherever_it_was_taken() -> None:
    moment = datetime(2026, 3, 1, 1, 30, tzinfo=timezone(timedelta(hours=2)))
    assert wording.moment_text(moment) == "2026-02-28 23:30 UTC"
    assert wording.day_text(moment) == "2026-02-28"
