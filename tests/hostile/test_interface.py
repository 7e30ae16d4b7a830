"""Requests generated from the interface's own description, right and wrong ones, at every operation.

What comes back has to be what the description says: no fault of ours, a documented content type, a body that holds its
schema, and nothing taken that cannot be right.
"""

import re
import zlib
from collections.abc import Iterator

import pytest
import schemathesis
from flask import Flask
from hypothesis import HealthCheck, Phase, given, seed, settings
from schemathesis.core.failures import FailureGroup
from schemathesis.generation import GenerationMode
from schemathesis.schemas import APIOperation
from schemathesis.specs.openapi.checks import positive_data_acceptance

from auction.kernel.unit import House
from tests.faults.counts import SEEDS, done, often
from tests.web.caller import API, Caller, SignIn
from tests.web.test_bad_input import Endpoint, World, endpoints

pytestmark = [pytest.mark.slow, pytest.mark.postgresql]

VARIABLE = re.compile(r"<(?:[^:>]+:)?([^>]+)>")


@pytest.fixture
def database_url(postgresql_url: str) -> str:
    """PostgreSQL, which takes less than SQLite does."""
    return postgresql_url


@pytest.fixture
def world(house: House, sign_in: SignIn) -> World:
    return World(house, sign_in)


def operations(app: Flask) -> Iterator[tuple[APIOperation, Endpoint]]:
    """Every operation of the description, and the route behind it."""
    known = {" ".join((one.method, VARIABLE.sub(r"{\1}", one.rule.rule))): one for one in endpoints(app)}
    for found in schemathesis.openapi.from_wsgi(f"{API}/openapi.json", app).get_all_operations():
        operation = found.ok()
        yield operation, known.pop(operation.label)
    assert known == {}


class Trial:
    """Requests to one operation by one caller, and what was wrong with their answers."""

    def __init__(self, operation: APIOperation, caller: Caller, ids: dict[str, str]) -> None:
        self.operation, self._caller, self._ids = operation, caller, ids
        self.asked, self.faults = 0, list[str]()

    def of(self, mode: GenerationMode, number: int, count: int) -> None:
        """So many requests that the description allows, or that it does not."""
        requests = self.operation.as_strategy(generation_mode=mode, path_parameters=self._ids)
        bounded = settings(
            max_examples=count,
            deadline=None,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        seed(number ^ zlib.crc32(self.operation.label.encode()))(bounded(given(requests)(self._ask)))()

    def _ask(self, case: schemathesis.Case) -> None:
        self.asked += 1
        answer = case.call(headers=self._caller.headers)
        try:
            # What fits the schema may still break a rule, which is said with 422.
            case.validate_response(answer, headers=self._caller.headers, excluded_checks=[positive_data_acceptance])
        except FailureGroup as group:
            for fault in group.exceptions:
                said = f"{fault.title}: {fault.message[:400]}"
                self.faults.append(
                    f"{self.operation.label} {answer.status_code} {said}\n{case.as_curl_command()[:400]}"
                )


def test_every_operation_answers_as_it_is_described(world: World, app: Flask) -> None:
    for number in SEEDS:
        asked, faults = 0, list[str]()
        for operation, endpoint in operations(app):
            ids = {name: world.ids.get(name, "1") for name in endpoint.rule.arguments}
            trial = Trial(operation, world.right(endpoint), ids)
            trial.of(GenerationMode.POSITIVE, number, often(2, 2500))
            if operation.body or operation.query:
                trial.of(GenerationMode.NEGATIVE, number, often(2, 2500))
            asked += trial.asked
            faults += trial.faults
        assert faults == [], "\n\n".join(faults)
        assert asked > 200
        done("requests made from the description", number, requests=asked)
