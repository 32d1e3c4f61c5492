"""Lists about labels: the queue, corrections, what scans found, what no label fits, pairs of classes."""

from __future__ import annotations

from collections.abc import Mapping
from math import sqrt
from typing import Any
from urllib.parse import urlencode

from connector.actions import held
from connector.model import CorrectionState, DispositionKind, IssueKind, IssueState
from connector.model.access import AccessRole
from connector.model.findings import FindingKind
from connector.store.unit_of_work import UnitOfWork
from connector.store.views import dispositions, findings, loop
from connector.store.views.pairs import PairVerdicts, pair_views
from connector.store.views.queue import MOST_COUNTED, QueueFilter, QueueRow, queue_count, queue_views
from connector.store.views.similarity import items_of_points
from connector.web.dashboard import rates
from connector.web.dashboard.charts import HeatCell, heat_map
from connector.web.dashboard.listing import (
    LONGEST_VALUE,
    Button,
    Column,
    Filter,
    Listing,
    ListPart,
    ListQuery,
    Row,
    item_link,
    portion,
    query_of,
    row_of,
)
from connector.web.forms import stamp
from connector.wording import DECISION_REASONS, number_of

MOST_CLASSES = 20  # that get buttons of their own
WAITING = (IssueState.OPEN.value, IssueState.IN_REVIEW.value)


def queue_filter(unit: UnitOfWork, project_id: int, filters: Mapping[str, str]) -> QueueFilter:
    """What the filters of an address of the queue ask for."""
    of = {name: value or None for name, value in filters.items()}
    state, older, points = of.get("state"), of.get("older"), of.get("points")
    chosen = None if points is None else items_of_points(unit, project_id, points)
    return QueueFilter(
        states=(state,) if state else (),
        given=of.get("given"),
        suggested=of.get("suggested"),
        annotator=of.get("annotator"),
        kind=of.get("kind"),
        method=of.get("method"),
        item=of.get("item"),
        older=None if older is None else int(older),
        items=None if points is None else tuple(chosen or ()),
        reason=of.get("why"),
    )


def _queue(asked: ListQuery) -> ListPart:
    wanted = queue_filter(asked.unit, asked.its.id, asked.filters)
    result = queue_views(asked.unit, asked.its.id, wanted, asked.sight, asked.limit, asked.after)
    within = query_of(QUEUE, asked.filters)
    rows = [_queue_row(each) | {"within": within} for each in result.items]
    total = len(rows) if asked.after is None else None
    if total is not None and result.next is not None:
        total = queue_count(asked.unit, asked.its.id, wanted, asked.sight)
    return ListPart(rows, result.next, total, capped=total is not None and total > MOST_COUNTED)


def _queue_item_link(row: Row) -> str:
    """The item, with the filters under which it stands here: its page leads on to the next one."""
    within = row["within"]
    return (
        f"{item_link(row)}?{urlencode({'within': within})}" if len(within) < LONGEST_VALUE else item_link(row)
    )


def _queue_row(one: QueueRow) -> dict[str, Any]:
    issue = one.issue
    more = {"annotator": one.annotator, "votes": one.votes, "asked": one.asked}
    return row_of(issue) | more | {"decided": issue.decided_label, "since": issue.created_at}


def _chosen(asked: ListQuery, row: Row) -> str | None:
    """What says which question is chosen, and as what it was seen; None for one that is not asked."""
    waits = row["state"] in WAITING and row["kind"] != IssueKind.GOLDEN
    if not waits or not asked.may(AccessRole.OPERATOR):
        return None
    return f"{row['id']}:{stamp(row['state'], row['asked'])}"


def _acts(asked: ListQuery) -> list[tuple[str, str]]:
    settings = asked.services.settings.projects.get(asked.its.name)
    judged = settings is not None and bool(settings.review.adjudicators)
    return [
        ("one-more", "Ask one more person"),
        *([("adjudicate", "Send to an adjudicator")] if judged else []),
        ("close", "Close without an answer"),
    ]


