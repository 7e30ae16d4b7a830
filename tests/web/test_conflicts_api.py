"""The interest bar at the door: what an applicant is told, and what a regulator sees, with its sources, and when."""

from collections.abc import Callable
from dataclasses import dataclass
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
from bidding.rules.registration import UNDERTAKINGS
from bidding.services.bids import BidOffer, place_bids
from bidding.services.findings import flag_barred
from risk.imports import import_file
from tests import factories as make
from tests.bidding.sale import closed
from tests.web.caller import Caller, SignIn, code_of, fields_of
from tests.web.test_pages import signed_in

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


def test_two_who_hold_a_company_together_are_told_as_that_each_record_once_and_in_order(
    house: House, auction: Auction, bring: Importer, sign_in: SignIn, regulator: Caller
) -> None:
    judge, child, firm = make.a_resident_id(), make.a_resident_id(), make.a_uscc()
    bring("staff", f"court,3201,司法明,{judge},审判员,2020-01-01,")
    bring("relatives", f"{judge},司法华,{child},child")
    bring(
        "control",
        f"{firm},买受公司,{judge},director,,2020-01-01,",
        f"{firm},买受公司,{judge},shareholder,0.9,2019-01-01,2019-12-31",
        f"{firm},买受公司,{judge},shareholder,0.3,2020-01-01,",
        f"{firm},买受公司,{child},shareholder,0.21,2020-01-01,",
    )
    account = a_bidder(house, name="买受公司", id_type="uscc", id_number=firm)
    sign_in(account).post(f"/auctions/{auction.id}/registrations", application(auction))
    (hit,) = look(regulator, account, auction).get_json()["registrations"][0]["hits"]
    assert hit["rule"] == "holdings"
    assert [step["record"] for step in hit["chain"]] == ["staff", "relative", "control", "control"]
    assert sorted(step["share"] for step in hit["chain"][2:]) == [0.21, 0.3]


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
    reader = signed_in(app, house, account)
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


@dataclass
class Held:
    """A sale held for its winner, who is barred: his account and registration, the judges of the panel."""

    sale: Auction
    account: Account
    registration_id: str
    panel: list[Account]


@pytest.fixture
def held(house: House, clock: FixedClock, bring: Importer) -> Held:
    number = make.a_resident_id()

    def story(unit: Unit) -> Held:
        sale = make.an_auction(unit)
        person = make.a_bidder(unit, id_number=number)
        registration = make.a_registration(unit, sale, person, status="qualified")
        make.a_paid_deposit(unit, registration)
        judges = [make.an_account(unit, "judge", display_name=f"法官{n}") for n in "甲乙丙"]
        unit.session.add_all(
            PanelMember(auction_id=sale.id, account_id=one.id, position=n) for n, one in enumerate(judges)
        )
        return Held(sale, person, registration.id, judges)

    made = house.perform(story)
    house.perform(place_bids, [BidOffer(made.sale.id, made.account.id, 100_000_000, "k", house.now())])
    bring("staff", f"court,3201,司法明,{number},审判员,2020-01-01,")
    clock.moment = made.sale.closes_at
    clock.advance(seconds=2)
    assert closed(house, made.sale.id) == "suspended"
    return made


def test_a_held_sale_is_revoked_through_the_door(held: Held, sign_in: SignIn) -> None:
    first, second = sign_in(held.panel[0]), sign_in(held.panel[1])
    other = first.post(f"/auctions/{held.sale.id}/revocation", {"ground": "nosuch"})
    assert fields_of(other) == {"ground": "not_one_of"}
    assert "winner_barred" in other.get_json()["errors"][0]["detail"]
    proposed = first.post(f"/auctions/{held.sale.id}/revocation", {"ground": "winner_barred"})
    assert (proposed.status_code, proposed.get_json()["needs"]) == (202, {"role": "judge", "count": 1})
    done = second.post(f"/approvals/{proposed.get_json()['approval_id']}", {"approve": True, "reason": "同意"})
    assert done.get_json()["status"] == "approved"
    assert first.get(f"/auctions/{held.sale.id}").get_json()["status"] == "revoked"
    assert first.post(f"/auctions/{held.sale.id}/relist", {"reason": "revoked"}).status_code == 201


