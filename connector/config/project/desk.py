"""Where reviewers answer: beside the labels, or on another platform."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated

from pydantic import AfterValidator, Field

from connector.config.types import Frozen, HttpUrl, OneOf, SecretRef, server_of
from connector.platforms import registry

PlatformName = Annotated[str, AfterValidator(OneOf(registry.servers))]


@dataclass(frozen=True, slots=True)
class DeskPlace:
    """The desk of one project with nothing left open."""

    platform: str
    url: str
    workspace: str | None
    elsewhere: bool  # on another server than the source, with people of its own
    token: SecretRef = field(repr=False)
    section: str  # of the settings that the token comes from: "desk", or empty for the project's own

    @property
    def identity(self) -> str:
        """What makes it one place: reviews pushed to it are found nowhere else."""
        return " ".join([self.platform, server_of(self.url), *([self.workspace] if self.workspace else [])])


class DeskSettings(Frozen):
    platform: PlatformName | None = Field(
        default=None, description="Kind of platform on which reviews are answered. Default: the source's."
    )
    url: HttpUrl | None = Field(
        default=None, description="Address of the platform of the reviews. Default: the source's."
    )
    token: SecretRef | None = Field(
        default=None, description="Access token there, by reference. Default: the source's."
    )
    workspace: str | None = Field(
        default=None,
        min_length=1,
        description="Name of the workspace for the review project, where the platform has such. "
        "Default: the source's.",
    )

    def place(self, platform: str, url: str, token: SecretRef) -> DeskPlace:
        """The desk of a project whose source is there; ValueError for what cannot work."""
        kind, address = self.platform or platform, self.url or url
        elsewhere = (kind, server_of(address)) != (platform, server_of(url))
        self._check(platform, kind, elsewhere=elsewhere)
        return DeskPlace(
            platform=kind,
            url=address,
            workspace=self.workspace,
            elsewhere=elsewhere,
            token=self.token or token,
            section="" if self.token is None else "desk",
        )

    def _check(self, source: str, kind: str, *, elsewhere: bool) -> None:
        rules, msg = registry.rules(kind), None
        if kind != source and self.url is None:
            msg = f"platform = {kind!r} is another one than the source's: give its desk.url"
        elif elsewhere and self.token is None:
            msg = "url is another server than the source's: give its desk.token"
        elif elsewhere and kind == source and rules.one_server:
            name = registry.words(kind).name
            msg = f"reviews of a {name} are answered on the same one, or on another kind of platform"
        elif elsewhere and rules.workspaces and self.workspace is None:
            name = registry.words(kind).name
            msg = f"reviews in another {name} need desk.workspace, the name of its workspace there"
        elif self.workspace is not None and not rules.workspaces:
            msg = f"{registry.words(kind).name} has no workspaces: remove workspace"
        if msg is not None:
            raise ValueError(msg)
