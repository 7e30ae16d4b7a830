"""Statistics of closed sales, for everybody: a page and the same as CSV."""

from typing import Any

from flask import Blueprint, Response, render_template, request
from flask.typing import ResponseReturnValue

from auction.kernel.errors import DomainError
from bidding.queries.market import courts
from bidding.queries.statistics import Period, Reading, read_statistics
from bidding.rules.statistics import OUTCOMES

from .. import errors, statistics
from ..auth import house, policy
from ..schemas.statistics import StatisticsQuery
from . import forms, labels
from .language import _

blueprint = Blueprint("figures", __name__)
_FIELDS = ("court", "from", "to")


@blueprint.get("/statistics")
@policy("public.read")
def show() -> ResponseReturnValue:
    """The figures of a period; a period that is none is said beside its field, and the whole time shown."""
    asked = {name: request.args.get(name, "").strip() for name in _FIELDS}
    form, status = forms.Entry(asked), 200
    try:
        read = _read(asked)
    except DomainError as error:
        form, status = forms.refused(error, _FIELDS, asked), errors.status_of(error.code)
        read = house().read(read_statistics, Period(), house().now())
    return _page(form, read, asked), status


def _read(asked: dict[str, str]) -> Reading:
    given = {name: value for name, value in asked.items() if value}
    return house().read(read_statistics, forms.load(StatisticsQuery(), given), house().now())


def _page(form: forms.Entry, read: Reading, asked: dict[str, str]) -> str:
    told = statistics.data(read)
    groups = [
        (_("按轮次"), [(labels.ROUND[name], each) for name, each in told["by_round"].items()]),
        (_("按标的类型"), [(labels.ASSET_TYPE[name], each) for name, each in told["by_asset_type"].items()]),
        (_("按月"), list(told["by_month"].items())),
        (_("按法院"), [(each["name"], each) for each in told["by_court"]]),
    ]
    return render_template(
        "figures.html",
        form=form,
        courts=[(court.code, court.name) for court in house().read(courts)],
        total=told["total"],
        clearance=told["clearance"],
        refunds=told["refunds"],
        groups=groups,
        outcomes=[(each, labels.OUTCOME[each]) for each in OUTCOMES],
        asked={name: value for name, value in asked.items() if value} if not form.problem else {},
    )


@blueprint.get("/statistics.csv")
@policy("public.read")
def export() -> Any:
    """The figures as CSV, for spreadsheets. DomainError invalid for a period that is none."""
    read = _read({name: request.args.get(name, "").strip() for name in _FIELDS})
    answer = Response(statistics.table(read), mimetype="text/csv")
    answer.headers["Content-Disposition"] = 'attachment; filename="statistics.csv"'
    return answer
