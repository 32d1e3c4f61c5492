"""Whether a database belongs to the secret key in use: what was derived from another means nothing here."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass

from connector.config.keyring import Keyring
from connector.errors import Misconfigured


@dataclass(frozen=True, slots=True)
class KeyOwner:
    """Whose a database is: an installation's name, which says nothing of its key, and where that lay."""

    installation: str
    kept_in: str

    def to_json(self) -> str:
        return json.dumps({"installation": self.installation, "kept_in": self.kept_in})

    @classmethod
    def from_json(cls, text: str) -> KeyOwner:
        held = json.loads(text)
        return cls(str(held["installation"]), str(held["kept_in"]))


def owner_in_use(keyring: Keyring) -> KeyOwner:
    """The installation of this key; one is made where none is there yet."""
    return KeyOwner(keyring.installation, keyring.kept_in)


def other_key(
    keyring: Keyring, owner: KeyOwner | None, takes_over: Collection[str | None]
) -> Misconfigured | None:
    """Why work on the database of `owner` with this key would be wrong; None where it is right.

    `takes_over` are the installations in whose place each project comes: another key may be used where all of
    them name the database's. No key is made.
    """
    if owner is None or (takes_over and set(takes_over) == {owner.installation}):
        return None
    if not keyring.is_there:
        here = f"there is no key in {keyring.kept_in}"
    elif keyring.installation != owner.installation:
        here = f"the one in {keyring.kept_in} is of installation {keyring.installation}"
    else:
        return None
    return Misconfigured(
        f"the database was made with the key of installation {owner.installation}, kept in {owner.kept_in}; "
        f"{here}",
        field=keyring.field,
        remedy="Put that key there, from the old machine or its backup, or use a database of your own; "
        f'nothing was changed. If the key is lost, set take_over = "{owner.installation}" in the section of '
        "each project: open questions are then asked anew.",
    )
