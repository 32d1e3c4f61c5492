"""What a pooler in transaction mode breaks, and that `database.pooler` leaves nothing for it to break."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine, text

from connector.store.engine import open_engine
from tests.integration.store.house import together

CLIENTS = 8  # more than the pooler has connections to the server
TRANSACTIONS = 12  # more than a statement takes to be prepared


@pytest.mark.parametrize(("pooler", "broken"), [(False, True), (True, False)])
def test_a_pooler_breaks_prepared_statements_and_there_are_none_where_it_is_named(
    pooled_url: str, pooler: bool, broken: bool
) -> None:
    engine = open_engine(pooled_url, pooler=pooler)
    outcomes = together(CLIENTS, lambda _: _many_transactions(engine))
    engine.dispose()
    assert any(isinstance(outcome, Exception) for outcome in outcomes) is broken


@pytest.mark.parametrize(("pooler", "left"), [(False, "force_custom_plan"), (True, "auto")])
def test_no_setting_of_ours_is_left_to_other_clients_of_the_pooler(
    pooled_url: str, pooler: bool, left: str
) -> None:
    engine = open_engine(pooled_url, pooler=pooler)
    _many_transactions(engine, times=1)
    engine.dispose()
    stranger = open_engine(pooled_url, pooler=True)
    with stranger.connect() as connection:
        assert connection.execute(text("SHOW plan_cache_mode")).scalar_one() == left
    stranger.dispose()


def _many_transactions(engine: Engine, times: int = TRANSACTIONS) -> None:
    for number in range(times):
        with engine.begin() as connection:
            connection.execute(text("SELECT :number, pg_sleep(0.002)"), {"number": number}).all()
