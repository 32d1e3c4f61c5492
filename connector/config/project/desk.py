"""Where reviewers answer: beside the labels, or on another platform."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from pydantic import Field

from connector.config.types import Frozen, HttpUrl, SecretRef, server_of

PlatformName = Literal["label_studio", "argilla"]


@dataclass(frozen=True, slots=True)
class DeskPlace:
    """The desk of one project with nothing left open."""

    platform: PlatformName
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
        description="Name of the Argilla workspace for the review dataset. Default: the source's.",
    )

    def place(self, platform: PlatformName, url: str, token: SecretRef) -> DeskPlace:
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

    def _check(self, source: PlatformName, kind: PlatformName, *, elsewhere: bool) -> None:
        msg = None
        if kind != source and self.url is None:
            msg = f"platform = {kind!r} is another one than the source's: give its desk.url"
        elif elsewhere and self.token is None:
            msg = "url is another server than the source's: give its desk.token"
        elif elsewhere and kind == source == "label_studio":
            # Their users carry the same small numbers, and would be taken for one another.
            msg = "reviews of a Label Studio are answered on the same one, or in Argilla"
        elif elsewhere and kind == "argilla" and self.workspace is None:
            msg = "a review dataset in another Argilla needs desk.workspace, the name of its workspace there"
        elif kind != "argilla" and self.workspace is not None:
            msg = "workspace is for Argilla; Label Studio has none"
        if msg is not None:
            raise ValueError(msg)
