"""How values become columns."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.dialects import postgresql, sqlite

from connector.store.tables import UtcDateTime, storable

DIALECTS = [sqlite.dialect(), postgresql.dialect()]


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_moment_is_bound_in_utc(dialect: object) -> None:
    east = datetime(2026, 3, 1, 9, 30, tzinfo=timezone(timedelta(hours=9, minutes=30)))
    bound = UtcDateTime().process_bind_param(east, dialect)
    assert bound == east
    assert bound.tzinfo is UTC


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_moment_without_a_time_zone_is_a_mistake(dialect: object) -> None:
    with pytest.raises(ValueError, match="naive"):
        UtcDateTime().process_bind_param(datetime(2026, 3, 1), dialect)  # noqa: DTZ001 - the mistake itself


def test_text_is_kept_but_for_what_no_database_stores() -> None:
    assert storable("caf\u00e9 \U0001f408\n") == "caf\u00e9 \U0001f408\n"
    assert storable("a\x00b\ud800c\udfffd") == "a\ufffdb\ufffdc\ufffdd"
    assert storable(None) is None


@given(st.text(st.characters(exclude_categories=())))
def test_what_is_storable_can_be_encoded_and_is_stable(text: str) -> None:
    found = storable(text)
    assert found is not None
    assert b"\0" not in found.encode()
    assert storable(found) == found
