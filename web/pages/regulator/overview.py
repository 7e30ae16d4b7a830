"""What a regulator compares at a glance: courts, months and agencies in a period; the same as CSV and XLSX."""

from collections.abc import Callable, Iterable
from typing import Any

from flask import Response, render_template, request
from flask.typing import ResponseReturnValue

from auction.kernel.errors import DomainError
from bidding.queries.market import courts
from bidding.queries.overview import Overview, overview
from bidding.queries.statistics import Period, Refunds
from bidding.rules.statistics import summary

from ... import errors
from ...auth import house, me, policy
from ...schemas.statistics import StatisticsQuery
from ...statistics import XLSX, Column, Table, as_csv, as_xlsx
from .. import forms
from ..language import _
from .frame import blueprint

_FIELDS = ("court", "from", "to")
_NOTHING = summary([])
#: A column, and how its cell is read from what a row tells of.
Read = tuple[Column, Callable[..., Any]]


@blueprint.get("/overview")
@policy("alert.read")
def compare() -> ResponseReturnValue:
    """The tables of a period; a period that is none is said beside its field, and the whole time shown."""
    asked = {name: request.args.get(name, "").strip() for name in _FIELDS}
    form, status = forms.Entry(asked), 200
    try:
        found = _read(asked)
    except DomainError as error:
        form, status = forms.refused(error, _FIELDS, asked), errors.status_of(error.code)
        found = house().read(overview, me(), Period(), house().now())
    page = render_template(
        "regulator/overview.html",
        form=form,
        courts=[(court.code, court.name) for court in house().read(courts)],
        tables=_tables(found),
        asked={name: value for name, value in asked.items() if value} if not form.problem else {},
    )
    return page, status


@blueprint.get("/overview.csv")
@policy("alert.read")
def overview_csv() -> Response:
    """The tables one below the other. DomainError invalid for a period that is none."""
    return _file(as_csv(_tables(_asked())), "text/csv", "overview.csv")


@blueprint.get("/overview.xlsx")
@policy("alert.read")
def overview_xlsx() -> Response:
    """Each table as a sheet. DomainError invalid for a period that is none."""
    return _file(as_xlsx(_tables(_asked())), XLSX, "overview.xlsx")


def _file(content: str | bytes, mimetype: str, name: str) -> Response:
    answer = Response(content, mimetype=mimetype)
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


def _asked() -> Overview:
    return _read({name: request.args.get(name, "").strip() for name in _FIELDS})


def _read(asked: dict[str, str]) -> Overview:
    given = {name: value for name, value in asked.items() if value}
    return house().read(overview, me(), forms.load(StatisticsQuery(), given), house().now())


def _tables(found: Overview) -> list[Table]:
    figures = found.reading.figures
    by_court = [(name, figures.by_court.get(code, _NOTHING)) for code, name in found.names.items()]
    duties = [
        (name, found.duties[code], found.reading.refunds.get(code, Refunds(0, 0))) for code, name in found.names.items()
    ]
    return [
        _table(_("各法院的拍卖"), _("法院"), _sales(), by_court),
        _table(_("各月的拍卖"), _("月份"), _sales(), figures.by_month.items()),
        _table(_("各法院履职情况"), _("法院"), _duties(), duties),
        _table(
            _("拍辅机构（全部时间）"), _("机构"), _records(), [(each.name, record) for each, record in found.agencies]
        ),
    ]


def _table(title: str, of: str, columns: list[Read], rows: Iterable[tuple[Any, ...]]) -> Table:
    told = [(name, *(read(*read_from) for _column, read in columns)) for name, *read_from in rows]
    return Table(title, of, [column for column, _read in columns], told)


def _sales() -> list[Read]:
    return [
        (Column(_("结束的拍卖")), lambda each: each.rounds),
        (Column(_("成交")), lambda each: each.outcomes["sold"]),
        (Column(_("流拍率"), "rate"), lambda each: None if each.sale_rate is None else 1 - each.sale_rate),
        (Column(_("成交额（元）"), "fen"), lambda each: each.turnover_fen),
        (Column(_("溢价率（比起拍价）"), "rate"), lambda each: each.premium),
        (Column(_("悔拍率"), "rate"), lambda each: each.renege_rate),
        (Column(_("查封到成交（天，中位数）")), lambda each: each.days_from_seizure),
        (Column(_("录入到成交（天，中位数）")), lambda each: each.days_to_sale),
    ]


def _duties() -> list[Read]:
    return [
        (Column(_("公告后改动情况表")), lambda each, _refunds: each.changes),
        (Column(_("其中重大")), lambda each, _refunds: each.material),
        (Column(_("异议")), lambda each, _refunds: each.objections),
        (Column(_("其中成立")), lambda each, _refunds: each.accepted),
        (Column(_("提问")), lambda each, _refunds: each.questions),
        (Column(_("逾期未答")), lambda each, _refunds: each.unanswered),
        (Column(_("腾空")), lambda each, _refunds: each.cleared),
        (Column(_("按承诺腾空")), lambda each, _refunds: each.in_time),
        (Column(_("应退（笔）")), lambda _each, refunds: refunds.due),
        (Column(_("按时退还（笔）")), lambda _each, refunds: refunds.in_time),
        (Column(_("警示")), lambda each, _refunds: each.alerts),
        (Column(_("未处理")), lambda each, _refunds: each.open),
    ]


def _records() -> list[Read]:
    return [
        (Column(_("受托任务")), lambda record: record.given),
        (Column(_("按期完成")), lambda record: record.done_in_time),
        (Column(_("逾期完成")), lambda record: record.done_late),
        (Column(_("逾期未完成")), lambda record: record.open_late),
        (Column(_("法院评价")), lambda record: record.rating),
    ]
