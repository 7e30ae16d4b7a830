"""What a schema refuses is told field by field, with what would be right."""

from typing import Any

import pytest
from marshmallow import ValidationError, fields, validate

from auction.kernel.money import MOST_FEN
from web import errors
from web.schemas.base import Moment, Strict, breaches_of, fen


class Every(Strict):
    """A field of each kind."""

    days = fields.Integer(validate=validate.Range(1, 90))
    least = fields.Integer(validate=validate.Range(min=3))
    most = fields.Integer(validate=validate.Range(max=7))
    north = fields.Float(validate=validate.Range(-90.5, 90))
    price_fen = fen(required=False)
    name = fields.String(validate=validate.Length(2, 5))
    note = fields.String(validate=validate.Length(max=9))
    kind = fields.String(validate=validate.OneOf(["car", "ship"]))
    kinds = fields.List(fields.String(), validate=validate.ContainsOnly(["car", "ship"]))
    on = fields.Date()
    yes = fields.Boolean()
    at = Moment()


@pytest.mark.parametrize(
    ("payload", "told", "said"),
    [
        ({"days": 91}, "days", "1 至 90"),
        ({"days": "x"}, "days", "整数"),
        ({"least": 1}, "least", "不小于 3"),
        ({"most": 8}, "most", "不大于 7"),
        ({"north": 91}, "north", "-90.5 至 90"),
        ({"north": "x"}, "north", "应为数"),
        ({"price_fen": MOST_FEN + 1}, "price_fen", "¥0.01 至 ¥"),
        ({"name": "x"}, "name", "2 至 5"),
        ({"name": 3}, "name", "文字"),
        ({"note": "x" * 10}, "note", "最多 9"),
        ({"kind": "house"}, "kind", "car, ship"),
        ({"kinds": ["house"]}, "kinds", "car, ship"),
        ({"on": "2026-13-01"}, "on", "日期"),
        ({"yes": "perhaps"}, "yes", "是或否"),
        ({"at": "soon"}, "at", "不是这里"),
    ],
)
def test_a_field_is_told_what_would_be_right(payload: dict[str, Any], told: str, said: str) -> None:
    with pytest.raises(ValidationError) as refused:
        Every().load(payload)
    (breach,) = breaches_of(refused.value.messages)
    assert (breach.code, breach.field) == ("invalid", told)
    assert said in errors.sentence(breach.code, breach.facts, "zh")
    assert "each field" not in errors.sentence(breach.code, breach.facts, "en")
