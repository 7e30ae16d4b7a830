"""Whether the process says rightly how it is, and to whom it tells its figures."""

import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from prometheus_client.parser import text_string_to_metric_families

from auction.kernel.clock import FixedClock
from auction.kernel.unit import House, Unit
from auction.models import Auction, Witness
from auction.services.duty import take_duty
from auction.services.log import seal
from tests.web.caller import SignIn
from tests.web.sale import RESERVE, Sale, a_sale
from web import health


def figures(text: str) -> dict[str, float]:
    """Each sample by its name and labels."""
    return {
        sample.name + "".join(f" {key}={value}" for key, value in sorted(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_it_lives_and_is_ready(client: FlaskClient) -> None:
    assert client.get("/healthz").get_json() == {"status": "ok"}
    ready = client.get("/readyz")
    assert (ready.status_code, ready.get_json()) == (200, {"status": "ready"})


def test_it_is_not_ready_with_another_schema(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "head", lambda: "9999")
    assert client.get("/readyz").status_code == 503
    assert client.get("/healthz").status_code == 200


def test_its_figures_are_those_of_the_house(client: FlaskClient, house: House, sign_in: SignIn) -> None:
    sale: Sale = house.perform(a_sale)
    sign_in(sale.bidders[0]).post(f"/auctions/{sale.auction_id}/bids", {"amount_fen": RESERVE, "key": "k"})
    sign_in(sale.bidders[0]).post(f"/auctions/{sale.auction_id}/bids", {"amount_fen": "much", "key": "l"})
    found = figures(client.get("/metrics").get_data(as_text=True))
    assert found["fapai_database_up"] == 1
    assert found["fapai_auctions status=open"] == 1
    assert found["fapai_intake_leases"] == 1
    assert (found["fapai_work_failed work=telling"], found["fapai_work_failed work=due"]) == (0, 0)
    assert found["fapai_journal_unsealed"] > 0
    assert (found["fapai_bids_total code= outcome=accepted"], found["fapai_bid_seconds_count"]) == (1, 2)
    assert found["fapai_bids_total code=amount_invalid outcome=refused"] == 1
    assert (found["fapai_desk_waiting"], found["fapai_desk_oldest_seconds"], found["fapai_sockets"]) == (0, 0, 0)
    assert found["fapai_database_connections_most use=writing"] >= found["fapai_database_connections use=writing"]
    assert (found["fapai_log_size"], found["fapai_closings_due"], found["fapai_refunds_overdue"]) == (0, 0, 0)
    route = "method=POST route=/api/v1/auctions/<auction_id>/bids"
    assert found[f"fapai_http_requests_total {route} status=201"] == 1
    assert found[f"fapai_http_request_seconds_count {route}"] == 2


def test_what_lags_is_told_in_seconds(client: FlaskClient, house: House, clock: FixedClock) -> None:
    witness = "court.example/witness+8dfba6a4+BN0dqRzMcl/ErBQ+l/l6BSkxrYLJbUyKjOO7Wz7PzhX8"

    def story(unit: Unit) -> None:
        sale = a_sale(unit)
        unit.session.get_one(Auction, sale.auction_id).closes_at = unit.now + timedelta(seconds=10)
        unit.record("LotEntered", stream="lot:x", body={})
        unit.session.add(Witness(name="court.example/witness", key=witness, named_at=unit.machine_now))

    house.perform(story)
    house.perform(take_duty, "one")
    clock.advance(seconds=30)
    found = figures(client.get("/metrics").get_data(as_text=True))
    assert (found["fapai_seal_lag_seconds"], found["fapai_due_late_seconds"]) == (30, 20)
    assert found["fapai_scheduler_silent_seconds"] == 30
    assert found["fapai_witness_silent_seconds witness=court.example/witness"] == 0  # there is nothing to cosign
    house.perform(seal)
    clock.advance(seconds=40)
    found = figures(client.get("/metrics").get_data(as_text=True))
    assert found["fapai_seal_lag_seconds"] == 0
    assert found["fapai_witness_silent_seconds witness=court.example/witness"] == 40
    assert found["fapai_witness_behind witness=court.example/witness"] == found["fapai_untold"] > 0


def test_every_alert_is_of_a_figure_that_is_told_and_says_what_to_do(client: FlaskClient, house: House) -> None:
    house.perform(take_duty, "one")
    told = {name for name in client.get("/metrics").get_data(as_text=True).split() if name.startswith("fapai_")}
    told = {name.split("{")[0] for name in told} | {"fapai_bid_seconds_bucket", "fapai_http_requests_total"}
    top = Path(__file__).parents[2]
    alerts = (top / "deploy" / "alerts.yml").read_text("utf-8")
    advice = re.findall(r"^### (\w+)$", (top / "docs" / "operating.md").read_text("utf-8"), re.M)
    assert re.findall(r"- alert: (\w+)", alerts) == advice
    assert set(re.findall(r"\bfapai_\w+", alerts)) - told == set()


@pytest.mark.parametrize(
    ("address", "headers", "status"),
    [
        ("127.0.0.1", {}, 200),
        ("::1", {}, 200),
        ("192.0.2.7", {}, 404),
        ("127.0.0.1", {"X-Forwarded-For": "192.0.2.7"}, 404),
        ("127.0.0.1", {"Forwarded": "for=192.0.2.7"}, 404),
    ],
)
def test_without_a_token_only_this_machine_reads_the_figures(
    client: FlaskClient, address: str, headers: dict[str, str], status: int
) -> None:
    answer = client.get("/metrics", headers=headers, environ_base={"REMOTE_ADDR": address})
    assert answer.status_code == status


def test_with_a_token_only_its_holder_reads_the_figures(app: Flask, house: House) -> None:
    house.settings = replace(house.settings, metrics_token="t" * 40)
    client = app.test_client()

    def asked(**headers: Any) -> int:
        return client.get("/metrics", headers=headers, environ_base={"REMOTE_ADDR": "192.0.2.7"}).status_code

    assert asked() == 404
    assert asked(Authorization="Bearer wrong") == 404
    assert asked(Authorization="Bearer " + "t" * 40) == 200
    assert client.get("/metrics").status_code == 404


def test_a_process_that_stops_lives_and_is_given_no_more_work(app: Flask) -> None:
    app.extensions["leaving"] = True
    client = app.test_client()
    assert (client.get("/readyz").status_code, client.get("/healthz").status_code) == (503, 200)
