"""What dated reports say in words. Figures come as they are stored: shares in 0..1, null where unknown."""

from __future__ import annotations

from connector.model import AuditTrigger, Json
from connector.model.reasons import decoded
from connector.wording.text import listing, number_of

FIGURES = {
    "error_rate": "error rate among controls",
    "agreement": "agreement of reviewers",
    "model_accuracy": "accuracy of the model",
}


def report_headline(figures: Json) -> str:
    """One sentence that says where the labels stand."""
    controls = figures["remaining"]["controls"]
    parts = [
        _errors(controls) if controls["n"] else "the remaining error rate is not known (no controls)",
        _known("agreement", figures["agreement"]["alpha"]["value"]),
        _known("model accuracy", figures["model"]["accuracy"]),
        number_of(
            figures["corrections"]["by_state"].get("applied", 0), "correction applied", "corrections applied"
        ),
    ]
    text = "; ".join(part for part in parts if part)
    return f"{text[0].upper()}{text[1:]}."


def _errors(controls: Json) -> str:
    return (
        f"{controls['value']:.1%} errors among controls "
        f"({controls['low']:.1%} to {controls['high']:.1%}, n = {controls['n']:,})"
    )


def _known(name: str, value: float | None) -> str:
    return "" if value is None else f"{name} {value:.2f}"


def report_reason(stored: str) -> str:
    """Why a report is made: its trigger with parameters, in words; what is no code of ours as it stands."""
    trigger, params = decoded(stored) or ("", {})
    try:
        match trigger:
            case AuditTrigger.FIRST_BATCH:
                return "the first batch of reviews is decided"
            case AuditTrigger.WHOLE_SET:
                return "nothing is left to be reviewed"
            case AuditTrigger.SCHEDULE:
                return f"{params['days']:g} {'day has' if params['days'] == 1 else 'days have'} passed"
            case AuditTrigger.QUALITY:
                return listing([_moved(one) for one in params["moved"]])
            case AuditTrigger.PERSON:
                return "asked for"
    except (KeyError, TypeError, ValueError):  # written by another version
        pass
    return stored


def _moved(figure: Json) -> str:
    name = FIGURES.get(figure["name"], figure["name"])
    return f"the {name} moved from {figure['before']:.3g} to {figure['now']:.3g}"


def guideline_effect(effect: Json) -> str:
    """Whether a note helped, with the interval of the change."""
    if effect["change"] is None:
        return "nothing labeled yet"
    detail = {"fewer": "fewer confusions", "more": "more confusions", "unclear": "no clear change"}
    return (
        f"{detail[effect['verdict']]}: {100 * effect['change']:+.1f} points "
        f"({100 * effect['low']:+.1f} to {100 * effect['high']:+.1f})"
    )
