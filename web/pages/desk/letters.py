"""Letters: printing them for a recipient or a sale, and the court's own wording of each."""

from typing import Any

from flask import Response, render_template, request, url_for

from auction.kernel.errors import DomainError
from auction.models import Notice
from bidding.queries.court import LotDesk
from bidding.queries.letters import printed_letters, wordings
from bidding.rules.clocks import DisposalFacts
from disclosure.rules.letters import VALUES, letters
from disclosure.services.letters import keep_wording

from ...auth import house, me, policy
from ...letters import printed
from .. import labels
from ..forms import Entry
from ..language import _, language
from .court import attempt, blueprint


@blueprint.get("/lots/<lot_id>/letters/<kind>")
@policy("letter.read")
def letter(lot_id: str, kind: str) -> Response:
    """A letter as PDF."""
    typed = request.args.get("recipient", "")
    return printed(
        lot_id, kind, int(typed) if typed.isdecimal() and len(typed) < 6 else None, request.args.get("auction")
    )


def letter_links(desk: LotDesk, notice: Notice) -> list[tuple[str, str]]:
    """The letters to one recipient, by name and address."""
    kinds = ["auction_notice", "delivery_receipt"]
    if notice.role in ("preferential", "co_owner", "lessee"):
        kinds.insert(1, "preferential_notice")
    if not desk.auctions:
        kinds = ["delivery_receipt"]
    return [
        (title_of(kind), url_for("desk.letter", lot_id=desk.lot.id, kind=kind, recipient=notice.position))
        for kind in kinds
    ]


def sale_links(lot_id: str, auction_id: str, settlement: str | None) -> list[tuple[str, str]]:
    """The letters of a sale that was ruled on."""
    if settlement not in ("ruled", "handed_over"):
        return []
    return [
        (title_of(kind), url_for("desk.letter", lot_id=lot_id, kind=kind, auction=auction_id))
        for kind in ("assistance_notice", "handover_record")
    ]


def disposal_links(lot_id: str, gone: DisposalFacts) -> list[tuple[str, str]]:
    """The letters of a taking that is paid, and of the debtor's own sale."""
    kinds = {"taken": ("taking_ruling",), "ruled": ("taking_ruling", "taking_notice"), "sold": ("own_sale_notice",)}
    return [
        (title_of(kind), url_for("desk.letter", lot_id=lot_id, kind=kind, auction=gone.auction_id))
        for kind in kinds.get(gone.status, ())
    ]


def printing_views(lot_id: str) -> list[dict[str, Any]]:
    """Every letter of a lot that was printed, in words."""
    return [
        {
            "at": one.at,
            "by": one.by,
            "title": title_of(one.kind),
            "role": labels.PARTY_ROLE[one.role] if one.role else "",
            "wording": _("本院文本第 %(n)s 版", n=one.version) if one.version else _("通用文本"),
        }
        for one in house().read(printed_letters, lot_id)
    ]


def title_of(kind: str) -> str:
    """What a letter is called."""
    found = letters()[kind]
    return found.title_en if language() == "en" else found.title


@blueprint.get("/letters")
@policy("letter.word")
def wording_list() -> str:
    """Every letter with the wording in use."""
    found = house().read(wordings, me().court_code or "")
    rows = [{"kind": kind, "title": title_of(kind), "version": each.version} for kind, each in found.items()]
    return render_template("desk/letters.html", rows=rows)


@blueprint.get("/letters/<kind>")
@policy("letter.word")
def wording(kind: str) -> str:
    """The wording of one letter, to be adapted."""
    return _page(kind, None)


def _page(kind: str, form: Entry | None) -> str:
    found = house().read(wordings, me().court_code or "").get(kind)
    if found is None:
        raise DomainError("not_found")
    return render_template(
        "desk/letter.html",
        kind=kind,
        title=title_of(kind),
        version=found.version,
        form=form or Entry({"text": found.text}),
        shipped=found.letter.text,
        values=VALUES,
        hint=_(
            "空行分段。填入名称写作 {{ 名称 }}，有此情形才出现的文字写作 {% if 名称 %} … {% endif %}。"
            "清空并保存即恢复通用文本。"
        ),
    )


@blueprint.post("/letters/<kind>")
@policy("letter.word")
def put_wording(kind: str) -> Any:
    """Keep the court's wording as its next version."""
    return attempt(
        lambda: house().perform(keep_wording, me(), kind, request.form.get("text", "").replace("\r\n", "\n")),
        lambda form: _page(kind, form),
        ("text",),
        lambda _kept: url_for("desk.wording", kind=kind),
        _("文书文本已保存为新版本。"),
    )
