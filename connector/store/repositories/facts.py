"""Small facts about the installation itself, such as the time of the last tick."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, select

from connector.store.repositories.base import Repository
from connector.store.tables import facts

KEY_OWNER = "key_owner"  # the fact that tells with which secret key the database was made


def outage_fact(project_id: int) -> str:
    """The fact that tells since when a project's platform does not answer, and what it was asked."""
    return f"outage:{project_id}"


def gathered_fact(project_id: int) -> str:
    """The fact that tells when notes that are gathered will be published; not there where none waits."""
    return f"guidelines_next:{project_id}"


class Facts(Repository):
    def put(self, name: str, value: str) -> None:
        statement = self._insert(facts).values(name=name, value=value, at=self._now)
        self._connection.execute(
            statement.on_conflict_do_update(index_elements=["name"], set_={"value": value, "at": self._now})
        )

    def keep(self, name: str, value: str) -> str:
        """Put a fact down unless it is there; what stands."""
        statement = self._insert(facts).values(name=name, value=value, at=self._now)
        self._connection.execute(statement.on_conflict_do_nothing(index_elements=["name"]))
        return self.get(name) or value

    def drop(self, name: str) -> None:
        """The fact does not hold any more."""
        self._connection.execute(delete(facts).where(facts.c.name == name))

    def at(self, name: str) -> datetime | None:
        """When the fact was last put down."""
        result: datetime | None = self._connection.execute(
            select(facts.c.at).where(facts.c.name == name)
        ).scalar_one_or_none()
        return result

    def get(self, name: str) -> str | None:
        return self._connection.execute(
            select(facts.c.value).where(facts.c.name == name)
        ).scalar_one_or_none()