def test_the_panel_revokes_by_pages_and_the_winner_reads_why(
    app: Flask, house: House, held: Held, sign_in: SignIn
) -> None:
    page, own_page = f"/desk/auctions/{held.sale.id}", f"/registrations/{held.registration_id}"
    winner = signed_in(app, house, held.account)
    waiting = winner.get(own_page)
    assert "成交待法院决定" in waiting.text and "保证金暂不退还" in waiting.text and "申请复核" in waiting.text
    own = sign_in(held.account).get(f"/registrations/{held.registration_id}").get_json()
    assert (own["hold"], own["decision_due_at"]) == ("winner_barred", "2026-03-10T15:59:59.000000+00:00")
    stranger = signed_in(app, house, house.perform(make.an_account, "judge"))
    shown = stranger.get(page)
    assert "2026-03-10 23:59" in shown.text
    assert not [form for form in shown.forms if form.action.endswith("/revocation")]
    first = signed_in(app, house, held.panel[0])
    assert "须在 2026-03-10 23:59" in first.get(page).text
    actions = [form.action for form in first.page.forms]
    assert not [one for one in actions if one.endswith(("/resumption", "/withdrawal"))]
    missing = first.send("/revocation", {"knowingly_false": "true", "reason": " "}, status=422)
    assert "必须填写" in missing.text and ("knowingly_false", "true") in missing.form("/revocation").fields
    assert 'aria-invalid="true"' in missing.html
    pending = first.send("/revocation", {"knowingly_false": "true", "reason": "当庭承认早已知道"})
    assert "等待批准" in pending.text and "当庭承认早已知道" in pending.text and "法官甲 提请" in pending.text
    assert not [form for form in pending.forms if form.action.endswith("/revocation")]
    second = signed_in(app, house, held.panel[1])
    listed = second.get("/desk/approvals")
    assert "当庭承认早已知道" in listed.text
    assert listed.link("查看本轮拍卖") == page
    (answer,) = [form.action for form in listed.forms if "/approvals/" in form.action]
    second.send(answer, {"reason": "同意"}, button=("approve", "true"))
    assert house.read(lambda session: session.get_one(Auction, held.sale.id)).status == "revoked"
    told = winner.get(own_page)
    assert "明知自己属于不得竞买的人" in told.text and "理由：当庭承认早已知道" in told.text
    assert "保证金不予退还" in told.text and "司法明" not in told.html
    own = sign_in(held.account).get(f"/registrations/{held.registration_id}").get_json()
    assert (own["status"], own["refusal"], own["hold"]) == ("forfeited", "barred_interest", None)
    assert (own["decision_reason"], own["decision_due_at"]) == ("当庭承认早已知道", None)


# The regulator's pages


def test_the_regulator_asks_for_a_purpose_sees_the_chain_and_has_a_hit_lifted(
    app: Flask, house: House, auction: Auction, bring: Importer, sign_in: SignIn, regulator: Caller
) -> None:
    """The page says what a lifting also frees; the proposal leads the second regulator there."""
    number, firm, unregistered = make.a_resident_id(), make.a_uscc(), make.a_uscc()
    bring("staff", f"court,3201,司法明,{number},审判员,2020-01-01,")
    bring(
        "control",
        f"{firm},买受公司,{number},actual_controller,,2020-01-01,",
        f"{unregistered},未报名公司,{number},shareholder,0.6,2020-01-01,",
    )
    account = a_bidder(house, name="司法明", id_number=number)
    company = a_bidder(house, name="买受公司", id_type="uscc", id_number=firm)
    for one in (account, company):
        assert sign_in(one).post(f"/auctions/{auction.id}/registrations", application(auction)).status_code == 422
    first = signed_in(app, house, house.perform(make.an_account, "regulator", display_name="甲监管"))
    listed = first.get("/regulator/conflicts")
    assert "司法明" not in listed.html and listed.text.count("查看链条与来源") == 2
    page = f"/regulator/conflicts/{account.id}/{auction.lot_id}"
    asked = first.get(page)
    assert "查询目的" in asked.text and "司法明" not in asked.html
    assert "必须填写" in first.send(page, {"purpose": " "}, status=422).text
    shown = first.send(page, {"purpose": "复核申诉"})
    for said in ("司法明", "南京市中级人民法院", "职务“审判员”", "2020-01-01 至今", "登记簿第 1 版", "复核申诉"):
        assert said in shown.text, said
    assert "未报名公司（尚未报名）" in shown.text and number not in shown.html
    assert shown.link(company.id) == f"/regulator/conflicts/{company.id}/{auction.lot_id}"
    refused = first.send(page, {"reason": " "}, status=422)
    assert "必须填写" in refused.text and 'aria-invalid="true"' in refused.html and "司法明" in refused.text
    assert "须由另一名监管人员批准" in first.send(page, {"reason": "登记的不是此人"}).html
    (waits,) = regulator.get("/approvals").get_json()["items"]
    proposal = waits["proposal"]
    assert (proposal["bidder_id"], proposal["also_frees"], proposal["further_companies"]) == (
        account.id,
        [company.id],
        1,
    )
    second = signed_in(app, house, house.perform(make.an_account, "regulator", display_name="乙监管"))
    approvals = second.get("/regulator/approvals")
    assert "登记的不是此人" in approvals.text and company.id in approvals.text
    assert approvals.link("查看报名人、链条与来源") == page
    second.send(f"/{waits['id']}", {"reason": "核对无误"}, button=("approve", "true"))
    first.get(page)
    lifted = first.send(page, {"purpose": "复查"})
    assert "已解除" in lifted.text and "登记的不是此人" in lifted.text
    assert not [form for form in lifted.forms if form.method == "post" and form.action == page]
    for one in (account, company):
        assert sign_in(one).post(f"/auctions/{auction.id}/registrations", application(auction)).status_code == 201


