"""Errors of the database that no test can bring about at will."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from psycopg import errors as pg
from sqlalchemy import create_engine
from sqlalchemy.exc import DataError, DBAPIError, InternalError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from connector.errors import Misconfigured, Rejected, Retryable, SecondlookError
from connector.store.unit_of_work import Store

STATEMENT = "INSERT INTO items VALUES (secret)"
WORDS = "the reason\nDETAIL:  Failing row contains (secret)."


class StoppedClock:
    def now(self) -> datetime:
        return datetime(2026, 3, 1, tzinfo=UTC)


@pytest.fixture
def store() -> Iterator[Store]:
    made = Store(create_engine("sqlite://"), StoppedClock(), lambda ids: None, timedelta(seconds=60))
    yield made
    made.close()


@pytest.mark.parametrize(
    ("kind", "cause", "expected"),
    [
        (OperationalError, pg.DiskFull, Misconfigured),
        (OperationalError, pg.DeadlockDetected, Retryable),
        (OperationalError, pg.SerializationFailure, Retryable),
        (OperationalError, pg.AdminShutdown, Retryable),
        (OperationalError, pg.TooManyConnections, Retryable),
        (DBAPIError, pg.UniqueViolation, Retryable),
        (DBAPIError, pg.ForeignKeyViolation, Rejected),
        (DBAPIError, pg.UndefinedTable, Misconfigured),
        (DataError, pg.StringDataRightTruncation, Rejected),
        (InternalError, pg.ReadOnlySqlTransaction, Retryable),
        (DBAPIError, pg.InsufficientPrivilege, Misconfigured),
    ],
)
def test_an_error_of_postgresql_says_what_to_do_next(
    store: Store, kind: type[DBAPIError], cause: type[pg.Error], expected: type[SecondlookError]
) -> None:
    raised = kind(STATEMENT, {"label": "secret"}, cause(WORDS))
    with pytest.raises(expected) as caught, store.begin():
        raise raised
    assert "secret" not in str(caught.value)
    assert caught.value.__cause__ is raised


def test_a_broken_connection_is_tried_again(store: Store) -> None:
    raised = InternalError(STATEMENT, {}, pg.InternalError_(WORDS), connection_invalidated=True)
    with pytest.raises(Retryable, match="broke"), store.begin():
        raise raised


def test_a_pool_without_a_free_connection_is_tried_again(store: Store) -> None:
    with pytest.raises(Retryable, match="in use"), store.read():
        raise PoolTimeoutError


def test_errors_that_are_not_the_databases_pass_through(store: Store) -> None:
    with pytest.raises(KeyError, match="ours"), store.begin():
        raise KeyError("ours")
