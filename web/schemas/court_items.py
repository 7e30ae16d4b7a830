"""An item a court adds to the catalogue."""

from typing import Any

from marshmallow import fields, post_load

from disclosure.rules.court_items import CourtItemFacts

from .base import Strict, StrictBoolean, text


class CourtItemIn(Strict):
    """What a court asks beyond the law; `in_use` false puts the item aside."""

    title = text(200)
    title_en = text(200)
    required = StrictBoolean(load_default=False)
    hint = text(1000)
    hint_en = text(1000)
    example = text(2000)
    in_use = StrictBoolean(load_default=True)

    @post_load
    def make(self, data: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
        """What the service takes."""
        in_use = data.pop("in_use")
        return {"facts": CourtItemFacts(**data), "in_use": in_use}


class CourtItemOut(Strict):
    """The item as kept."""

    asset_type = fields.String()
    code = fields.String()
    version = fields.Integer()
    in_use = fields.Boolean()
    item = fields.Dict()
