"""What reviews say of a project's labels."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import typer

from connector.wording import (
    changes,
    checked_harm,
    measured_harm,
    pair_belief,
    points,
    reason_text,
    reason_texts,
    share,
)
from workers.cli.output import print_json, table
from workers.cli.session import JsonFlag, ProjectName, session_of

if TYPE_CHECKING:
    from connector.wiring import Services
    from workers.review.quality.crowd import PairBelief
    from workers.review.quality.figures import Anchoring, FlagCount, QualityFigures, Rate
    from workers.review.quality.harm import Harm

PAIRS_SHOWN = 20


def quality(context: typer.Context, project: ProjectName, *, json: JsonFlag = False) -> None:
    """Show what is left to find, how often flags are right, and what corrections do to each class."""
    session = session_of(context)
    session.require_project(project)
    with session.reading() as services:
        figures = figures_of(services, project)
        verdict, alarms = quality_sentences(services, project, figures)
        pairs = _pairs(services, project)
    if json:
        detail = {"pairs": [asdict(pair) for pair in pairs], "verdict": verdict, "alarms": alarms}
        print_json({**figures.as_json(), **detail})
        return
    typer.echo(verdict)
    for alarm in alarms:
        typer.echo(alarm)
    typer.echo(f"controls     {_of(figures.controls)}, {figures.controls_unresolved} unresolved")
    typer.echo(f"corrections  {_of(figures.flags.precision)} of decided flags")
    typer.echo(f"harm         {_harm(figures.harm)}")
    typer.echo(f"anchoring    {_anchoring(figures.anchoring)}")
    typer.echo(f"classes      {changes(figures.change)}")
    if figures.harm.bands:
        table(("stated", "decisions", "mean", "overturned", "stood"), _bands(figures.harm))
    for pair in pairs[:PAIRS_SHOWN]:
        typer.echo(pair_belief(pair.pair, pair.asked, pair.changing))
    if figures.flags.precision.n:
        table(("flags of", "accepted", "rejected", "unresolved", "precision"), _rows(figures))


def figures_of(services: Services, project: str) -> QualityFigures:
    """The figures as they are now."""
    from workers.review.quality.figures import figures

    stored = services.project(project)
    with services.store.read() as unit:
        return figures(unit, stored, services.project_settings(project).quality)


def _pairs(services: Services, project: str) -> tuple[PairBelief, ...]:
    from workers.review.quality.crowd import pairs_of

    with services.store.read() as unit:
        return pairs_of(unit, services.project(project))


def quality_sentences(services: Services, project: str, figures: QualityFigures) -> tuple[str, list[str]]:
    """The verdict and the alarms, in sentences."""
    from workers.review.quality.conclusions import alarms, verdict

    codes = alarms(figures, services.project_settings(project).quality)
    return reason_text(verdict(figures)), list(reason_texts(codes))


def _of(part: Rate) -> str:
    interval = f"95% interval {share(part.low)} to {share(part.high)}"
    return f"{part.hits} of {part.n} ({share(part.value)}, {interval})"


def _harm(harm: Harm) -> str:
    text = measured_harm(harm.changes, harm.expected, harm.overturned, harm.low, harm.high)
    checked = harm.checked
    if checked is None or not checked.changes:
        return text
    return f"{text}; {checked_harm(checked.changes, checked.expected, checked.overturned)}"


def _anchoring(seen: Anchoring) -> str:
    if seen.effect is None:
        return "unknown: needs votes on blind and on other review tasks"
    interval = f"95% interval {points(seen.low)} to {points(seen.high)}"
    return f"{points(seen.effect)} more agreement when the suggestion is seen ({interval})"


def _bands(harm: Harm) -> list[tuple[str, int, str, int, str]]:
    return [
        (
            f"{share(one.low)} to {share(one.high)}",
            one.n,
            share(one.stated),
            one.overturned,
            f"{share(one.stood)} ({share(one.stood_low)} to {share(one.stood_high)})",
        )
        for one in harm.bands
    ]


def _rows(figures: QualityFigures) -> list[tuple[str, int, int, int, str]]:
    return [_row(f"class {one.name}", one) for one in figures.by_class] + [
        _row(f"method {one.name}", one) for one in figures.by_method
    ]


def _row(name: str, one: FlagCount) -> tuple[str, int, int, int, str]:
    return name, one.accepted, one.rejected, one.unresolved, share(one.precision.value)
