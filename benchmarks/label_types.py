"""Findings and consensus of boxes and spans on public data whose truth is known; no times.

BENCH_DATA=FOLDER make bench BENCH_ARGS=label_types. In FOLDER/types stand `boxes_planted` (images.jsonl.gz),
`boxes_crowd` (items.jsonl.gz), `ner_conllpp` (sentences.jsonl.gz, probs.npz) and `ner_crowd` (docs.jsonl.gz),
each with a meta.json. `named` is the best figure known of others on the same data, by the same measure.
"""

from __future__ import annotations

import gzip
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from lines import Line, figures
from numpy.typing import NDArray
from region_truth import average_precision, f1, matched_boxes, ranked, spans_of_iob
from scene import Scene

from workers.consensus import (
    BoxAnswers,
    SpanAnswers,
    box_consensus,
    box_f1_sums,
    box_iou_sums,
    interval_of,
    span_consensus,
    span_f1_sums,
    span_overlap_sums,
)
from workers.detect.predictions.tagging import out_of_sample_tags
from workers.issues import (
    BoxFindings,
    BoxKind,
    BoxMethod,
    box_issues,
    box_scores,
    sentence_scores,
    span_issues,
    token_issues,
)
from workers.issues.boxes import KINDS, NO_BOX
from workers.issues.boxes.kinds import findings_at_given, findings_at_predicted, ordered
from workers.issues.boxes.reading import read_boxes

FOLDER = "BENCH_DATA"
SEED = 20_210_208
FIRST = (50, 100)  # findings, of which the share of true ones is given
NAMED_BOXES = {"f1": 0.757, "by": "weighted boxes fusion, share 1/3"}
NAMED_SPANS = {"f1": 0.676, "by": "hidden Markov model with the workers' confusions"}
NAMED_SENTENCES = {"sentence_ap": 0.217, "by": "cleanlab, least token"}

Rows = list[dict[str, Any]]


def measure(scene: Scene) -> Iterator[Line]:
    """Lines for planted wrong boxes, real wrong spans, and the consensus of both."""
    named = os.environ.get(FOLDER)
    if named is None:
        scene.say(f"   left out: {FOLDER} names no folder with data of label types")
        return
    folder = Path(named) / "types"
    yield from planted_boxes(folder / "boxes_planted")
    yield from real_spans(folder / "ner_conllpp")
    yield from crowd_boxes(folder / "boxes_crowd")
    yield from crowd_spans(folder / "ner_crowd")


# --- which are wrong ---------------------------------------------------------------------------


def planted_boxes(folder: Path) -> Iterator[Line]:
    """Every method on the same pictures; ObjectLab stands for cleanlab, whose scores it equals."""
    number = {name: k for k, name in enumerate(json.loads((folder / "meta.json").read_text())["classes"])}
    rows = _rows(folder / "images.jsonl.gz")
    labels = [
        {
            "bboxes": as_table(row["given"], 1, 4),
            "labels": np.array([number[box[0]] for box in row["given"]], int),
        }
        for row in rows
    ]
    predictions = np.empty(len(rows), dtype=object)
    for image, row in enumerate(rows):
        named = np.array([number[box[0]] for box in row["predictions"]], dtype=int)
        table = np.roll(as_table(row["predictions"], 1, 5), -1, axis=1)
        predictions[image] = [table[named == k] for k in range(len(number))]
    wrong = np.array([any(kind != "right" for kind in row["planted"]) for row in rows])
    n_wrong = sum(kind != "right" for row in rows for kind in row["planted"])
    for method in BoxMethod:
        result = box_issues(labels, predictions, method=method)
        by_scores = method is BoxMethod.OBJECTLAB
        hits = _planted(_by_scores(labels, predictions) if by_scores else result.findings, rows)
        yield {
            "bench": f"label_types/boxes_planted/{method}",
            "picture_ap": figures(ranked(1 - result.score, wrong)),
            "box_ap": figures(average_precision(hits, n_wrong)),
            **_precision(hits),
            "pictures_marked": int(result.mask.sum()),
            "rightly": int((result.mask & wrong).sum()),
            "boxes_wrong": n_wrong,
        }


def _by_scores(labels: Any, predictions: Any) -> BoxFindings:
    """All boxes by ObjectLab's scores, marked or not: marks alone name next to nothing here."""
    scores = box_scores(labels, predictions)
    given, predicted, _ = read_boxes(labels, predictions)
    candidates = np.flatnonzero(~np.isnan(scores.overlooked))
    parts = [findings_at_predicted(predicted, candidates, 1 - scores.overlooked[candidates])]
    swapped = scores.swapped < scores.badly_located
    for kind, chosen, score in (
        (BoxKind.SWAPPED, swapped, scores.swapped),
        (BoxKind.BADLY_LOCATED, ~swapped, scores.badly_located),
    ):
        at = np.flatnonzero(chosen)
        nobody = np.full(len(at), NO_BOX)
        parts.append(findings_at_given(kind, given, at, predicted, nobody, 1 - score[at]))
    return ordered(parts, predicted)


