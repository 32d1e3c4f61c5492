"""Measure detection on arrays: against the truth, against people's votes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from connector.model.kinds import DetectionMethod
from connector.wording import number_of, percent
from workers.cli.output import note, print_json, table
from workers.cli.session import JsonFlag, session_of

if TYPE_CHECKING:
    from workers.cli.offline.decisions import DecisionFigures
    from workers.cli.offline.evaluate import ReviewScores, TruthScores
    from workers.cli.offline.flagged import OwnFlag
    from workers.cli.offline.measuring import Measured

AT = [10, 100, 1000]
SHOWN = 50
RULE_COLUMNS = (
    "rule", "votes an item", "repaired", "spoiled", "clear repaired", "clear spoiled", "undecided"
)  # fmt: skip


def evaluate(
    context: typer.Context,
    *,
    labels: Annotated[
        Path, typer.Option(help="(N,) given classes: .npy, or a list or column of JSON, CSV, Parquet.")
    ],
    probs: Annotated[
        Path,
        typer.Option(help="(N, K) out-of-sample probabilities: the same; columns may be named as classes."),
    ],
    truth: Annotated[Path | None, typer.Option(help="(N,) true classes.")] = None,
    votes: Annotated[Path | None, typer.Option(help="People's votes on some rows, JSON.")] = None,
    answers: Annotated[
        Path | None, typer.Option(help="(N, K) how many people gave each class, .npy: rules of decision.")
    ] = None,
    method: Annotated[
        DetectionMethod, typer.Option(help="How issues are chosen.")
    ] = DetectionMethod.PRUNE_BY_NOISE_RATE,
    at: Annotated[list[int] | None, typer.Option(min=1, help="Precision at this many rows; again.")] = None,
    out: Annotated[Path | None, typer.Option(help="Write the flagged rows to a .csv or .json file.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="Most rows of the table.")] = SHOWN,
    force: Annotated[bool, typer.Option("--force", help="Overwrite the file of --out.")] = False,
    json: JsonFlag = False,
) -> None:
    """List the flagged rows; measure them against truth or votes, and rules of decision on answers."""
    session_of(context).quiet_logs()
    from workers.cli.offline.target import check_target

    if out is not None:
        check_target(out, force=force, endings=(".csv", ".json"))
    from workers.cli.offline.flagged import flagged_rows, write_rows
    from workers.cli.offline.measuring import measure

    measured = measure(
        labels, probs, truth=truth, votes=votes, answers=answers, method=method.value, at=at or AT
    )
    for notice in _notices(measured):
        note(notice)
    rows = flagged_rows(measured)
    if out is not None:
        write_rows(out, rows)
        note(f"Wrote {out}.")
    if json:
        print_json(_document(measured, rows, method))
        return
    n_flagged, n_items = int(measured.label_issues.mask.sum()), len(measured.label_issues.mask)
    typer.echo(
        f"{method.value}: {n_flagged:,} of {number_of(n_items, 'label')} flagged ({n_flagged / n_items:.2%})"
    )
    if rows:
        table(("row", "given", "suggested", "sure", "given label"), map(_cells, rows[:limit]))
    if len(rows) > limit:
        note(f"There are {len(rows) - limit:,} more: --limit, or --out rows.csv for all.")
    if measured.truth is not None:
        table(("against the truth", ""), _truth_lines(measured.truth))
    if measured.reviews is not None:
        table(("against people's votes", ""), _review_lines(measured.reviews))
    if measured.decisions is not None:
        _tell_decisions(measured.decisions)


def _notices(measured: Measured) -> Iterator[str]:
    yield from measured.label_issues.warnings
    figures = measured.decisions
    if figures is not None and figures.unanswered:
        yield (
            f"{number_of(figures.unanswered, 'flagged item has', 'flagged items have')} no "
            "answers in --answers: left out"
        )
    if figures is not None and figures.few_answers:
        yield (
            f"Flagged items have {figures.answers_per_item:g} answers (median): what most of so few say is "
            "uncertain, rules that count them agree with it by definition, and where they run out the "
            "default rule leaves the label"
        )


def _tell_decisions(figures: DecisionFigures) -> None:
    if not figures.decisions:
        typer.echo("No flagged item has answers: no rule can be tried")
        return
    table(RULE_COLUMNS, _decision_lines(figures))
    shares = ", ".join(f"{share:.0%} of the first {k}" for k, share in figures.order.items())
    typer.echo(f"Wrong labels in the order of the queue: {shares}")
    best = figures.advised
    typer.echo(
        f"Use {best.rule}: of {number_of(best.items, 'flag')} it repairs "
        f"{best.clear_repaired:.1f} clear errors,"
        f" spoils {best.clear_harmed:.1f} clearly right labels, asks {best.votes_per_item:.2f} people each"
    )


def _cells(row: OwnFlag) -> list[str]:
    return [
        str(row.row),
        str(row.given),
        str(row.suggested),
        percent(row.probability),
        percent(row.quality),
    ]


def _document(measured: Measured, rows: Sequence[OwnFlag], method: DetectionMethod) -> dict[str, Any]:
    result, decisions = measured.label_issues, measured.decisions
    replayed = {} if decisions is None else asdict(decisions)
    return {
        "method": method,
        "n_items": len(result.mask),
        "n_flagged": int(result.mask.sum()),
        "truth": measured.truth,
        "votes": measured.reviews,
        "issues": rows,
        "warnings": result.warnings,
        **replayed,
    }


def _decision_lines(figures: DecisionFigures) -> Iterator[Sequence[str]]:
    for one in figures.decisions:
        cells = (one.repaired, one.harmed, one.clear_repaired, one.clear_harmed, one.undecided)
        name = f"{one.rule} (default)" if one.default else one.rule
        yield name, f"{one.votes_per_item:.2f}", *(f"{cell:,.1f}" for cell in cells)


def _truth_lines(scores: TruthScores) -> Iterator[tuple[str, str]]:
    yield "labels that are wrong", f"{scores.n_wrong:,} of {scores.n_items:,}"
    yield "flagged, and wrong", f"{scores.n_right:,} of {scores.n_flagged:,}"
    yield "precision", _share(scores.precision)
    yield "recall", _share(scores.recall)
    yield "F1", _share(scores.f1)
    yield from _ranking(scores.auroc, scores.auprc, scores.precision_at)


def _review_lines(scores: ReviewScores) -> Iterator[tuple[str, str]]:
    yield "reviewed", f"{scores.n_reviewed:,}"
    yield "errors (fewer than 3 for the given label)", f"{scores.n_errors:,}"
    yield "share confirmed", _share(scores.confirmed)
    yield "… correctable (3 or more for the guess)", f"{scores.n_correctable:,}"
    yield "… both fit / neither fits / unclear", f"{scores.n_both} / {scores.n_neither} / {scores.n_unclear}"
    if scores.counted_twice:
        yield "guess equal to the given label, counted once", f"{scores.counted_twice:,}"
    yield "flagged here, and reviewed", f"{scores.n_flagged_reviewed:,} of {scores.n_flagged:,}"
    yield "… of these, errors", f"{scores.n_flagged_errors:,}"
    yield "share of these confirmed", _share(scores.flagged_confirmed)
    yield from _ranking(scores.auroc, scores.auprc, scores.precision_at)


def _ranking(
    auroc: float | None, auprc: float | None, precision_at: Mapping[int, float]
) -> Iterator[tuple[str, str]]:
    yield "AUROC", _share(auroc)
    yield "AUPRC", _share(auprc)
    for k, precision in precision_at.items():
        yield f"precision at {k:,}", _share(precision)


def _share(value: float | None) -> str:
    return "–" if value is None else f"{value:.4f}"
