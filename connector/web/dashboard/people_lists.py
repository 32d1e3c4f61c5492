"""Lists about people: who labels, who reviews, how far they agree; notes, golden items."""

from __future__ import annotations

from collections import Counter
from typing import Any
from urllib.parse import urlencode

from connector.model import GoldenItem, NoteState, QuestionState
from connector.model.access import AccessRole
from connector.model.findings import FindingKind
from connector.store.views.findings import finding_views
from connector.store.views.pairs import annotator_views
from connector.store.views.people import reviewers_view
from connector.store.views.secrecy import seen_reviewers
from connector.store.views.spot import drawn_labels, spot_checks
from connector.store.views.waiting import PACE_DAYS, answered_lately
from connector.web.dashboard import rates
from connector.web.dashboard.charts import HeatCell, heat_map
from connector.web.dashboard.listing import (
    Button,
    Column,
    Filter,
    Listing,
    ListPart,
    ListQuery,
    Row,
    item_link,
    portion,
)
from connector.web.forms import stamp
from connector.wording import guideline_question, item_snippet


def _remarks(asked: ListQuery) -> dict[str, str]:
    """What the last scan found of a person: labels unlike others', or unlike their own of before."""
    result: dict[str, str] = {}
    for kind in (FindingKind.ANNOTATOR_DIFFERS, FindingKind.ANNOTATOR_DRIFT):
        for one in finding_views(asked.unit, project=asked.its.name, kind=kind, sight=asked.sight).items:
            result[one.subject] = f"{result[one.subject]} {one.why}" if one.subject in result else one.why
    return result


def _annotators(asked: ListQuery) -> ListPart:
    remarks = _remarks(asked)
    part, following = portion(asked, annotator_views(asked.unit, asked.its.id, asked.sight))
    rows = [
        {
            "project": asked.its.name,
            "id": each.first,
            "annotator": each.second,
            "confirmed": each.confirmed,
            "refused": each.refused,
            "unresolved": each.unresolved,
            "waiting": each.waiting,
            "said": rates.share_text(each.confirmed, each.decided),
            "remark": remarks.get(each.first),
            "spot": "look",
        }
        for each in part
    ]
    return ListPart(rows, following)


def _annotator_link(row: Row) -> str:
    return f"/p/{row['project']}/queue?{urlencode({'state': 'any', 'annotator': row['id']})}"


def _spot_link(row: Row) -> str:
    return f"/p/{row['project']}/spot-checks?{urlencode({'annotator': row['id']})}"


def _spots(asked: ListQuery) -> ListPart:
    names = asked.unit.projects.annotator_names(asked.its.id)
    drawn = drawn_labels(asked.unit, asked.its.id, asked.sight, asked.of("annotator"))
    part, following = portion(asked, drawn)
    rows = [
        {
            "project": asked.its.name,
            "item": each.item,
            "content": item_snippet(each.data),
            "label": each.label,
            "annotator": names.get(each.annotator, each.annotator),
            "updated_at": each.updated_at,
        }
        for each in spot_checks(asked.unit, part)
    ]
    return ListPart(rows, following)


SPOTS = Listing(
    slug="spot-checks",
    title="Spot checks",
    lead="Up to five labels of each person, drawn at random each day, whatever the model says of them.",
    columns=(
        Column("annotator", "Annotator"),
        Column(
            "item",
            "Item",
            "code",
            item_link,
        ),
        Column("content", "Content"),
        Column("label", "Label"),
        Column("updated_at", "Given", "time"),
    ),
    read=_spots,
    empty=lambda asked: "No label of this person was drawn today." if asked.filters else "No label is there.",
    filters=(Filter("annotator", "Annotator (id)"),),
)

ANNOTATORS = Listing(
    slug="annotators",
    title="Annotators",
    lead="Whose labels were flagged, and how often reviewers confirmed it. Flags are the model's choice: "
    "compare only with the interval in sight.",
    columns=(
        Column("annotator", "Annotator", "text", _annotator_link),
        Column("confirmed", "Found wrong", "number"),
        Column("refused", "Upheld", "number"),
        Column("unresolved", "Unresolved", "number"),
        Column("waiting", "Waiting", "number"),
        Column("said", "Found wrong of decided (95 % interval)"),
        Column("remark", "By the last scan"),
        Column("spot", "Labels of today", "text", _spot_link, in_files=False),
    ),
    read=_annotators,
    empty=lambda _asked: "No label of a known person was flagged yet.",
)