def _queue_empty(asked: ListQuery) -> str:
    if asked.filters and asked.filters != {"state": IssueState.IN_REVIEW.value}:
        if asked.of("points") and items_of_points(asked.unit, asked.its.id, asked.filters["points"]) is None:
            return "The map was drawn anew since these points were chosen. Choose them again on the map."
        return "No issue matches."
    if asked.its.last_scan_at is None:
        return "No scan yet: ask for one on the project's page."
    return "Nothing is in review now. Choose another state to see what was decided or waits."


def _queue_head(asked: ListQuery) -> list[Button]:
    return (
        [
            Button("Scan now", f"{asked.base}/work/scan"),
            Button("Push now", f"{asked.base}/work/push"),
        ]
        if asked.may(AccessRole.OPERATOR)
        else []
    )


QUEUE = Listing(
    slug="queue",
    title="Queue",
    lead="What is asked and why, the most suspicious first.",
    columns=(
        Column("item", "Item", "code", _queue_item_link),
        Column("content", "Content"),
        Column("given", "Given"),
        Column("suggested", "Suggested"),
        Column("probability", "Model", "share"),
        Column("kind", "Kind", "state"),
        Column("annotator", "Labeled by"),
        Column("votes", "Votes", "number"),
        Column("asked", "Of asked", "number"),
        Column("state", "State", "state"),
        Column("decided", "Decided"),
        Column("since", "Since", "time"),
    ),
    read=_queue,
    empty=_queue_empty,
    filters=(
        Filter("state", "State", tuple(IssueState), IssueState.IN_REVIEW.value),
        Filter("item", "Item"),
        Filter("given", "Given"),
        Filter("suggested", "Suggested"),
        Filter("annotator", "Labeled by (id)"),
        Filter("kind", "Kind", tuple(IssueKind)),
        Filter("method", "Method"),
        Filter("older", "Older than (days)", whole=True),
        Filter("why", "Decided because", tuple(DECISION_REASONS)),
        Filter("points", "On the map", longest=5_000),
    ),
    head=_queue_head,
    chosen=_chosen,
    acts=_acts,
)


def _findings(asked: ListQuery) -> ListPart:
    kind = asked.of("kind")
    result = findings.finding_views(
        asked.unit,
        project=asked.its.name,
        kind=FindingKind(kind) if kind else None,
        limit=asked.limit,
        after=asked.after,
        sight=asked.sight,
    )
    return ListPart([row_of(each) for each in result.items], result.next)


FINDINGS = Listing(
    slug="findings",
    title="Findings",
    lead="What else the last scan found: of classes, annotators and groups first, then of items.",
    columns=(
        Column("kind", "Kind", "state"),
        Column("item", "Item", "code", lambda row: item_link(row) if row["item"] else None),
        Column("why", "What"),
        Column("score", "Score", "share"),
    ),
    read=_findings,
    empty=lambda asked: "Nothing else was found." if asked.its.last_scan_at else "No scan yet.",
    filters=(Filter("kind", "Kind", tuple(FindingKind)),),
)


def _dispositions(asked: ListQuery) -> ListPart:
    kind = asked.of("kind")
    result = dispositions.disposition_views(
        asked.unit,
        project=asked.its.name,
        kind=DispositionKind(kind) if kind else None,
        limit=asked.limit,
        after=asked.after,
        sight=asked.sight,
    )
    rows = [row_of(each) | {"labels": ", ".join(each.labels)} for each in result.items]
    return ListPart(rows, result.next)


DISPOSITIONS = Listing(
    slug="dispositions",
    title="Set aside",
    lead="Items that no single label answers: several fit, none does, people differ, or rules are silent.",
    columns=(
        Column("item", "Item", "code", item_link),
        Column("kind", "List", "state"),
        Column("problem", "Problem"),
        Column("given", "Given"),
        Column("labels", "Labels named"),
        Column("decided_at", "Decided", "time"),
    ),
    read=_dispositions,
    empty=lambda asked: "No item is set aside." if not asked.filters else "No item is on this list.",
    filters=(Filter("kind", "List", tuple(DispositionKind)),),
)


def _corrections(asked: ListQuery) -> ListPart:
    state = asked.of("state")
    result = loop.correction_views(
        asked.unit,
        project=asked.its.name,
        state=CorrectionState(state) if state else None,
        limit=asked.limit,
        after=asked.after,
        sight=asked.sight,
    )
    return ListPart([row_of(each) for each in result.items], result.next)


