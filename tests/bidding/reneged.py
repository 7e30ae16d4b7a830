"""A sale whose buyer reneged maliciously, by rows: what sanctions and the record of a bidder rest on."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from auction.kernel.unit import Unit
from auction.models import Account, Auction
from auction.rules import ruleset
from bidding.models import Registration, Renege
from risk.services.written_rules import keep_rule
from tests.factories import a_bidder, a_court, a_lot, a_registration, an_account, an_auction

FACTORS = ["no_means", "repeated"]
RULE_TEXT = b"%PDF-1.4 the court's rule on bars %%EOF"


@dataclass
class Reneged:
    """The sale, its people, and the declaration."""

    auction: Auction
    buyer: Account
    registration: Registration
    renege: Renege
    judge: Account
    second: Account
    president: Account
    regulator: Account


def a_reneged_sale(
    unit: Unit,
    *,
    factors: list[str] | None = None,
    buyer: Account | None = None,
    court: str = "3201",
    term_bar: bool = False,
    **bidder: Any,
) -> Reneged:
    """A sold auction whose buyer reneged. `term_bar`: its ruleset names a written rule, whose text is kept."""
    place = a_court(unit, court, f"法院{court}")
    judge = an_account(unit, "judge", court_code=place.code, display_name="法官甲")
    lot = a_lot(unit, created_by=judge.id, court_code=place.code)
    ended = unit.now - timedelta(days=20)
    data = barring_rules(unit) if term_bar else ruleset.load("spc-2016").as_data()
    auction = an_auction(
        unit,
        lot=lot,
        status="sold",
        opens_at=ended - timedelta(days=1),
        closes_at=ended,
        price_fen=100_000_000,
        closed_at=ended,
        settlement="reneged",
        ruleset=data,
    )
    buyer = buyer or a_bidder(unit, **({"name": "欧阳悔拍"} | bidder))
    registration = a_registration(unit, auction, buyer, status="qualified")
    registration.status = "forfeited"
    auction.leader_registration_id, auction.leader_code = registration.id, registration.bidder_code
    renege = Renege(
        id=unit.new_id(),
        auction_id=auction.id,
        lot_id=lot.id,
        registration_id=registration.id,
        status="in_force",
        price_fen=100_000_000,
        forfeited_fen=10_000_000,
        returned_fen=0,
        factors=FACTORS if factors is None else factors,
        reason="逾期不付",
        declared_by=judge.id,
        declared_at=unit.now,
    )
    unit.session.add(renege)
    unit.session.flush()
    return Reneged(
        auction,
        buyer,
        registration,
        renege,
        judge,
        an_account(unit, "judge", court_code=place.code, display_name="法官乙"),
        an_account(unit, "president", court_code=place.code, display_name="院长"),
        an_account(unit, "regulator", display_name="监管"),
    )


def barring_rules(unit: Unit, *, kept: bool = True) -> dict[str, Any]:
    """The shipped ruleset with a written rule under which a court may bar for a term; its text is kept where `kept`."""
    content = RULE_TEXT if kept else RULE_TEXT + b"?"
    rule = keep_rule(unit, filename="rule.pdf", media_type="application/pdf", content=RULE_TEXT)
    data = ruleset.load("spc-2016").as_data()
    data["documents"]["LOCAL"] = {
        "zh": "示例高级人民法院关于网络司法拍卖竞买人管理的规定",
        "en": "Rules of the example High Court on bidders",
        "version": "2025",
        "edition_zh": "2025年",
        "edition_en": "2025",
        "dated": "2025-03-01",
        "file": rule.sha256 if content == RULE_TEXT else "0" * 64,
    }
    basis = {"document": "LOCAL", "version": "2025", "article": "7"}
    data["parameters"]["renege"]["measure_term_bar"] = {"value": True, "unit": "flag", "basis": basis}
    data["parameters"]["renege"]["term_bar_max"] = {"value": 12, "unit": "months", "basis": basis}
    return data
