"""The interest bar at the door: what an applicant is told, and what a regulator sees, with its sources, and when."""

from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from auction.kernel.clock import FixedClock
from auction.kernel.journal import JournalRow
from auction.kernel.unit import House, Unit
from auction.models import Account, Auction
from auction.models.auctions import PanelMember
from auction.services import accounts
from bidding.rules.registration import UNDERTAKINGS
from bidding.services.bids import BidOffer, place_bids
from bidding.services.findings import flag_barred
from risk.imports import import_file
from tests import factories as make
from tests.web.caller import Caller, SignIn, code_of, fields_of
from tests.web.reader import Reader
from tests.web.sale import closed
from web.auth import COOKIE

COLUMNS = {
    "staff": "body_type,body_code,name,id_number,position,from,to",
    "relatives": "id_number,relative_name,relative_id_number,relation",
    "control": "company_uscc,company_name,holder_id,role,share,from,to",
}
Importer = Callable[..., str]
PURPOSE = {"purpose": "复核报名人的申诉"}


@pytest.fixture
def bring(house: House, tmp_path: Path) -> Importer:
    """Put rows in force; the hash of their file."""

    def file(kind: str, *rows: str) -> str:
        path = tmp_path / f"{kind}.csv"
        path.write_text("\n".join([COLUMNS[kind], *rows]) + "\n", encoding="utf-8")
        assert not import_file(house, kind, path, switched=flag_barred).refused
        return sha256(path.read_bytes()).hexdigest()

    return file


@pytest.fixture
def auction(house: House) -> Auction:
    return house.perform(lambda unit: make.an_auction(unit, status="announced"))


@pytest.fixture
def regulator(house: House, sign_in: SignIn) -> Caller:
    return sign_in(house.perform(make.an_account, "regulator"))


def application(auction: Auction) -> dict[str, Any]:
    return {
        "capacity": "self",
        "principals": [],
        "claim": "ordinary",
        "seal": auction.seal,
        "undertakings": list(UNDERTAKINGS),
    }


def a_bidder(house: House, **facts: Any) -> Account:
    return house.perform(lambda unit: make.a_bidder(unit, **facts))


def look(regulator: Caller, account: Account, auction: Auction) -> Any:
    return regulator.get(f"/bidders/{account.id}/conflicts/{auction.lot_id}", query_string=PURPOSE)


def test_a_grandson_is_refused_and_the_regulator_sees_by_which_records(
    house: House, auction: Auction, bring: Importer, sign_in: SignIn, regulator: Caller
) -> None:
    judge, mother, grandson = (make.a_resident_id() for _ in range(3))
    files = {
        "staff": bring("staff", f"court,3201,司法明,{judge},审判员,2020-01-01,"),
        "relatives": bring("relatives", f"{judge},司法华,{mother},child", f"{grandson},司法华,{mother},parent"),
    }
    account = a_bidder(house, name="司小孙", id_number=grandson)
    refused = sign_in(account).post(f"/auctions/{auction.id}/registrations", application(auction))
    assert (refused.status_code, code_of(refused)) == (422, "barred_interest")
    said = refused.get_data(as_text=True)
    assert "第三十四条" in said and "司法明" not in said and "司法华" not in said
    (registration,) = look(regulator, account, auction).get_json()["registrations"]
    (hit,) = registration["hits"]
    assert (hit["ground"], hit["relation"], hit["person"], hit["basis"]) == (
        "near_relative",
        "grandchild",
        "司小孙",
        ["OJA 34"],
    )
    assert [
        (step["record"], step["person"], step.get("relative"), step["source"]["kind"], step["source"]["file_hash"])
        for step in hit["chain"]
    ] == [
        ("staff", "司法明", None, "staff", files["staff"]),
        ("relative", "司法明", "司法华", "relatives", files["relatives"]),
        ("relative", "司小孙", "司法华", "relatives", files["relatives"]),
    ]
    assert all(step["source"]["imported_at"] == "2026-03-02T02:00:00.000000+00:00" for step in hit["chain"])


def test_a_company_is_refused_with_the_practice_named_and_the_chain_ends_in_it(
    house: House, auction: Auction, bring: Importer, sign_in: SignIn, regulator: Caller
) -> None:
    judge, firm, over = make.a_resident_id(), make.a_uscc(), make.a_uscc()
    bring("staff", f"court,3201,司法明,{judge},审判员,2020-01-01,")
    control = bring(
        "control",
        f"{over},上层公司,{judge},actual_controller,,2020-01-01,",
        f"{firm},买受公司,{over},shareholder,0.51,2021-01-01,",
        f"{firm},买受公司,{make.a_resident_id()},shareholder,0.49,2021-01-01,",
    )
    account = a_bidder(house, name="买受公司", id_type="uscc", id_number=firm)
    refused = sign_in(account).post(
        f"/auctions/{auction.id}/registrations", application(auction), headers={"Accept-Language": "en"}
    )
    assert code_of(refused) == "barred_interest"
    assert "article 34" in refused.get_json()["basis"] and "court's practice" in refused.get_json()["basis"]
    assert "controlled companies" in refused.get_json()["detail"]
    (hit,) = look(regulator, account, auction).get_json()["registrations"][0]["hits"]
    assert (hit["ground"], hit["rule"], hit["basis"]) == ("controlled_company", "holdings", ["OJA 34", "practice"])
    assert hit["review_due_at"] == "2026-03-03T15:59:59.000000+00:00"
    staff, *stakes = hit["chain"]
    assert (staff["record"], staff["person"]) == ("staff", "司法明")
    assert {(s["holder"], s["company"], s["role"], s["share"]) for s in stakes} == {
        ("司法明", "上层公司", "actual_controller", None),
        ("上层公司", "买受公司", "shareholder", 0.51),
    }
    assert {s["source"]["file_hash"] for s in stakes} == {control}


