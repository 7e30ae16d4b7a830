"""The confirmation of a sale (成交确认书): what it says, as data. Pure.

OJA 22(1): the platform makes and publishes it by itself, with the buyer's true identity. The name is shown, identity
numbers are masked (PIPL 6); nobody else who bid is named. It transfers nothing: ownership passes with the closing
ruling (OJA 22(2)). The document is plain JSON with ASCII keys and without floats, so that it has canonical bytes, and
holds no id of an account, person, registration or payment (PRECISIONS 4).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from auction.kernel.clock import iso
from auction.kernel.money import in_words
from auction.rules.identity import mask
from auction.rules.ruleset import Citation, Ruleset, cite

#: The form of the document; a reader of another form must not guess.
FORM = "fapai-confirmation-1"

_TITLES = {
    "auction": {"zh": "网络司法拍卖成交确认书", "en": "Confirmation of Sale by Online Judicial Auction"},
    "sell_off": {"zh": "网络司法变卖成交确认书", "en": "Confirmation of Sale by Online Judicial Sell-off"},
}
_NOTES = (
    (
        "本确认书由网络司法拍卖平台以买受人的真实身份自动生成并公示。",
        "The platform has made and published this confirmation by itself, with the buyer's true identity.",
        ("22(1)",),
    ),
    (
        "本确认书不转移所有权：所有权自拍卖成交裁定送达买受人时转移。",
        "It transfers nothing: ownership passes when the closing ruling is served on the buyer.",
        ("22(2)",),
    ),
    (
        "买受人的保证金充抵价款；余款应在上列期限内交付至法院指定账户。",
        "The buyer's deposit counts toward the price; the balance is to be paid to the court's account in time.",
        ("23", "25"),
    ),
    (
        "逾期不付致拍卖目的难以实现的，保证金不予退还，重新拍卖时原买受人不得参加竞买。",
        "If it is not paid so that the sale fails, the deposit is lost and the buyer may not bid in the resale.",
        ("24(1)", "24(2)"),
    ),
)


@dataclass(frozen=True, slots=True)
class Party:
    """A buyer or an agent in the clear: the number is masked on its way into the document."""

    name: str
    id_type: str
    id_number: str
    share: str | None = None


@dataclass(frozen=True, slots=True)
class LogPlace:
    """The public journal entry that decided the sale: its stream, number and hash (lower-case hex)."""

    stream: str
    number: int
    hash: str


@dataclass(frozen=True, slots=True)
class Sale:
    """The facts of a sale. Amounts in fen; `closed_at` is the effective end of bidding; `rank` None: ordinary bidder.

    `deposit_fen` is the buyer's deposit that is held, 0 for an exempt creditor. `provisional`: the holidays of the year
    in which the balance falls due are not published yet, so that its day may still become later (PRECISIONS 16).
    """

    auction_id: str
    court_code: str
    court_name: str
    case_number: str
    lot_title: str
    asset_type: str
    lot_address: str
    round: str
    price_fen: int
    bidder_code: str
    rank: int | None
    bids: int
    extensions: int
    closed_at: datetime
    deposit_fen: int
    balance_fen: int
    balance_due_at: datetime
    seal: str
    provisional: bool = False


def confirmation_document(
    sale: Sale,
    buyers: Sequence[Party],
    ruleset: Ruleset,
    *,
    agent: Party | None = None,
    entry: LogPlace | None = None,
    sandbox: bool = False,
) -> dict[str, Any]:
    """The document of a sale to `buyers`: one, or all of a joint purchase; `agent` is who bid for a principal.

    ValueError when there is no buyer, or deposit and balance do not make the price.
    """
    if not buyers:
        raise ValueError("a sale has a buyer")
    if sale.deposit_fen < 0 or sale.balance_fen < 0 or sale.deposit_fen + sale.balance_fen != sale.price_fen:
        raise ValueError("deposit and balance must make the price")
    return {
        "form": FORM,
        "title": dict(_TITLES["sell_off" if sale.round == "sell_off" else "auction"]),
        "sandbox": sandbox,
        "auction_id": sale.auction_id,
        "court": {"code": sale.court_code, "name": sale.court_name},
        "case_number": sale.case_number,
        "lot": {"title": sale.lot_title, "asset_type": sale.asset_type, "address": sale.lot_address},
        "round": sale.round,
        "price_fen": sale.price_fen,
        "price_words": in_words(sale.price_fen),
        "buyers": [_shown(buyer) for buyer in buyers],
        "agent": _shown(agent) if agent is not None else None,
        "bidder_code": sale.bidder_code,
        "rank": sale.rank,
        "bids": sale.bids,
        "extensions": sale.extensions,
        "closed_at": iso(sale.closed_at),
        "deposit_fen": sale.deposit_fen,
        "balance_fen": sale.balance_fen,
        "balance_due_at": iso(sale.balance_due_at),
        "provisional": sale.provisional,
        "seal": sale.seal,
        "ruleset": ruleset.name,
        "entry": {"stream": entry.stream, "number": entry.number, "hash": entry.hash} if entry else None,
        "checkpoint": None,
        "notes": [_note(ruleset, zh, en, articles) for zh, en, articles in _NOTES],
    }


def with_checkpoint(document: dict[str, Any], *, origin: str, size: int, root: str) -> dict[str, Any]:
    """The document as shown once the log has been sealed over it: the stored one has no checkpoint yet."""
    return document | {"checkpoint": {"origin": origin, "size": size, "root": root}}


def _shown(party: Party) -> dict[str, Any]:
    return {
        "name": party.name,
        "id_type": party.id_type,
        "id_number": mask(party.id_type, party.id_number),
        "share": party.share,
    }


def _note(ruleset: Ruleset, zh: str, en: str, articles: tuple[str, ...]) -> dict[str, Any]:
    basis = _cited(ruleset, articles)
    return {"zh": zh, "en": en, "basis": {"code": basis.code, "zh": basis.zh, "en": basis.en}}


def _cited(ruleset: Ruleset, articles: tuple[str, ...]) -> Citation:
    return cite("OJA", ruleset.documents["OJA"], articles)
