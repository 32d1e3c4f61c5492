"""Register our webhooks, and repair them where someone changed or removed them."""

from __future__ import annotations

from connector.model import Role
from connector.ports import WebhookRegistrar
from workers.context import Context, Summary


def handle(context: Context) -> Summary:
    project, repaired = context.project, 0
    if context.settings.sync.webhooks:
        places = {Role.SOURCE: project.remote_id, Role.REVIEW: project.review_remote_id}
        for role, remote_project in places.items():
            platform = context.services.place(project.name, role)
            if remote_project is not None and isinstance(platform, WebhookRegistrar):
                repaired += _ensure(context, platform, role, remote_project)
    with context.begin() as unit:
        unit.projects.hooks_checked(project.id)
    return {"repaired": repaired}


def _ensure(context: Context, platform: WebhookRegistrar, role: Role, remote_project: str) -> int:
    name, keyring = context.project.name, context.services.keyring
    url = keyring.webhook_url(name, role)
    secret = keyring.webhook_secret(name, role).get_secret_value()
    if not platform.ensure_webhook(role, remote_project, url, secret):
        return 0
    with context.begin() as unit:
        unit.audit.append("secondlook", "webhook.registered", remote_project, {"role": role.value}, name)
    return 1