def test_a_look_up_wants_a_purpose_and_is_journaled(
    house: House, auction: Auction, bring: Importer, sign_in: SignIn, regulator: Caller
) -> None:
    number = make.a_resident_id()
    bring("staff", f"court,3201,司法明,{number},审判员,2020-01-01,")
    account = a_bidder(house, id_number=number)
    sign_in(account).post(f"/auctions/{auction.id}/registrations", application(auction))
    path = f"/bidders/{account.id}/conflicts/{auction.lot_id}"
    assert fields_of(regulator.get(path)) == {"purpose": "required"}
    assert fields_of(regulator.get(path, query_string={"purpose": "  "})) == {"purpose": "required"}
    wanted = select(JournalRow).where(JournalRow.kind == "ConflictsLookedUp")
    assert house.read(lambda session: session.scalars(wanted).all()) == []
    assert regulator.get(path, query_string=PURPOSE).status_code == 200
    (entry,) = house.read(lambda session: session.scalars(wanted).all())
    assert entry.private and PURPOSE["purpose"] in entry.entry


@pytest.mark.parametrize("role", ["bidder", "judge", "clerk", "agency", "operator", "president"])
def test_only_a_regulator_looks_up(house: House, auction: Auction, sign_in: SignIn, role: str) -> None:
    account = a_bidder(house) if role == "bidder" else house.perform(make.an_account, role)
    answer = sign_in(account).get(f"/bidders/{account.id}/conflicts/{auction.lot_id}", query_string=PURPOSE)
    assert (answer.status_code, code_of(answer)) == (403, "forbidden")


def test_before_the_end_an_admitted_bidder_is_as_missing_as_nobody(
    house: House, clock: FixedClock, bring: Importer, sign_in: SignIn, regulator: Caller
) -> None:
    """Also one who is barred after his bid: that he takes part is nobody's to know yet."""
    number = make.a_resident_id()

    def story(unit: Unit) -> tuple[Auction, Account]:
        sale = make.an_auction(unit)
        person = make.a_bidder(unit, id_number=number)
        make.a_paid_deposit(unit, make.a_registration(unit, sale, person, status="qualified"))
        return sale, person

    sale, account = house.perform(story)
    house.perform(place_bids, [BidOffer(sale.id, account.id, 100_000_000, "k", house.now())])
    bring("staff", f"court,3201,司法明,{number},审判员,2020-01-01,")
    hidden = look(regulator, account, sale)
    missing = [
        regulator.get(f"/bidders/nobody/conflicts/{sale.lot_id}", query_string=PURPOSE),
        regulator.get(f"/bidders/{account.id}/conflicts/nothing", query_string=PURPOSE),
        look(regulator, a_bidder(house), sale),
    ]
    assert hidden.status_code == 404
    assert all(answer.data == hidden.data and answer.status_code == 404 for answer in missing)
    hit = {"hit": "h" * 64, "reason": "r"}
    lifted = regulator.post(f"/bidders/{account.id}/conflicts/{sale.lot_id}/lifting", hit)
    assert (lifted.status_code, lifted.data) == (404, hidden.data)
    clock.moment = sale.closes_at
    clock.advance(seconds=2)
    assert closed(house, sale.id) == "suspended"
    later = sign_in(house.perform(make.an_account, "regulator"))
    assert [len(one["hits"]) for one in look(later, account, sale).get_json()["registrations"]] == [1]


def test_who_is_held_may_be_looked_up_and_has_no_hit(
    house: House, auction: Auction, sign_in: SignIn, regulator: Caller
) -> None:
    account = a_bidder(house, id_type="passport", id_number="E12345678")
    made = sign_in(account).post(f"/auctions/{auction.id}/registrations", application(auction))
    assert made.get_json()["hold"] == "identity_unmatchable"
    (registration,) = look(regulator, account, auction).get_json()["registrations"]
    assert (registration["hold"], registration["hits"]) == ("identity_unmatchable", [])


