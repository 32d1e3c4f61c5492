"""The running service against its own description: no call ends in a fault or another shape."""

from __future__ import annotations

import httpx
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis.specs.openapi.checks import positive_data_acceptance

from connector.wiring import Services
from tests.unit.web.seeding import TOKEN, seed_findings

EXAMPLES = 6  # of each route
QUICK = settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))


def test_every_route_answers_as_it_says(client: httpx.Client, services: Services) -> None:
    seed_findings(services)
    described = schemathesis.openapi.from_url(f"{client.base_url}/api/openapi.json")
    routes = [found.ok() for found in described.get_all_operations()]
    assert len(routes) > 12
    for route in routes:
        QUICK(given(case=route.as_strategy())(answers_as_described))()


def answers_as_described(case: schemathesis.Case) -> None:
    # That a cursor must be one that was given out is no matter of its form.
    case.call_and_validate(
        headers={"Authorization": f"Bearer {TOKEN}"}, excluded_checks=[positive_data_acceptance]
    )
