"""Checks of one project on its platform: server, token, labels, predictions, reviewers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta

from connector import wording
from connector.config.project import Backend, ProjectSettings, ReviewSettings
from connector.model import Project, SourceInfo
from connector.platforms import registry
from connector.ports import Guidelines, Survey
from connector.store.views import loop
from connector.store.views.people import barred_tasks, short_of_others
from connector.wiring import Services
from workers.cli.checks import Check, Level, guarded
from workers.consensus.shares import SharePrior
from workers.consensus.shares.rule import LEAST_FOR_A_CHANGE
from workers.label_types.registry import codecs_of
from workers.review.quality.crowd import stored
from workers.review.quality.own_answers import OWN_WEIGHT
from workers.review.quality.repairs import repairs_lost, share_policy

SKEW_WARN_SECONDS = 60.0
SKEW_FAIL_SECONDS = 1800.0
EXPIRY_WARNING = timedelta(days=14)


def checks(services: Services, name: str) -> Iterator[Check]:
    """Ends early where nothing further can be known."""
    settings = services.project_settings(name)

    def guard(title: str, look: Callable[[], Check]) -> Check:
        return guarded(title, name, look)

    result: list[Survey] = []
    server = guard("platform", lambda: _server(name, settings, result))
    yield server
    if not result:
        return
    survey = result[0]
    token = guard("token", lambda: _token(name, survey, str(settings.project)))
    yield token
    if token.level is Level.FAIL:
        return
    if settings.desk_place.elsewhere:
        desk = guard("reviews' platform", lambda: _desk(name, settings))
        yield desk
        if desk.level is Level.FAIL:
            return
    described: list[SourceInfo] = []
    yield guard("labels", lambda: _labels(services, name, described))
    if not described:
        return
    yield guard("alone", lambda: _alone(services, name, described[0].schema.control))
    yield guard("predictions", lambda: _predictions(services, name, settings))
    yield guard("reviewers", lambda: _reviewers(services, name, described[0].service_user))
    yield from _state(services, name)


def survey_of(name: str, settings: ProjectSettings) -> Survey:
    token = settings.token.read(f"projects.{name}.token").get_secret_value()
    return registry.survey(settings.platform, settings.url, token, codecs=codecs_of(settings.platform))


def desk_survey_of(name: str, settings: ProjectSettings) -> Survey:
    place = settings.desk_place
    section = f"projects.{name}.{place.section}".rstrip(".")
    token = place.token.read(f"{section}.token").get_secret_value()
    return registry.survey(place.platform, place.url, token, place.section, codecs=codecs_of(place.platform))


def _desk(name: str, settings: ProjectSettings) -> Check:
    survey = desk_survey_of(name, settings)
    server, account = survey.server(), survey.account()
    text = (
        f"{settings.desk_place.url}, version {server.version or 'unknown'}; "
        f"{account.token_kind} of {account.name} (user {account.user_id})"
    )
    if account.unfit is not None:
        return Check("reviews' platform", Level.FAIL, text, account.unfit, name)
    if server.remark is not None:
        return Check("reviews' platform", Level.WARN, text, f"{server.remark.capitalize()}.", name)
    return Check("reviews' platform", Level.OK, text, project=name)


def _server(name: str, settings: ProjectSettings, surveys: list[Survey]) -> Check:
    survey = survey_of(name, settings)
    server = survey.server()
    surveys.append(survey)
    text = f"{settings.url}, version {server.version or 'unknown'}"
    if server.remark is not None:
        remedy = f"{server.remark[0].upper()}{server.remark[1:]}. Install the version that was tested."
        return Check("platform", Level.WARN, text, remedy, name)
    ahead = server.clock_ahead_seconds
    if ahead is None or abs(ahead) < SKEW_WARN_SECONDS:
        return Check("platform", Level.OK, text, project=name)
    off = f"{text}; its clock is {abs(ahead):.0f} s {'ahead of' if ahead > 0 else 'behind'} this machine's"
    remedy = "Nothing is lost by it, but times in the journal differ. Set the clocks by NTP."
    level = Level.FAIL if abs(ahead) >= SKEW_FAIL_SECONDS else Level.WARN
    return Check("platform", level, off, remedy, name)


def _token(name: str, survey: Survey, remote_id: str) -> Check:
    account = survey.account()
    text = f"{account.token_kind} of {account.name} (user {account.user_id})"
    if account.unfit is not None:
        return Check("token", Level.FAIL, f"{text} cannot read and write all records", account.unfit, name)
    survey.require_rights(remote_id)
    if account.expires_at is None:
        return Check("token", Level.OK, text, project=name)
    left = account.expires_at - datetime.now(UTC)
    text += f", valid until {wording.day_text(account.expires_at)}"
    if left < EXPIRY_WARNING:
        return Check("token", Level.WARN, text, "Make a new token in time.", name)
    return Check("token", Level.OK, text, project=name)


def _labels(services: Services, name: str, described: list[SourceInfo]) -> Check:
    info = services.source(name).describe()
    described.append(info)
    classes = info.schema.classes
    text = (
        f"{info.title!r}: {wording.number_of(info.n_items, 'item')}, control "
        f"{info.schema.control!r} with {wording.number_of(len(classes), 'class', 'classes')}"
    )
    beside = services.settings.judged_beside(name)
    left_out = {control: kind for control, kind in info.unjudged.items() if control not in beside}
    if left_out:
        text += f"; {_unjudged(services, name, left_out)}"
    if not info.n_items:
        platform = services.project_settings(name).platform
        return Check("labels", Level.WARN, text, registry.words(platform).add_items, name)
    return Check("labels", Level.OK, text, project=name)


def _alone(services: Services, name: str, control: str) -> Check:
    """Whether another installation asks about the same labels, or keeps the guideline block."""
    owner, source = services.owner_mark(name, control), services.source(name)
    services.desk(name).require_alone(owner)
    if isinstance(source, Guidelines) and services.project_settings(name).writeback.guidelines:
        source.require_guidelines(owner)
    return Check("alone", Level.OK, f"this installation is {owner.installation}", project=name)


def _unjudged(services: Services, name: str, controls: Mapping[str, str]) -> str:
    """The controls that nothing judges, with the number of answers that are stored and not judged."""
    project = services.project(name)
    with services.store.read() as unit:
        stored = unit.answers.counts(project.id, controls)
    return wording.other_controls(controls, stored)


def _predictions(services: Services, name: str, settings: ProjectSettings) -> Check:
    chosen = settings.predictions
    title, text = "predictions", f"source {chosen.source.value}"
    if chosen.source is not Backend.BUILTIN and chosen.out_of_sample is None:
        remedy = "If the model never saw these labels, set predictions.out_of_sample = true."
        return Check(title, Level.WARN, f"{text}; not stated whether they are out-of-sample", remedy, name)
    if chosen.source is Backend.FILE:
        missing = [str(each) for each in (chosen.path, chosen.ids_path) if each and not each.is_file()]
        if missing:
            return Check(title, Level.FAIL, f"{' and '.join(missing)} not found", "Correct the path.", name)
    if chosen.source is Backend.PLATFORM:
        project = services.project(name)
        with services.store.read() as unit:
            newest = unit.items.newest_model_version(project.id)
        if newest is None:
            remedy = f"Store predictions on the platform, then `secondlook sync {name}`."
            return Check(title, Level.WARN, f"{text}; none synced yet", remedy, name)
        text += f", model version {chosen.model_version or newest}"
    return Check(title, Level.OK, text, project=name)


def _rule_in_words(review: ReviewSettings) -> str:
    return "decided by shares" if review.by_shares else f"{review.quorum} must agree"


def _repairs_lost(services: Services, project: Project, review: ReviewSettings, people: int) -> float:
    with services.store.read() as unit:
        crowd = stored(unit, project)
    prior = SharePrior() if crowd is None else crowd.prior
    return repairs_lost(people, prior, share_policy(review, prior))


def _reviewers(services: Services, name: str, service_user: str) -> Check:
    chosen = services.project_settings(name)
    accounts = {each.remote_id for each in services.reviewers(name)} - {service_user}
    people = {
        chosen.reviewers.person_of(each) for each in accounts & set(chosen.reviewers.expected or accounts)
    }
    review = chosen.review
    asked = f"{_rule_in_words(review)}, up to {review.most_votes} are asked"
    text = f"{len(people)} beside the service user; {asked}"
    if len(people) < review.least_people:
        remedy = "Invite more people, or lower review.quorum: no decision can be reached."
        return Check("reviewers", Level.FAIL, text, remedy, name)
    unknown = sorted(set(chosen.reviewers.expected) - accounts)
    if unknown:
        remedy = f"The platform does not know {', '.join(unknown)} of reviewers.expected. Correct or invite."
        return Check("reviewers", Level.WARN, text, remedy, name)
    project = services.project(name)
    with services.store.read() as unit:
        barred = barred_tasks(unit, project, chosen, people)
        short = short_of_others(unit, project, chosen, people) if review.counts_own else 0
        crowd = stored(unit, project)
        worth = OWN_WEIGHT if crowd is None else crowd.own_weight
    if review.counts_own:
        text = f"{text}; {wording.own_answers(short, worth)}"
    if barred:
        return Check("reviewers", Level.WARN, text, wording.barred_tasks(barred, review.least_people), name)
    if review.most_votes < review.people_for_a_change and not review.adjudicators:
        ever = review.most_votes < LEAST_FOR_A_CHANGE
        remedy = wording.too_few_votes(review.most_votes, review.people_for_a_change, ever=ever)
        return Check("reviewers", Level.WARN, text, remedy, name)
    if len(people) < review.people_for_a_change:
        lost = _repairs_lost(services, project, review, len(people))
        remedy = wording.too_few_reviewers(len(people), review.people_for_a_change, by_shares=True, lost=lost)
        return Check("reviewers", Level.WARN, text, remedy, name)
    if not review.by_shares and len(people) < review.most_votes:
        remedy = "Invite more people, or ties stay unresolved."
        return Check("reviewers", Level.WARN, text, remedy, name)
    return Check("reviewers", Level.OK, text, project=name)


def _state(services: Services, name: str) -> Iterator[Check]:
    with services.store.read() as unit:
        stored = loop.project_views(unit, name)
    if not stored or stored[0].last_sync_at is None:
        yield Check(
            "sync", Level.WARN, "never synced", f"`secondlook sync {name}`, or a running service.", name
        )
        return
    project = stored[0]
    if project.paused_reason:
        yield Check(
            "state", Level.FAIL, f"paused: {project.paused_reason}", "Correct it; work then goes on.", name
        )
    dead = project.jobs.get("dead", 0)
    if dead:
        yield Check(
            "jobs", Level.WARN, f"{dead} given up", "`secondlook jobs list`, then `jobs replay`.", name
        )