def _agreement(asked: ListQuery) -> ListPart:
    report = asked.unit.audits.last_done(asked.its.id)
    pairs = ((report.figures or {}).get("agreement") or {}).get("by_pair") if report else None
    names = asked.unit.projects.annotator_names(asked.its.id)
    rows: list[dict[str, Any]] = [
        {
            "first": names.get(each["first"], each["first"]),
            "second": names.get(each["second"], each["second"]),
            "shared": each["shared"],
            "agreed": each["agreed"],
            "said": rates.share_text(each["agreed"], each["shared"]),
            "kappa": each["kappa"],
        }
        for each in pairs or ()
    ]
    return ListPart(rows)


def _agreement_map(part: ListPart) -> str:
    """People by people; both halves, so that a row shows one person."""
    cells = [
        HeatCell(
            first,
            second,
            row["agreed"] / row["shared"] if row["shared"] else 0.0,
            f"{first} and {second}: {row['said']}",
            faint=row["shared"] < rates.FEW,
        )
        for row in part.rows
        for first, second in ((row["first"], row["second"]), (row["second"], row["first"]))
    ]
    return heat_map("How often two people agreed", cells)


AGREEMENT = Listing(
    slug="agreement",
    title="Agreement",
    lead="How often two people gave the same answer to the same question, as the last report has it.",
    columns=(
        Column("first", "Person"),
        Column("second", "Person"),
        Column("shared", "Shared", "number"),
        Column("agreed", "Agreed", "number"),
        Column("said", "Agreement (95 % interval)"),
        Column("kappa", "Kappa", "figure"),
    ),
    read=_agreement,
    empty=lambda _asked: "No report yet, or no two people answered the same questions.",
    chart=_agreement_map,
)


def _reviewers(asked: ListQuery) -> ListPart:
    settings = asked.services.settings.projects.get(asked.its.name)
    if settings is None:
        return ListPart([])
    view = seen_reviewers(reviewers_view(asked.unit, asked.its, settings), asked.sight)
    accounts = answered_lately(asked.unit, asked.its.id)
    lately: Counter[str] = Counter()
    for account, n in accounts.items():
        lately[settings.reviewers.person_of(account)] += n
    rows = [
        {
            "person": one.name,
            "lately": lately.get(one.person, 0),
            "a_day": lately.get(one.person, 0) / PACE_DAYS,
            "right": one.reliability if one.answers else None,
            "low": one.low if one.answers else None,
            "high": one.high if one.answers else None,
            "answers": one.answers,
            "golden": None if not one.golden else f"{one.golden_right} of {one.golden}",
            "weight": one.weight if one.answers else None,
            "seconds": one.seconds,
            "suggestion": f"{one.suggestions_taken} of {one.suggestions_shown}"
            if one.suggestions_shown
            else None,
            "drift": one.drift,
            "trusted": "full weight" if one.trusted else "weighs less",
        }
        for one in view.people
    ]
    return ListPart(rows)


def _reviewers_head(asked: ListQuery) -> list[Button]:
    if not asked.may(AccessRole.OPERATOR):
        return []
    return [Button("Measure now", f"{asked.base}/work/reviewers")]


REVIEWERS = Listing(
    slug="reviewers",
    title="Reviewers",
    lead="How far each person can be relied on, the least reliable first.",
    columns=(
        Column("person", "Person"),
        Column("right", "Right", "share"),
        Column("low", "from", "share"),
        Column("high", "to", "share"),
        Column("answers", "Answers", "number"),
        Column("lately", "In 7 days", "number"),
        Column("a_day", "A day", "figure"),
        Column("golden", "Golden right"),
        Column("weight", "Weight", "figure"),
        Column("seconds", "Seconds", "figure"),
        Column("suggestion", "Suggestion taken"),
        Column("drift", "Change lately", "figure"),
        Column("trusted", "Counts", "state"),
    ),
    read=_reviewers,
    empty=lambda _asked: "Nobody has answered a review yet.",
    head=_reviewers_head,
)


def _notes(asked: ListQuery) -> ListPart:
    state = asked.of("state")
    names = asked.unit.projects.annotator_names(asked.its.id)
    result = asked.unit.notes.listed(asked.its.id, NoteState(state) if state else None)
    part, following = portion(asked, result)
    rows = [
        {
            "id": one.id,
            "rule": f"{one.label}, not {one.given}",
            "text": one.text,
            "author": names.get(one.author, one.author),
            "state": str(one.state),
            "created_at": one.created_at,
            "accepted_by": one.accepted_by,
            "published_at": one.published_at,
        }
        for one in part
    ]
    return ListPart(rows, following, len(result))


