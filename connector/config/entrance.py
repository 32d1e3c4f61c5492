"""How people come in besides by password: an OpenID Connect issuer, or a proxy that knows them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Self

from pydantic import Field, field_serializer, field_validator, model_validator

from connector.config.types import Frozen, HttpUrl, SecretRef
from connector.model.access import EVERYWHERE, LADDER, AccessRole, Grants

GRANT = re.compile(r"(?:([a-z0-9][a-z0-9_-]{0,39}):)?(\w+)")
HEADER = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,60}")


class IssuerSettings(Frozen):
    url: HttpUrl | None = Field(
        default=None, description="Address of the issuer, as its discovery document names it."
    )
    client_id: str | None = Field(default=None, description="The client that Secondlook is registered as.")
    client_secret: SecretRef | None = Field(
        default=None, description="Its secret, by reference. Default: none, as for a public client."
    )
    title: str = Field(default="your organisation", description="What the button says: Sign in with TITLE.")
    scopes: str = Field(default="openid profile email", description="What is asked for.")
    name_claim: str = Field(
        default="preferred_username", description="Claim that names the person, and nobody else later."
    )
    roles_claim: str = Field(default="groups", description="Claim that holds the groups of `sign_in.roles`.")

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if (self.url is None) != (self.client_id is None):
            msg = "an issuer needs url and client_id"
            raise ValueError(msg)
        if "openid" not in self.scopes.split():
            msg = "scopes must hold openid"
            raise ValueError(msg)
        return self


class SignInSettings(Frozen):
    roles: Mapping[str, str] = Field(
        default={},
        description="What members of a group may do, for people of an issuer or a proxy: `viewer`, "
        "`operator` or `admin` in all projects, or `PROJECT:ROLE` in one. Who is in none does not come in.",
    )
    user_header: str | None = Field(
        default=None,
        description="Header in which a proxy of `server.trusted_proxies` names the person. It must remove "
        "the header from what browsers send.",
    )
    groups_header: str = Field(
        default="X-Forwarded-Groups", description="Header in which it names their groups, with commas."
    )
    oidc: IssuerSettings = IssuerSettings()

    @field_validator("roles")
    @classmethod
    def _known(cls, roles: Mapping[str, str]) -> Mapping[str, str]:
        for group, text in roles.items():
            match = GRANT.fullmatch(text)
            if match is None or match[2] not in LADDER:
                msg = f"{group!r} = {text!r}: give {', '.join(LADDER)}, or PROJECT: before one of them"
                raise ValueError(msg)
        return MappingProxyType(dict(roles))

    @field_serializer("roles")
    def _plain(self, roles: Mapping[str, str]) -> dict[str, str]:
        return dict(roles)

    @field_validator("user_header", "groups_header")
    @classmethod
    def _header(cls, name: str | None) -> str | None:
        if name is not None and not HEADER.fullmatch(name):
            msg = f"{name!r} is no name of a header"
            raise ValueError(msg)
        return name

    @model_validator(mode="after")
    def _some_come_in(self) -> Self:
        if (self.user_header is not None or self.oidc.url is not None) and not self.roles:
            msg = "nobody would come in: say in roles which groups may do what"
            raise ValueError(msg)
        return self

    def grants(self, groups: list[str]) -> Grants:
        """What somebody of these groups may do: in each project the most that a group gives."""
        result: dict[str, AccessRole] = {}
        for match in (GRANT.fullmatch(self.roles[group]) for group in groups if group in self.roles):
            if match is not None:
                project, role = match[1] or EVERYWHERE, AccessRole(match[2])
                result[project] = max(role, result.get(project, role), key=LADDER.index)
        return result