def test_a_lifting_that_would_free_more_than_was_proposed_is_refused(
    house: House, auction: Auction, bring: Importer, sign_in: SignIn, regulator: Caller
) -> None:
    number, firm = make.a_resident_id(), make.a_uscc()
    bring("staff", f"court,3201,司法明,{number},审判员,2020-01-01,")
    bring("control", f"{firm},买受公司,{number},actual_controller,,2020-01-01,")
    account = a_bidder(house, id_number=number)
    sign_in(account).post(f"/auctions/{auction.id}/registrations", application(auction))
    (hit,) = look(regulator, account, auction).get_json()["registrations"][0]["hits"]
    assert (hit["frees"]["bidders"], hit["frees"]["companies"]) == ([], ["买受公司"])
    path = f"/bidders/{account.id}/conflicts/{auction.lot_id}/lifting"
    proposed = regulator.post(path, {"hit": hit["hit"], "reason": "登记有误"}).get_json()
    company = a_bidder(house, id_type="uscc", id_number=firm)
    sign_in(company).post(f"/auctions/{auction.id}/registrations", application(auction))
    other = sign_in(house.perform(make.an_account, "regulator"))
    answer = {"approve": True, "reason": "核对无误"}
    more = other.post(f"/approvals/{proposed['approval_id']}", answer, headers={"Accept-Language": "en"})
    assert (more.status_code, code_of(more)) == (409, "wrong_state")
    assert "others would be freed" in more.get_json()["detail"]


def test_the_regulator_decides_on_an_identity_by_the_page(
    app: Flask, house: House, auction: Auction, sign_in: SignIn
) -> None:
    accounts_held = [a_bidder(house, name="外籍人", id_type="passport", id_number=f"E1234567{n}") for n in range(2)]
    for account in accounts_held:
        sign_in(account).post(f"/auctions/{auction.id}/registrations", application(auction))
    reader = signed_in(app, house, house.perform(make.an_account, "regulator"))
    for account, approve, status in zip(accounts_held, ("true", "false"), ("awaiting_deposit", "refused"), strict=True):
        (own,) = sign_in(account).get("/me/registrations").get_json()["items"]
        page = f"/regulator/conflicts/{account.id}/{auction.lot_id}"
        reader.get(page)
        shown = reader.send(page, {"purpose": "核实身份"})
        assert "外籍人" in shown.text and "登记簿无法比对" in shown.text and "登记簿中没有命中" not in shown.text
        wrong = reader.send(f"/{own['id']}", {"reason": " "}, button=("approve", approve), status=422)
        assert "必须填写" in wrong.text and "外籍人" in wrong.text
        reader.send(f"/{own['id']}", {"reason": "护照已核对"}, button=("approve", approve))
        (own,) = sign_in(account).get("/me/registrations").get_json()["items"]
        assert (own["status"], own["hold"] if approve == "true" else None) == (status, None)


def test_where_a_request_for_a_review_stands_is_shown_to_who_made_it(
    app: Flask, house: House, auction: Auction, bring: Importer, sign_in: SignIn, regulator: Caller
) -> None:
    number = make.a_resident_id()
    bring("staff", f"court,3201,司法明,{number},审判员,2020-01-01,")
    account = a_bidder(house, id_number=number)
    bidder = sign_in(account)
    bidder.post(f"/auctions/{auction.id}/registrations", application(auction))
    (own,) = bidder.get("/me/registrations").get_json()["items"]
    assert own["review"] is None
    reader = signed_in(app, house, account)
    reader.get(f"/registrations/{own['id']}")
    waiting = reader.send("/review", {"text": "登记有误。"})
    assert "待答复" in waiting.text
    assert not [form for form in waiting.forms if form.action.endswith("/review")]
    again = bidder.post(f"/registrations/{own['id']}/review", {"text": "再说一次"})
    assert (again.status_code, code_of(again)) == (409, "review_open")
    now = bidder.get(f"/registrations/{own['id']}").get_json()["review"]
    assert (now["state"], now["answered_at"]) == ("open", None)
    (alert,) = regulator.get("/alerts").get_json()["items"]
    answer = {"outcome": "unfounded", "reason": "核对无误"}
    assert regulator.post(f"/alerts/{alert['id']}/resolution", answer).status_code == 200
    told = bidder.get(f"/registrations/{own['id']}").get_json()["review"]
    assert told["state"] == "closed" and told["answered_at"]
    assert "已处理，未解除禁止" in reader.get(f"/registrations/{own['id']}").text
    assert "待答复" in reader.send("/review", {"text": "另附证明。"}).text
    (hit,) = look(regulator, account, auction).get_json()["registrations"][0]["hits"]
    path = f"/bidders/{account.id}/conflicts/{auction.lot_id}/lifting"
    proposed = regulator.post(path, {"hit": hit["hit"], "reason": "确有错误"}).get_json()
    other = sign_in(house.perform(make.an_account, "regulator"))
    other.post(f"/approvals/{proposed['approval_id']}", {"approve": True, "reason": "同意"})
    assert bidder.get(f"/registrations/{own['id']}").get_json()["review"]["state"] == "lifted"
    assert "禁止已解除" in reader.get(f"/registrations/{own['id']}").text
