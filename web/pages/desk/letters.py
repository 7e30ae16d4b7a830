"""Letters: printing them for a recipient or a sale; the court's own wording of each, and of its published texts."""

from collections.abc import Mapping, Sequence
from typing import Any

from flask import Response, render_template, request, url_for

from auction.kernel.errors import DomainError
from auction.models import Notice
from bidding.queries.court import LotDesk
from bidding.queries.kept import Part, kept
from bidding.queries.letters import Wording, printed_letters, wordings
from bidding.rules.clocks import DisposalFacts
from bidding.services.made_from import unless_changed
from disclosure.queries.sheets import court_words, rounds_of_other_words
from disclosure.rules.court_words import KINDS, CourtWords, preview
from disclosure.rules.court_words import VALUES as WORDS
from disclosure.rules.letters import VALUES, letters
from disclosure.rules.wording import Text
from disclosure.services.letters import keep_court_words, keep_wording, may_word

from ...auth import house, me, policy
from ...errors import status_of
from ...letters import printed
from .. import labels
from ..forms import Entry, refused, typed
from ..language import _, language
from ..stale import MADE_FROM, made_from, stale
from .court import attempt, blueprint


@blueprint.get("/lots/<lot_id>/letters/<kind>")
@policy("letter.read")
def letter(lot_id: str, kind: str) -> Response:
    """A letter as PDF."""
    typed = request.args.get("recipient", "")
    return printed(
        lot_id,
        kind,
        int(typed) if typed.isdecimal() and len(typed) < 6 else None,
        request.args.get("auction"),
        request.args.get("decision"),
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
        for kind in ("closing_ruling", "assistance_notice", "handover_record")
    ]


def disposal_links(lot_id: str, gone: DisposalFacts) -> list[tuple[str, str]]:
    """The letters of a taking that is paid, and of the debtor's own sale."""
    kinds = {
        "taken": ("taking_ruling",),
        "ruled": ("taking_ruling", "taking_notice", "handover_record"),
        "sold": ("own_sale_notice", "handover_record"),
    }
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
    """Every letter with the wording in use, and what the court adds to its published texts."""
    found = house().read(wordings, me().court_code or "")
    rows = [{"kind": kind, "title": title_of(kind), "version": each.version} for kind, each in found.items()]
    own = house().read(court_words, me().court_code or "")
    texts = [{"kind": kind, "title": _text_title(kind), "version": _version(own, kind)} for kind in KINDS]
    return render_template("desk/letters.html", rows=rows, texts=texts)


def _text_title(kind: str) -> str:
    title = KINDS[kind]
    return title.en if language() == "en" else title.zh


def words_used(court_code: str) -> list[tuple[str, int]]:
    """The texts to which the court would add its notes, were a round announced now, with the version of each."""
    own = house().read(court_words, court_code)
    return [(_text_title(kind), words.version) for kind, words in own.items()]


def _version(own: Mapping[str, CourtWords], kind: str) -> int:
    return own[kind].version if kind in own else 0


@blueprint.get("/court-words/<kind>")
@policy("letter.word")
def court_text(kind: str) -> str:
    """What the court adds to a text, to be written."""
    return _words_page(kind, None)


def _words_entry(kind: str) -> Entry:
    tag = _tag(kind)
    words = house().read(court_words, me().court_code or "").get(kind)
    return Entry({"text": words.zh if words else "", "text_en": words.en if words else "", MADE_FROM: tag})


def _tag(kind: str) -> str:
    return house().read(kept, Part("words", me().court_code or "", kind)).tag


def _kept_as(kind: str, service: Any, *args: Any, **facts: Any) -> Any:
    """Keep words as the next version, unless somebody has since the form was made."""
    part = Part("words", me().court_code or "", kind)
    return house().perform(unless_changed, made_from(), part, service, me(), kind, *args, **facts)


def _words_page(kind: str, form: Entry | None, shown: Sequence[Text] = ()) -> str:
    if kind not in KINDS:
        raise DomainError("not_found")
    own = house().read(court_words, me().court_code or "")
    return render_template(
        "desk/court_words.html",
        kind=kind,
        title=_text_title(kind),
        version=_version(own, kind),
        form=form or _words_entry(kind),
        values=WORDS,
        shown=shown,
        keeping=house().read(rounds_of_other_words, me().court_code or "", kind, _version(own, kind)),
        hint=_(
            "空行分段，中文和英文的段落一一对应。填入名称写作 {{ 名称 }}，有此情形才出现的文字写作 "
            "{% if 名称 %} … {% endif %}。两种文字都清空并保存，即不再补充。"
        ),
    )


@blueprint.post("/court-words/<kind>")
@policy("letter.word")
def put_court_text(kind: str) -> Any:
    """Keep what the court adds as its next version, or show it with the values of a made-up sale."""
    text, text_en = (request.form.get(name, "").replace("\r\n", "\n") for name in ("text", "text_en"))
    if request.form.get("then") == "preview":
        try:
            return _words_page(kind, Entry(typed()), preview(text, text_en))
        except DomainError as error:
            return _words_page(kind, refused(error, ("text", "text_en"))), status_of(error.code)
    return attempt(
        lambda: _kept_as(kind, keep_court_words, text=text, text_en=text_en),
        lambda form: _words_page(kind, form),
        ("text", "text_en"),
        lambda _kept: url_for("desk.court_text", kind=kind),
        _("补充说明已保存为新版本，用于此后公告的拍卖，未公告方案已有的表决作废；已公告的仍用公告时的版本。"),
        lambda error: stale(error, _words_entry(kind), _text_title(kind), url_for("desk.court_text", kind=kind)),
    )


@blueprint.get("/letters/<kind>")
@policy("letter.word")
def wording(kind: str) -> str:
    """The wording of one letter, to be adapted."""
    return _page(kind, None)


def _wording(kind: str) -> Wording:
    found = house().read(wordings, me().court_code or "").get(kind)
    if found is None:
        raise DomainError("not_found")
    return found


def _wording_entry(kind: str) -> Entry:
    tag = _tag(kind)
    return Entry({"text": _wording(kind).text, MADE_FROM: tag})


def _page(kind: str, form: Entry | None) -> str:
    found = _wording(kind)
    return render_template(
        "desk/letter.html",
        kind=kind,
        title=title_of(kind),
        version=found.version,
        form=form or _wording_entry(kind),
        shipped=found.letter.text,
        values=VALUES,
        hint=_("空行分段。填入名称写作 {{ 名称 }}，有此情形才出现的文字写作 {% if 名称 %} … {% endif %}。"),
        may_word=may_word(me(), kind),
    )


@blueprint.post("/letters/<kind>")
@policy("letter.word")
def put_wording(kind: str) -> Any:
    """Keep the court's wording as its next version, or return to what is shipped."""
    text = None if "restore" in request.form else request.form.get("text", "").replace("\r\n", "\n")
    return attempt(
        lambda: _kept_as(kind, keep_wording, text),
        lambda form: _page(kind, form),
        ("text",),
        lambda _kept: url_for("desk.wording", kind=kind),
        _("文书文本已保存为新版本。"),
        lambda error: stale(error, _wording_entry(kind), title_of(kind), url_for("desk.wording", kind=kind)),
    )