def _held_head(asked: ListQuery) -> list[Button]:
    """Of each class whose corrections are held: write them all, or none of them ever."""
    if asked.of("state") != CorrectionState.HELD.value or not asked.may(AccessRole.OPERATOR):
        return []
    return [
        Button(
            f"{title} all {n} of {label}",
            f"{asked.base}/corrections/{what}",
            {"label": label},
            (("number", "Type how many are held now", ""),),
        )
        for label, n in list(held.counts(asked.unit, asked.its).items())[:MOST_CLASSES]
        for what, title in (("release", "Release"), ("discard", "Discard"))
    ]


CORRECTIONS = Listing(
    slug="corrections",
    title="Corrections",
    lead="What was changed on the platform, or is about to be. Each can be taken back.",
    columns=(
        Column("id", "Correction", "code", lambda row: f"/p/{row['project']}/corrections/{row['id']}"),
        Column("item", "Item", "code", item_link),
        Column("given", "Before"),
        Column("label", "After"),
        Column("mode", "Mode", "state"),
        Column("state", "State", "state"),
        Column("created_at", "Decided", "time"),
        Column("applied_at", "Written", "time"),
        Column("reverted_at", "Taken back", "time"),
        Column("error", "Why not"),
        Column("actor", "By"),
        Column("run", "Run", "code"),
    ),
    read=_corrections,
    empty=lambda asked: "No correction is in this state." if asked.filters else "No correction yet.",
    filters=(Filter("state", "State", tuple(CorrectionState)),),
    head=_held_head,
)


def _pairs(asked: ListQuery) -> ListPart:
    label = asked.of("label")
    result = [
        _pair_row(asked, each)
        for each in pair_views(asked.unit, asked.its.id, asked.sight)
        if label in (None, each.first, each.second)
    ]
    rows, following = portion(asked, result)
    return ListPart(rows, following, len(result), drawn=result)


def _pair_row(asked: ListQuery, each: PairVerdicts) -> Row:
    return {
        "project": asked.its.name,
        "given": each.first,
        "suggested": each.second,
        "waiting": each.waiting,
        "confirmed": each.confirmed,
        "refused": each.refused,
        "unresolved": each.unresolved,
        "said": rates.share_text(each.confirmed, each.decided),
    }


def _pair_link(row: Row) -> str:
    query = urlencode({"state": "any", "given": row["given"], "suggested": row["suggested"]})
    return f"/p/{row['project']}/queue?{query}"


def _pair_map(part: ListPart) -> str:
    """The pairs with most flags, by how often; those without enough decisions are faint."""
    decided = [row["confirmed"] + row["refused"] for row in part.drawn]
    counts = [
        n + row["unresolved"] + (row["waiting"] or 0) for n, row in zip(decided, part.drawn, strict=True)
    ]
    most = max(counts, default=0) or 1
    cells = [
        HeatCell(
            row["given"],
            row["suggested"],
            sqrt(n / most),
            f"{row['given']} → {row['suggested']}: {number_of(n, 'flag')} {row['said']}",
            faint=settled < rates.FEW,
        )
        for row, n, settled in zip(part.drawn, counts, decided, strict=True)
    ]
    return heat_map("Flags by given label (rows) and suggested label (columns)", cells)


def _no_pair(asked: ListQuery) -> str:
    if asked.filters:
        return "No flag is about this label."
    return "No pair has a flag yet." if asked.sight.secrets else "No pair has a decision yet."


PAIRS = Listing(
    slug="pairs",
    title="Class pairs",
    lead="Which classes are mixed up: flags by given and suggested label, and how often they were confirmed.",
    columns=(
        Column("given", "Given", "text", _pair_link),
        Column("suggested", "Suggested", "text", _pair_link),
        Column("confirmed", "Confirmed", "number"),
        Column("refused", "Refused", "number"),
        Column("unresolved", "Unresolved", "number"),
        Column("waiting", "Waiting", "number"),
        Column("said", "Precision (95 % interval)"),
    ),
    read=_pairs,
    empty=_no_pair,
    filters=(Filter("label", "Label"),),
    chart=_pair_map,
)

LISTS = (QUEUE, PAIRS, CORRECTIONS, DISPOSITIONS, FINDINGS)
