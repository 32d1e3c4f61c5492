"""Checks of the webhooks: an address that the platform will call, registered, and answered by us."""

from __future__ import annotations

import http.client
from collections.abc import Iterator, Mapping, Sequence
from ipaddress import ip_address
from urllib.parse import urlsplit

from connector.config.project import ProjectSettings
from connector.errors import SecondlookError
from connector.model import Role
from connector.platforms import registry
from connector.platforms.face import PlatformWords
from connector.ports import Survey
from connector.wiring import Services
from workers.cli.checks import Check, Level, guarded
from workers.cli.checks.platform import desk_survey_of, survey_of

CALL_SECONDS = 5.0


def checks(services: Services, name: str) -> Iterator[Check]:
    settings = services.project_settings(name)
    if not settings.sync.webhooks:
        remedy = "Changes are seen by polling alone, every sync.poll_seconds."
        yield Check("webhooks", Level.OK, "switched off", remedy, name)
        return
    refusing = [words for words in map(registry.words, _platforms(settings)) if words.private_hooks]
    yield _address(services.settings.server.url, name, refusing)
    yield _reception(services, name)
    try:
        surveys = {Role.SOURCE: survey_of(name, settings), Role.REVIEW: desk_survey_of(name, settings)}
    except SecondlookError:
        return  # reported with the token
    yield guarded("webhook registered", name, lambda: _registered(services, name, surveys))


def _platforms(settings: ProjectSettings) -> tuple[str, ...]:
    return tuple(dict.fromkeys((settings.platform, settings.desk_place.platform)))


def _address(url: str, name: str, refusing: Sequence[PlatformWords]) -> Check:
    """What platforms that choose whom they call think of the address: some are silently not called."""
    if not refusing:
        return Check("webhook address", Level.OK, url, project=name)
    host = urlsplit(url).hostname or ""
    title = "webhook address"
    private = _is_private(host)
    if "." not in host and private is None and host != "localhost":
        remedy = "Set server.public_url with a dotted host name or an IP address."
        return Check(title, Level.FAIL, f"{url}: a host name without a dot is refused", remedy, name)
    if private or host == "localhost":
        remedy = refusing[0].private_hooks
        return Check(title, Level.WARN, f"{url} is a private address", remedy, name)
    return Check(title, Level.OK, url, project=name)


def _is_private(host: str) -> bool | None:
    """None for a name."""
    try:
        address = ip_address(host)
    except ValueError:
        return None
    return not address.is_global


def _reception(services: Services, name: str) -> Check:
    """Call ourselves without the secret: 401 says that it is us, with the same key."""
    title, url = "webhook reception", services.keyring.webhook_url(name, Role.SOURCE)
    base = services.settings.server.url
    try:
        status = _post(url)
    except (OSError, http.client.HTTPException) as error:
        remedy = "Start the service: `secondlook up`. If it runs, check server.public_url and the way to it."
        return Check(title, Level.WARN, f"{base} does not answer ({type(error).__name__})", remedy, name)
    if status == http.client.UNAUTHORIZED:
        return Check(title, Level.OK, f"{base} answers", project=name)
    if status == http.client.NOT_FOUND:
        remedy = "Use the same server.secret_key (or data_dir) and projects there as here."
        return Check(title, Level.FAIL, f"{base} does not know this project's webhook", remedy, name)
    remedy = "Something else stands at server.public_url, or between; it must hand POST /hooks/ on."
    return Check(title, Level.FAIL, f"{base} answers {status}", remedy, name)


def _post(url: str) -> int:
    parts = urlsplit(url)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.hostname or "", parts.port, timeout=CALL_SECONDS)
    try:
        connection.request("POST", parts.path, body=b"{}")
        return connection.getresponse().status
    finally:
        connection.close()


def _registered(services: Services, name: str, surveys: Mapping[Role, Survey]) -> Check:
    project = services.project(name)
    places = {Role.SOURCE: project.remote_id, Role.REVIEW: project.review_remote_id}
    missing = []
    for role, remote_id in places.items():
        if remote_id is None:
            continue
        if not surveys[role].account().may_register_hooks:
            remedy = (
                "Changes are polled for instead, every sync.poll_seconds. Use an owner's key to be quicker."
            )
            text = f"this account may not register webhooks for the {role.value} project"
            return Check("webhook registered", Level.WARN, text, remedy, name)
        wanted = services.keyring.webhook_url(name, role)
        if not any(hook.url == wanted and hook.active for hook in surveys[role].hooks(remote_id)):
            missing.append(f"{role.value} project {remote_id}")
    if missing:
        remedy = "A running service registers it within minutes; polling sees the changes meanwhile."
        return Check("webhook registered", Level.WARN, f"not (active) at {', '.join(missing)}", remedy, name)
    return Check("webhook registered", Level.OK, "registered and active", project=name)
