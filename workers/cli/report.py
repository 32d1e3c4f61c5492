"""The dated report of a project: as a page, as JSON, or as the record that a regulator asks for."""

from __future__ import annotations

import json as json_text
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from connector.errors import Misconfigured, NotFound
from connector.model import Audit, AuditTrigger, Json
from connector.wording import moment_text, number_of, report_reason
from workers.cli.output import json_line, note, print_json, table
from workers.cli.session import JsonFlag, ProjectName, session_of

if TYPE_CHECKING:
    from connector.store.unit_of_work import UnitOfWork
    from connector.wiring import Services
    from workers.report import validation as record

FORMATS = (".html", ".json", ".csv")
MOST_LISTED = 1000


def report(
    context: typer.Context,
    project: ProjectName,
    *,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="A .html, .json or .csv file.")] = None,
    since: Annotated[
        str | None, typer.Option(help="Only decisions, votes and corrections from this day on (2026-03-01).")
    ] = None,
    validation: Annotated[
        bool,
        typer.Option("--validation", help="With every error found, its remedy and the evidence; a .csv is."),
    ] = False,
    audit: Annotated[str | None, typer.Option(help="Write this stored report again.")] = None,
    list_: Annotated[bool, typer.Option("--list", help="List the reports that were made.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Overwrite the file of --out.")] = False,
    json: JsonFlag = False,
) -> None:
    """Report where the labels stand, set against the report before, and store it."""
    session_of(context).require_project(project)
    moment = _moment(since)
    if validation and out is None:
        msg = "the validation record is written to a file: add --out"
        raise typer.BadParameter(msg, param_hint="--validation")
    _refuse(out, force=force)
    with session_of(context).services() as services:
        if list_:
            _list(services, project, as_json=json)
            return
        result = _stored(services, project, audit) if audit else _made(services, project, moment)
        figures = result.figures or {}
        if out is not None:
            with services.store.read() as unit:
                _write(unit, result, out, moment, validation=validation)
    if json or out is None:
        print_json({"audit": result.id, "report": figures} if json else figures)
    if out is not None:
        note(f"{result.headline} Written to {out}.")


def _moment(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        result = datetime.fromisoformat(text)
    except ValueError as error:
        msg = f"{text!r} is no date such as 2026-03-01"
        raise typer.BadParameter(msg, param_hint="--since") from error
    return result if result.tzinfo else result.replace(tzinfo=UTC)


def _refuse(out: Path | None, *, force: bool) -> None:
    """Before anything is computed: a file that cannot be, or must not be, written."""
    if out is None:
        return
    if out.suffix not in FORMATS:
        msg = f"{out.name!r} ends in none of {', '.join(FORMATS)}"
        raise typer.BadParameter(msg, param_hint="--out")
    if out.exists() and not force:
        raise Misconfigured(f"{out} exists", field="--out", remedy="Add --force to overwrite it.")
    if not out.parent.is_dir():
        raise Misconfigured(f"there is no folder {out.parent}", field="--out", remedy="Create it.")


def _list(services: Services, project: str, *, as_json: bool) -> None:
    with services.store.read() as unit:
        result = unit.audits.listed(services.project(project).id, MOST_LISTED)
    if as_json:
        print_json({"audits": [_line(one) for one in result]})
        return
    lines = [(one.id, moment_text(one.wanted_at), report_reason(one.reason), one.headline) for one in result]
    table(("report", "date", "why", "headline"), lines)
    if not result:
        note("No report was made yet.")


def _line(one: Audit) -> Json:
    return {
        "id": one.id,
        "at": one.finished_at,
        "trigger": one.trigger,
        "reason": report_reason(one.reason),
        "headline": one.headline,
    }


def _stored(services: Services, project: str, audit_id: str) -> Audit:
    with services.store.read() as unit:
        result = unit.audits.get(services.project(project).id, audit_id)
    if result is None or result.figures is None:
        msg = f"project {project!r} has no report {audit_id}"
        raise NotFound(msg)
    return result


def _made(services: Services, project: str, since: datetime | None) -> Audit:
    """A report of now, from the last scan."""
    from workers.report.gather import Asked
    from workers.report.making import keep, make

    stored = services.project(project)
    asked = Asked(
        stored,
        services.project_settings(project),
        services.clock.now(),
        AuditTrigger.PERSON.value,
        report_reason(AuditTrigger.PERSON.value),
        since=since,
    )
    with services.store.read() as unit:
        figures = make(unit, asked)
    with services.store.begin() as unit:
        audit_id = unit.audits.want(stored.id, AuditTrigger.PERSON, AuditTrigger.PERSON.value)
        keep(unit, stored, audit_id, figures)
    return _stored(services, project, audit_id)


def _write(unit: UnitOfWork, audit: Audit, out: Path, since: datetime | None, *, validation: bool) -> None:
    from workers.cli.offline.target import whole_file
    from workers.report import page
    from workers.report import validation as record

    with whole_file(out) as stream:
        if out.suffix == ".csv":
            n = record.write_csv(stream, record.entries(unit, audit.project_id, since))
            note(f"{number_of(n, 'error with its remedy', 'errors with their remedies')}.")
            return
        entries = record.entries(unit, audit.project_id, since) if validation else None
        chain = record.chain(unit) if validation else None
        if out.suffix == ".html":
            stream.writelines(page.html(audit.figures or {}, entries, chain))
        else:
            stream.writelines(_json_parts(audit.figures or {}, entries, chain))


def _json_parts(
    figures: Json, entries: Iterator[record.ValidationEntry] | None, chain: record.Chain | None
) -> Iterator[str]:
    """The report's JSON; the validation record comes in pieces, since it may be long."""
    text = json_text.dumps(figures, ensure_ascii=False, indent=1)
    if entries is None:
        yield text + "\n"
        return
    yield text.rstrip().removesuffix("}").rstrip()
    yield f',\n "audit_log": {json_line(chain)},\n "validation": ['
    for n, entry in enumerate(entries):
        yield ("," if n else "") + "\n  " + json_line(entry)
    yield "\n ]\n}\n"
