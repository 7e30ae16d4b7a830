"""Letters as a court words them: plain text in which named values are filled in, and nothing else can happen.

A wording may hold `{{ name }}` and `{% if name %} … {% else %} … {% endif %}` (with `not`, `and`, `or`) over the values
listed here. Everything else of the template language is refused when it is kept, and the sandbox stands behind that:
values are plain texts, so that there is nothing to reach through them.
"""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from types import MappingProxyType

from jinja2 import StrictUndefined, TemplateSyntaxError, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

from auction.kernel.errors import DomainError, invalid
from auction.rules.findings import errors
from auction.rules.letters import TURNING

from .linter import lint_text

#: What a wording may name, as a court reads it.
VALUES: Mapping[str, str] = MappingProxyType(
    {
        "court": "法院名称",
        "case_number": "案号",
        "lot_title": "标的名称",
        "address": "标的所在地",
        "asset_type": "标的类型",
        "recipient": "受通知人",
        "recipient_role": "受通知人身份",
        "is_secured_creditor": "受通知人是担保物权人",
        "is_lessee": "受通知人是承租人",
        "is_shareholder": "受通知人是有限责任公司股东（股权标的的优先购买权人）",
        "answer_until": "优先购买期届满日",
        "round": "拍卖轮次",
        "reference_price": "处置参考价",
        "reserve_price": "起拍价",
        "deposit": "保证金",
        "increment": "增价幅度",
        "opens_at": "竞价开始时间",
        "closes_at": "竞价结束时间",
        "balance_days": "尾款交付天数",
        "platform": "网络拍卖平台",
        "buyer": "买受人",
        "price": "成交价",
        "ruled_on": "成交裁定作出日期",
        "handover_steps": "交付步骤",
        "taker": "承受人",
        "claim": "以标的抵偿的债权额",
        "difference": "承受人补交的差价",
        "taking_ruled_on": "抵债裁定作出日期",
        "debtor": "被执行人",
        "sold_on": "自行变卖价款到账日期",
        "panel": "合议庭成员",
        "matter": "评议事项",
        "proposed": "提请合议庭的做法",
        "votes": "各成员的意见、理由和时间",
        "outcome": "评议结果",
        "decided_on": "评议日期",
        "today": "今天的日期",
    }
)
LONGEST = 8000
#: Nodes within each other; a condition within a condition takes two or three.
_DEEPEST = 24
_ALLOWED = (nodes.Template, nodes.Output, nodes.TemplateData, nodes.Name, nodes.If, nodes.Not, nodes.And, nodes.Or)
_SANDBOX = ImmutableSandboxedEnvironment(
    undefined=StrictUndefined, autoescape=False, trim_blocks=True, keep_trailing_newline=False
)
_SANDBOX.globals.clear()
_SANDBOX.filters.clear()
_SANDBOX.tests.clear()


@dataclass(frozen=True, slots=True)
class Letter:
    """A kind of letter as shipped. `asks`: what it is about: `recipient`, `round`, `sale`, `taking`, `own_sale`,
    `handover`, of whichever of the last three it was, or `decision`, of the panel."""

    kind: str
    title: str
    title_en: str
    asks: frozenset[str]
    text: str


@lru_cache(maxsize=1)
def letters() -> Mapping[str, Letter]:
    """The shipped letters by kind."""
    source = files("disclosure").joinpath("texts", "letters.toml").read_text(encoding="utf-8")
    return MappingProxyType(
        {
            kind: Letter(kind, row["title"], row["title_en"], frozenset(row["asks"]), row["text"].strip())
            for kind, row in tomllib.loads(source).items()
        }
    )


def check_wording(text: str, field: str = "text", names: Mapping[str, str] = VALUES) -> None:
    """Refuse a wording that could do anything but fill in values of these names, or says what may not be said.

    DomainError invalid on the `field`: `required`, `too_long`, `control_characters`, `wording_unreadable` (with the
    line), `wording_forbidden` (with the line and what stands there), `wording_unknown_value` (with its name),
    `phrase_forbidden` as in a sheet (OJA 30, SALE 27).
    """
    _check_form(text, field, names)
    said = [finding.breach() for finding in errors(lint_text(text, field))]
    if said:
        raise DomainError("invalid", said)


def _check_form(text: str, field: str, names: Mapping[str, str]) -> None:
    """Refuse what could do anything but fill values in."""
    if not text.strip():
        raise invalid(field, "required")
    if len(text) > LONGEST:
        raise invalid(field, "too_long", limit=LONGEST)
    if not TURNING.isdisjoint(text) or any(ord(mark) < 32 and mark not in "\n\r\t" for mark in text):
        raise invalid(field, "control_characters")
    try:
        tree = _SANDBOX.parse(text)
    except (TemplateSyntaxError, RecursionError) as error:
        raise invalid(field, "wording_unreadable", line=getattr(error, "lineno", 1)) from error
    for node, depth in _all(tree):
        if not isinstance(node, _ALLOWED) or depth > _DEEPEST:
            raise invalid(field, "wording_forbidden", line=node.lineno, found=type(node).__name__)
        if isinstance(node, nodes.Name) and node.name not in names:
            raise invalid(field, "wording_unknown_value", line=node.lineno, value=node.name[:60])


def _all(tree: nodes.Node) -> Iterator[tuple[nodes.Node, int]]:
    """Every node with how deep it lies, without recursion: a wording may be nested for the sake of it."""
    waiting = [(tree, 0)]
    while waiting:
        node, depth = waiting.pop()
        yield node, depth
        if depth <= _DEEPEST:
            waiting += [(child, depth + 1) for child in node.iter_child_nodes()]


def filled(text: str, values: Mapping[str, str]) -> tuple[str, ...]:
    """The paragraphs of a letter: values that are not given are left as a line to write on, or count as not there.

    DomainError as `check_wording`; the wording is checked whoever kept it.
    """
    check_wording(text)
    return set_in(text, values, VALUES)


def set_in(text: str, values: Mapping[str, str], names: Mapping[str, str]) -> tuple[str, ...]:
    """As `filled`, for a wording over these names that was kept; what may not be said is not asked again."""
    _check_form(text, "text", names)
    known = {name: _Value(values.get(name, "")) for name in names}
    written = _SANDBOX.from_string(text).render(known)
    parts = (part.strip() for part in written.replace("\r\n", "\n").split("\n\n"))
    return tuple(part for part in parts if part)


class _Value(str):
    """A text; where it is empty it is a blank to fill in by hand, and not true."""

    __slots__ = ()

    def __str__(self) -> str:
        return super().__str__() or "＿＿＿＿＿＿"