def _note_buttons(asked: ListQuery, row: Row) -> list[Button]:
    if not asked.may(AccessRole.OPERATOR):
        return []
    fields = {"note": str(row["id"]), "was": stamp(row["state"], row["text"])}
    base = f"{asked.base}/guidelines"
    result = [Button("Reword", f"{base}/reword", fields, (("text", "Words", str(row["text"])),))]
    if row["state"] in (NoteState.DRAFT, NoteState.WITHDRAWN):
        result.insert(0, Button("Accept", f"{base}/accept", fields))
    if row["state"] != NoteState.WITHDRAWN:
        result.append(Button("Withdraw", f"{base}/withdraw", fields))
    return result


GUIDELINES = Listing(
    slug="guidelines",
    title="Guidelines",
    lead="Notes of reviewers about labels: what is accepted is published in the platform's instructions.",
    columns=(
        Column("rule", "Rule"),
        Column("text", "Note"),
        Column("author", "By"),
        Column("state", "State", "state"),
        Column("created_at", "Written", "time"),
        Column("accepted_by", "Accepted by"),
        Column("published_at", "Published", "time"),
    ),
    read=_notes,
    empty=lambda asked: "No note in this state." if asked.filters else "No reviewer has written a note yet.",
    filters=(Filter("state", "State", tuple(NoteState)),),
    buttons=_note_buttons,
)


def _questions(asked: ListQuery) -> ListPart:
    result = asked.unit.questions.listed(asked.its.id, [QuestionState.OPEN, QuestionState.ANSWERED])
    rows = [
        {
            "id": one.id,
            "question": guideline_question(one.first, one.second, one.confused, one.ambiguous),
            "first": one.first,
            "second": one.second,
            "state": str(one.state),
            "created_at": one.created_at,
        }
        for one in result
    ]
    return ListPart(rows)


def _question_buttons(asked: ListQuery, row: Row) -> list[Button]:
    if row["state"] != QuestionState.OPEN or not asked.may(AccessRole.OPERATOR):
        return []
    fields = {"question": str(row["id"])}
    return [
        Button("Answer", f"{asked.base}/guidelines/answer", fields, (("text", "How to tell them apart", ""),))
    ]


QUESTIONS = Listing(
    slug="questions",
    title="Open rules",
    lead="Pairs of labels that are confused again and again without a note.",
    columns=(
        Column("question", "Question"),
        Column("state", "State", "state"),
        Column("created_at", "Since", "time"),
    ),
    read=_questions,
    empty=lambda _asked: "No pair of labels lacks a rule.",
    buttons=_question_buttons,
)


def _golden(asked: ListQuery) -> ListPart:
    times = asked.unit.golden.times_asked(asked.its.id)
    result = asked.unit.golden.listed(asked.its.id)
    part, following = portion(asked, result)
    rows = [_golden_row(asked, one, times.get(one.id, 0)) for one in part]
    return ListPart(rows, following, len(result))


def _golden_row(asked: ListQuery, one: GoldenItem, times: int) -> Row:
    return {
        "project": asked.its.name,
        "item": one.remote_id,
        "label": one.label,
        "source": one.source,
        "added_by": one.added_by,
        "verified_at": one.verified_at,
        "doubted_at": one.doubted_at,
        "asked": times,
    }


def _golden_head(asked: ListQuery) -> list[Button]:
    ask = (("item", "Item", ""), ("label", "Label", ""))
    return [Button("Add or confirm", f"{asked.base}/golden/add", {}, ask)]


def _golden_buttons(asked: ListQuery, row: Row) -> list[Button]:
    fields = {"item": str(row["item"]), "was": stamp(row["label"])}
    return [Button("Remove", f"{asked.base}/golden/remove", fields)]


GOLDEN = Listing(
    slug="golden",
    title="Golden set",
    lead="Verified items that measure reviewers. Whoever can see this page should not review.",
    columns=(
        Column(
            "item",
            "Item",
            "code",
            item_link,
        ),
        Column("label", "Label"),
        Column("source", "Source"),
        Column("added_by", "Added by"),
        Column("verified_at", "Confirmed", "time"),
        Column("asked", "Asked", "number"),
        Column("doubted_at", "Contradicted", "time"),
    ),
    read=_golden,
    empty=lambda _asked: "No golden item yet: add some here, or `secondlook golden add`.",
    least=AccessRole.ADMIN,
    buttons=_golden_buttons,
    head=_golden_head,
)

LISTS = (ANNOTATORS, SPOTS, AGREEMENT, REVIEWERS, GUIDELINES, QUESTIONS, GOLDEN)