def as_table(boxes: list[list[Any]], first: int, columns: int) -> NDArray[np.float64]:
    return np.array([box[first:] for box in boxes], dtype=float).reshape(-1, columns)


def _planted(findings: BoxFindings, rows: Rows) -> NDArray[np.bool_]:
    """Which findings name a planted error, by its kind; each overlooked object counts once."""
    drawn = [[kind for kind in row["planted"] if kind != "overlooked"] for row in rows]
    lost = [
        [box[1:] for kind, box in zip(row["planted"], row["truth"], strict=True) if kind == "overlooked"]
        for row in rows
    ]
    hits = np.zeros(len(findings), dtype=bool)
    for place in range(len(findings)):
        image, given = int(findings.image[place]), int(findings.given[place])
        if given != NO_BOX:
            hits[place] = drawn[image][given] == KINDS[findings.kind[place]]
            continue
        again = [box for box in lost[image] if len(matched_boxes(findings.box[place : place + 1], [box]))]
        hits[place] = bool(again)
        if again:
            lost[image].remove(again[0])
    return hits


def real_spans(folder: Path) -> Iterator[Line]:
    """Sentences that were re-annotated, by the token method and by findings of spans."""
    classes = json.loads((folder / "meta.json").read_text())["classes"]
    number = {name: k for k, name in enumerate(classes)}
    rows = _rows(folder / "sentences.jsonl.gz")
    labels = [[number[tag] for tag in row["given"]] for row in rows]
    flat = np.load(folder / "probs.npz")["pred_probs"].astype(np.float64)
    flat /= flat.sum(axis=1, keepdims=True)
    probs = np.split(flat, np.cumsum([len(item) for item in labels])[:-1])
    wrong = np.array([row["given"] != row["truth"] for row in rows])
    marked = np.zeros(len(rows), dtype=bool)
    marked[token_issues(labels, probs).pairs[:, 0]] = True
    yield {
        "bench": "label_types/ner_conllpp/tokens",
        "sentence_ap": figures(ranked(1 - sentence_scores(labels, probs).sentence, wrong)),
        "sentence_ap_softmin": figures(
            ranked(1 - sentence_scores(labels, probs, pooling="softmin").sentence, wrong)
        ),
        "precision": figures(float((marked & wrong).sum() / marked.sum())),
        "recall": figures(float((marked & wrong).sum() / wrong.sum())),
        "named": NAMED_SENTENCES,
    }
    result = span_issues(labels, probs, classes)
    hits, n_wrong = _differing(result, rows)
    yield {
        "bench": "label_types/ner_conllpp/spans",
        "sentence_ap": figures(ranked(1 - result.score, wrong)),
        "span_ap": figures(average_precision(hits, n_wrong)),
        **_precision(hits),
        "spans_wrong": n_wrong,
        "named": NAMED_SENTENCES,
    }
    yield _built_in(rows, labels, classes, wrong)


def _built_in(rows: Rows, labels: list[list[int]], classes: list[str], wrong: NDArray[np.bool_]) -> Line:
    """The same sentences without any model of their own: what `secondlook scan FILE` finds."""
    predicted = out_of_sample_tags([row["tokens"] for row in rows], labels, len(classes), seed=SEED)
    result = span_issues(labels, predicted.probs, classes)
    hits, n_wrong = _differing(result, rows)
    return {
        "bench": "label_types/ner_conllpp/built_in_tagger",
        "sentence_ap": figures(ranked(1 - result.score, wrong)),
        "span_ap": figures(average_precision(hits, n_wrong)),
        **_precision(hits),
        "tokens_as_given": figures(predicted.accuracy),
        "spans_wrong": n_wrong,
        "named": NAMED_SENTENCES,
    }


def _differing(result: Any, rows: Rows) -> tuple[NDArray[np.bool_], int]:
    """Which findings name a span that the truth has otherwise, and how many such there are.

    A given span is wrong if the truth does not hold it; a true one is missing if no given one touches it.
    """
    truth = [set(spans_of_iob(row["truth"])) for row in rows]
    given = [set(spans_of_iob(row["given"])) for row in rows]
    lost = [
        {item for item in true if not any(a < item[1] and item[0] < b for a, b, _ in marked)}
        for true, marked in zip(truth, given, strict=True)
    ]
    n_wrong = sum(len(marked - true) for true, marked in zip(truth, given, strict=True)) + sum(map(len, lost))
    hits = np.zeros(len(result.findings), dtype=bool)
    for place in range(len(hits)):
        text, row = int(result.findings.text[place]), int(result.findings.given[place])
        spans = result.predicted if row < 0 else result.given
        row = int(result.findings.predicted[place]) if row < 0 else row
        start, end = int(spans.start[row]), int(spans.end[row])
        if spans is result.given:
            hits[place] = (start, end, result.names[spans.label[row]]) not in truth[text]
        else:
            hits[place] = any(a < end and start < b for a, b, _ in lost[text])
    return hits, n_wrong