def test_the_page_of_a_refused_registration_takes_the_request_and_never_says_who(
    app: Flask, house: House, auction: Auction, bring: Importer, sign_in: SignIn, regulator: Caller
) -> None:
    number = make.a_resident_id()
    bring("staff", f"court,3201,司法明,{number},审判员,2020-01-01,")
    account = a_bidder(house, id_number=number)
    bidder = sign_in(account)
    bidder.post(f"/auctions/{auction.id}/registrations", application(auction))
    (own,) = bidder.get("/me/registrations").get_json()["items"]
    opened = house.perform(accounts.open_session, account.id, matches=True, code_holds=lambda _: None)
    assert isinstance(opened, accounts.Opened)
    client = app.test_client()
    client.set_cookie(COOKIE, opened.token)
    reader = Reader(client)
    page = reader.get(f"/registrations/{own['id']}")
    assert "第三十四条" in page.text and "申请复核" in page.text and "司法明" not in page.html
    assert "必须填写" in reader.send("/review", {"text": " "}, status=422).text
    assert "由监管人员复核" in reader.send("/review", {"text": "登记有误。"}).text
    assert [alert["kind"] for alert in regulator.get("/alerts").get_json()["items"]] == ["interest_review"]


def test_a_refused_bidder_asks_for_a_review_and_two_regulators_lift_the_hit(
    house: House, auction: Auction, bring: Importer, sign_in: SignIn, regulator: Caller
) -> None:
    number = make.a_resident_id()
    bring("staff", f"court,3201,司法明,{number},审判员,2020-01-01,")
    account = a_bidder(house, id_number=number)
    bidder = sign_in(account)
    assert bidder.post(f"/auctions/{auction.id}/registrations", application(auction)).status_code == 422
    (own,) = bidder.get("/me/registrations").get_json()["items"]
    text = {"text": "我已于二〇一〇年离职，登记的是他人。"}
    assert bidder.post(f"/registrations/{own['id']}/review", text).status_code == 201
    stranger = sign_in(a_bidder(house))
    assert stranger.post(f"/registrations/{own['id']}/review", text).status_code == 404
    assert fields_of(bidder.post(f"/registrations/{own['id']}/review", {"text": " "})) == {"text": "required"}
    kinds = [alert["kind"] for alert in regulator.get("/alerts").get_json()["items"]]
    assert kinds == ["interest_review"]
    (registration,) = look(regulator, account, auction).get_json()["registrations"]
    assert [review["text"] for review in registration["reviews"]] == [text["text"]]
    path = f"/bidders/{account.id}/conflicts/{auction.lot_id}/lifting"
    what = {"hit": registration["hits"][0]["hit"], "reason": "身份证号登记有误"}
    proposed = regulator.post(path, what)
    assert proposed.status_code == 202 and proposed.get_json()["needs"] == {"role": "regulator", "count": 1}
    approve = (f"/approvals/{proposed.get_json()['approval_id']}", {"approve": True, "reason": "核对无误"})
    assert code_of(regulator.post(*approve)) == "four_eyes"
    assert bidder.post(f"/auctions/{auction.id}/registrations", application(auction)).status_code == 422
    other = sign_in(house.perform(make.an_account, "regulator"))
    assert other.post(*approve).get_json()["status"] == "approved"
    (shown, _) = look(regulator, account, auction).get_json()["registrations"]
    assert shown["hits"][0]["lifted"]["reason"] == what["reason"]
    assert bidder.post(f"/auctions/{auction.id}/registrations", application(auction)).status_code == 201


def test_a_held_sale_is_revoked_through_the_door(
    house: House, clock: FixedClock, bring: Importer, sign_in: SignIn
) -> None:
    number = make.a_resident_id()

    def story(unit: Unit) -> tuple[Auction, Account, list[Account]]:
        sale = make.an_auction(unit)
        person = make.a_bidder(unit, id_number=number)
        make.a_paid_deposit(unit, make.a_registration(unit, sale, person, status="qualified"))
        judges = [make.an_account(unit, "judge") for _ in range(3)]
        unit.session.add_all(
            PanelMember(auction_id=sale.id, account_id=one.id, position=n) for n, one in enumerate(judges)
        )
        return sale, person, judges

    sale, account, judges = house.perform(story)
    house.perform(place_bids, [BidOffer(sale.id, account.id, 100_000_000, "k", house.now())])
    bring("staff", f"court,3201,司法明,{number},审判员,2020-01-01,")
    clock.moment = sale.closes_at
    clock.advance(seconds=2)
    assert closed(house, sale.id) == "suspended"
    first, second = sign_in(judges[0]), sign_in(judges[1])
    other = first.post(f"/auctions/{sale.id}/revocation", {"ground": "nosuch"})
    assert fields_of(other) == {"ground": "not_one_of"}
    assert "winner_barred" in other.get_json()["errors"][0]["detail"]
    proposed = first.post(f"/auctions/{sale.id}/revocation", {"ground": "winner_barred"})
    assert (proposed.status_code, proposed.get_json()["needs"]) == (202, {"role": "judge", "count": 1})
    done = second.post(f"/approvals/{proposed.get_json()['approval_id']}", {"approve": True, "reason": "同意"})
    assert done.get_json()["status"] == "approved"
    assert first.get(f"/auctions/{sale.id}").get_json()["status"] == "revoked"
    assert first.post(f"/auctions/{sale.id}/relist", {"reason": "revoked"}).status_code == 201
