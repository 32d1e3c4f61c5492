"""What the buttons do: each calls one of `connector.actions`, once, audited with who pressed it."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import quote

from fastapi import APIRouter
from fastapi.responses import RedirectResponse

from connector.actions import alerts, golden, held, jobs, questions, revert, tokens, users
from connector.actions.notes import NoteKeeper, get_note
from connector.errors import BadPayload, Conflict, NotFound
from connector.model import Project
from connector.model.access import EVERYWHERE, AccessRole
from connector.model.alerts import AlertKey
from connector.model.jobs import JobKind
from connector.store.unit_of_work import UnitOfWork
from connector.web.access import Running, require
from connector.web.forms import Form, Posted, once, require_unchanged, stamp
from connector.wiring import Services
from connector.wording import are, number_of

router = APIRouter(include_in_schema=False)

Act = Callable[[UnitOfWork, Project], str]
STEPS = {
    "sync": JobKind.SYNC,
    "scan": JobKind.SCAN,
    "push": JobKind.PUSH,
    "collect": JobKind.COLLECT,
    "controls": JobKind.SCAN,
    "reviewers": JobKind.REVIEWERS,
    "report": JobKind.SCAN,
}
LEADS_TO = {"reviewers": "reviewers", "report": "reports"}  # pages on which it will be seen
MOST_CONTROLS = 1_000  # at once


def in_project(
    services: Services, form: Posted, project: str, least: AccessRole, act: Act
) -> RedirectResponse:
    """Do something with a project, once, for who may; `act` says where to go then."""
    require(form.who, least, project)

    def acting(unit: UnitOfWork) -> str:
        return act(unit, unit.projects.existing(project))

    return once(services, form, acting)


@router.post("/p/{project}/work/{what}")
def work(project: str, what: str, services: Running, form: Form) -> RedirectResponse:
    """Have a step done before it is due; a scan that asks more controls, or after which a report is made."""
    if what not in STEPS:
        msg = "there is no such action"
        raise NotFound(msg)

    def act(unit: UnitOfWork, stored: Project) -> str:
        payload = {"controls": _whole(form, "number", MOST_CONTROLS)} if what == "controls" else {}
        if what == "report":
            jobs.ask_report(unit, stored, form.who.actor)
        else:
            jobs.ask_job(unit, stored, STEPS[what], form.who.actor, **payload)
        return f"/p/{project}/{LEADS_TO[what]}" if what in LEADS_TO else f"/p/{project}"

    return in_project(services, form, project, AccessRole.OPERATOR, act)


@router.post("/p/{project}/issues/{what}")
def question(project: str, what: str, services: Running, form: Form) -> RedirectResponse:
    """Have one more person or an adjudicator answer an open question, or close it without an answer."""
    if what not in ("one-more", "adjudicate", "close"):
        msg = "there is no such action"
        raise NotFound(msg)
    wanted = form.needed("issue")

    def act(unit: UnitOfWork, stored: Project) -> str:
        issue = unit.issues.get(wanted)
        if issue is None or issue.project_id != stored.id:
            msg = "there is no such question in this project"
            raise NotFound(msg)
        task = unit.reviews.of_issues([wanted]).get(wanted)
        asked = None if task is None else task.overlap
        require_unchanged(
            form,
            stamp(issue.state.value, asked),
            f"it is {issue.state.value}, {number_of(asked or 0, 'person is', 'people are')} asked",
        )
        if what == "adjudicate":
            named = services.project_settings(project).review.adjudicators
            questions.escalate(unit, stored, wanted, form.who.actor, named)
        else:
            do = questions.ask_one_more if what == "one-more" else questions.close
            do(unit, stored, wanted, form.who.actor)
        return f"/p/{project}/items/{quote(unit.items.ref(issue.item_id).remote_id, safe='')}"

    return in_project(services, form, project, AccessRole.OPERATOR, act)


@router.post("/p/{project}/corrections/revert")
def revert_one(project: str, services: Running, form: Form) -> RedirectResponse:
    """Take one correction back; a job does it."""
    wanted = form.needed("correction")

    def act(unit: UnitOfWork, stored: Project) -> str:
        result = unit.corrections.get(wanted)
        if result is None or result.project_id != stored.id:
            msg = "there is no such correction in this project"
            raise NotFound(msg)
        require_unchanged(form, stamp(result.state.value), f"the correction is {result.state.value} now")
        revert.ask_revert(unit, wanted, form.who.actor)
        return f"/p/{project}/corrections/{wanted}"

    return in_project(services, form, project, AccessRole.OPERATOR, act)


@router.post("/p/{project}/corrections/revert-run")
def revert_run(project: str, services: Running, form: Form) -> RedirectResponse:
    """Take back all that one run of decisions led to; the number must be typed."""
    run = form.needed("run")

    def act(unit: UnitOfWork, stored: Project) -> str:
        result = [one for one in revert.undoable(unit, run) if one.project_id == stored.id]
        if form.text("number") != str(len(result)):
            raise Conflict(
                f"{number_of(len(result), 'correction')} of this run can be taken back now, not "
                f"{form.text('number')!r}"
            )
        for one in result:
            revert.ask_revert(unit, one.id, form.who.actor)
        return f"/p/{project}/corrections?state=reverting"

    return in_project(services, form, project, AccessRole.ADMIN, act)


@router.post("/p/{project}/corrections/{what}")
def held_class(project: str, what: str, services: Running, form: Form) -> RedirectResponse:
    """Release or discard one held correction, or all of a class, whose number must be typed."""
    if what not in ("release", "discard"):
        msg = "there is no such action"
        raise NotFound(msg)

    def act(unit: UnitOfWork, stored: Project) -> str:
        do = held.release if what == "release" else held.discard
        label, one = form.needed("label"), form.text("correction")
        if one:
            do(unit, stored, label, form.who.actor, [one])
            return f"/p/{project}/corrections/{one}"
        now = held.counts(unit, stored).get(label, 0)
        if form.needed("number") != str(now):
            raise Conflict(
                f"{number_of(now, 'correction')} of {label!r} {are(now)} held now, not "
                f"{form.text('number')!r}"
            )
        do(unit, stored, label, form.who.actor)
        return f"/p/{project}/corrections"

    return in_project(services, form, project, AccessRole.OPERATOR, act)


@router.post("/p/{project}/guidelines/{what}")
def guidelines(project: str, what: str, services: Running, form: Form) -> RedirectResponse:
    """Accept, reword or withdraw a note, or answer a question with one."""

    def act(unit: UnitOfWork, stored: Project) -> str:
        named = services.project_settings(project).review.adjudicators
        who = form.who.actor.removeprefix("user:")
        keeper = NoteKeeper(unit, stored, named, who if named else form.who.actor)
        if what == "answer":
            keeper.answer(form.needed("question"), form.needed("text"))
            return f"/p/{project}/questions"
        note = get_note(unit, stored, form.needed("note"))
        require_unchanged(
            form, stamp(str(note.state), note.text), f"the note is {note.state} now and says: {note.text}"
        )
        if what == "accept":
            keeper.accept(note.id)
        elif what == "reword":
            keeper.reword(note.id, form.needed("text"))
        elif what == "withdraw":
            keeper.withdraw(note.id)
        else:
            msg = "there is no such action"
            raise NotFound(msg)
        return f"/p/{project}/guidelines"

    return in_project(services, form, project, AccessRole.OPERATOR, act)


@router.post("/p/{project}/golden/add")
def golden_add(project: str, services: Running, form: Form) -> RedirectResponse:
    def act(unit: UnitOfWork, stored: Project) -> str:
        line = golden.Line(1, form.needed("item"), form.needed("label"))
        golden.store(unit, stored, [line], "page", form.who.actor)
        return f"/p/{project}/golden"

    return in_project(services, form, project, AccessRole.ADMIN, act)


@router.post("/p/{project}/golden/remove")
def golden_remove(project: str, services: Running, form: Form) -> RedirectResponse:
    def act(unit: UnitOfWork, stored: Project) -> str:
        item = form.needed("item")
        result = next((one for one in unit.golden.listed(stored.id) if one.remote_id == item), None)
        if result is not None:
            require_unchanged(form, stamp(result.label), f"the item's label is {result.label!r} now")
        golden.remove(unit, stored, item, form.who.actor)
        return f"/p/{project}/golden"

    return in_project(services, form, project, AccessRole.ADMIN, act)


@router.post("/ops/jobs/{what}")
def replay(what: str, services: Running, form: Form) -> RedirectResponse:
    """Try again what was given up: one job, or all."""
    require(form.who, AccessRole.OPERATOR)

    def act(unit: UnitOfWork) -> str:
        if what == "replay-all":
            jobs.replay_all(unit, form.who.actor)
        elif what == "replay":
            job = unit.jobs.get(form.needed("job"))
            if job is not None and job.state != "dead":
                raise Conflict(f"the job is {job.state.value} now: somebody tried it again before")
            jobs.replay(unit, [form.needed("job")], form.who.actor)
        else:
            msg = "there is no such action"
            raise NotFound(msg)
        return "/ops/jobs?state=queued"

    return once(services, form, act)


@router.post("/ops/alerts/{what}")
def keep_alerts(what: str, services: Running, form: Form) -> RedirectResponse:
    """See to an alert, silence a rule, let it be heard again, or send a test through a channel."""
    require(form.who, AccessRole.ADMIN if what == "test" else AccessRole.OPERATOR)

    def act(unit: UnitOfWork) -> str:
        by, project = form.who.actor, form.text("project")
        if what == "silence":
            alerts.silence(unit, form.needed("rule"), project, _hours(form), by)
        elif what == "acknowledge":
            rule = alerts.rule_named(form.needed("rule"))
            alerts.acknowledge(unit, AlertKey(rule, project, form.text("subject")), by)
        elif what == "hear":
            alerts.end_silence(unit, form.needed("rule"), project, by)
        elif what == "test":
            alerts.ask_test(unit, services.settings.alerts, form.needed("channel"), by)
            return "/ops/messages"
        else:
            msg = "there is no such action"
            raise NotFound(msg)
        return "/ops/alerts?state=any"

    return once(services, form, act)


def _hours(form: Posted) -> float:
    try:
        return float(form.needed("hours"))
    except ValueError:
        msg = f"hours: {form.text('hours')!r} is no number"
        raise BadPayload(msg) from None


@router.post("/admin/users/{what}")
def keep_users(what: str, services: Running, form: Form) -> RedirectResponse:
    """Add a user, change a role, or let somebody in no more."""
    require(form.who, AccessRole.ADMIN)

    def act(unit: UnitOfWork) -> str:
        name, by = form.needed("name"), form.who.actor
        if what == "add":
            users.add(unit, name, form.needed("password"), _grants(form), by)
            return "/admin/users"
        user = unit.users.by_name(name)
        if user is not None:
            roles = ", ".join(f"{project}: {role}" for project, role in user.grants.items())
            require_unchanged(form, stamp(roles, user.disabled_at), f"{name} is {roles or 'revoked'} now")
        if f"user:{name}" == by:
            msg = "nobody takes away or changes their own role here: another admin does, or the command line"
            raise BadPayload(msg)
        if what == "role":
            users.grant(unit, name, _grants(form), by)
        elif what == "revoke":
            users.revoke(unit, name, by)
        else:
            msg = "there is no such action"
            raise NotFound(msg)
        return "/admin/users"

    return once(services, form, act)


@router.post("/admin/tokens/revoke")
def revoke_token(services: Running, form: Form) -> RedirectResponse:
    require(form.who, AccessRole.ADMIN)

    def act(unit: UnitOfWork) -> str:
        tokens.revoke(unit, form.needed("name"), form.who.actor)
        return "/admin/tokens"

    return once(services, form, act)


def _whole(form: Posted, name: str, most: int) -> int:
    text = form.needed(name)
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:9]) <= most):
        raise BadPayload(f"{name}: {text!r} is no whole number from 1 to {most:,}")
    return int(text)


def _grants(form: Posted) -> dict[str, AccessRole]:
    try:
        role = AccessRole(form.needed("role").strip().lower())
    except ValueError:
        msg = f"role: {form.text('role')!r} is none of viewer, operator, admin"
        raise BadPayload(msg) from None
    return {form.text("project", EVERYWHERE).strip() or EVERYWHERE: role}