def _precision(hits: NDArray[np.bool_]) -> dict[str, float]:
    return {f"precision_at_{n}": figures(float(hits[:n].sum() / n)) for n in FIRST}


# --- what people agree on ----------------------------------------------------------------------


def crowd_boxes(folder: Path) -> Iterator[Line]:
    rows = _rows(folder / "items.jsonl.gz")
    answers = []
    for row in rows:
        drawn = [(box, int(person)) for person, boxes in row["answers"].items() for box in boxes]
        people = [int(person) for person in row["answers"]]
        answers.append(
            BoxAnswers([box for box, _ in drawn], [0] * len(drawn), [who for _, who in drawn], people)
        )
    agreed = [box_consensus(item) for item in answers]
    kept = [item.boxes[item.kept] for item in agreed]
    hits = [matched_boxes(boxes, row["truth"]) for boxes, row in zip(kept, rows, strict=True)]
    n_true = sum(len(row["truth"]) for row in rows)
    single = [
        (matched_boxes(boxes, row["truth"]), len(boxes), len(row["truth"]))
        for row in rows
        for boxes in row["answers"].values()
    ]
    yield {
        "bench": "label_types/boxes_crowd",
        "f1": figures(f1(sum(map(len, hits)), sum(map(len, kept)), n_true)),
        "mean_iou": figures(float(np.concatenate(hits).mean())),
        "one_annotator_f1": figures(
            f1(
                sum(len(fit) for fit, _, _ in single),
                sum(n for _, n, _ in single),
                sum(n for _, _, n in single),
            )
        ),
        **_agreement("agreement_f1", box_f1_sums(answers)),
        **_agreement("agreement_iou", box_iou_sums(answers)),
        "named": NAMED_BOXES,
    }


def crowd_spans(folder: Path) -> Iterator[Line]:
    rows = _rows(folder / "docs.jsonl.gz")
    people = {name: k for k, name in enumerate(sorted({who for row in rows for who in row["answers"]}))}
    truth = [set(spans_of_iob(row["truth"])) for row in rows]
    marked = [{people[who]: spans_of_iob(tags) for who, tags in row["answers"].items()} for row in rows]
    names = sorted({name for true in truth for _, _, name in true})
    answers = [_span_answers(item, names) for item in marked]
    result = [
        {(a, b, names[k]) for (a, b), k in zip(text.spans.tolist(), text.label.tolist(), strict=True)}
        for text in span_consensus(answers, len(names)).texts
    ]
    pairs = list(zip(result, truth, strict=True))
    single = [(set(spans), true) for item, true in zip(marked, truth, strict=True) for spans in item.values()]
    yield {
        "bench": "label_types/ner_crowd",
        "f1": figures(_span_f1(pairs)),
        "precision": figures(sum(len(a & b) for a, b in pairs) / sum(map(len, result))),
        "recall": figures(sum(len(a & b) for a, b in pairs) / sum(map(len, truth))),
        "one_annotator_f1": figures(_span_f1(single)),
        **_agreement("agreement_f1", span_f1_sums(answers)),
        **_agreement("agreement_overlap_f1", span_overlap_sums(answers)),
        "named": NAMED_SPANS,
    }


def _span_answers(marked: dict[int, list[tuple[int, int, str]]], names: list[str]) -> SpanAnswers:
    spans = [(a, b, names.index(name), who) for who, item in marked.items() for a, b, name in item]
    table = np.array(spans, dtype=int).reshape(-1, 4)
    return SpanAnswers(table[:, :2], table[:, 2], table[:, 3], list(marked))


def _span_f1(pairs: list[tuple[set[Any], set[Any]]]) -> float:
    return f1(sum(len(a & b) for a, b in pairs), sum(len(a) for a, _ in pairs), sum(len(b) for _, b in pairs))


def _agreement(name: str, sums: Any) -> Line:
    interval = interval_of(sums, np.random.default_rng(0))
    return {name: figures(interval.value), f"{name}_95": [figures(interval.low), figures(interval.high)]}


def _rows(path: Path) -> Rows:
    with gzip.open(path, "rt") as lines:
        return [json.loads(line) for line in lines]
