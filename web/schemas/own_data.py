"""Correcting one's own data, and deciding on a correction."""

from typing import get_args

from marshmallow import ValidationError, fields, validate, validates_schema

from bidding.rules.erasure import Why

from .base import Moment, PageOut, Strict, StrictBoolean, choice, text, words


class ContactIn(Strict):
    """How one is reached; what is not named stays, an address of null is taken away."""

    phone = fields.String(validate=validate.Regexp(r"[+0-9 ()-]{5,24}\Z", error="phone_invalid"))
    email = fields.Email(
        validate=validate.Length(max=254, error="email_invalid"), error_messages={"invalid": "email_invalid"}
    )
    address = words(200, required=False, allow_none=True)


class ContactOut(Strict):
    """Which fields have changed."""

    changed = fields.List(fields.String(metadata={"enum": ["phone", "email", "address"]}))


class ErasureIn(Strict):
    """The present password: what is erased does not come back."""

    password = fields.String(required=True, validate=validate.Length(1, 256))


class BarrierOut(Strict):
    """What stands against erasing, and until when, where a day can be named."""

    why = fields.String(metadata={"enum": list(get_args(Why))})
    until = Moment(allow_none=True)


class ErasureOut(Strict):
    """Whether one's data may be erased now, and what stands against it."""

    allowed = fields.Boolean()
    barriers = fields.List(fields.Nested(BarrierOut))


class ErasedOut(Strict):
    """That it was done."""

    erased = fields.Boolean()


class CorrectionIn(Strict):
    """What is wrong about who one is, why, and the ids of one's papers that prove it."""

    name = words(100, required=False)
    id_type = choice("resident_id", "uscc", "passport", required=False)
    id_number = text(40, required=False)
    reason = words(2000)
    attachments = fields.List(text(64), required=True, validate=validate.Length(1, 20))

    @validates_schema
    def _something(self, data: dict[str, object], **kwargs: object) -> None:
        if not {"name", "id_type", "id_number"} & data.keys():
            raise ValidationError("required", "name")


class CorrectionFiledOut(Strict):
    """A request as it was taken, or decided."""

    id = fields.String()
    status = fields.String(metadata={"enum": ["filed", "accepted", "rejected"]})


class CorrectionOut(CorrectionFiledOut):
    """A correction: values before and wanted, by field."""

    fields_ = fields.List(fields.String(), data_key="fields")
    before = fields.Dict(keys=fields.String(), allow_none=True)
    wanted = fields.Dict(keys=fields.String(), allow_none=True)
    reason = fields.String(allow_none=True)
    attachments = fields.List(fields.String())
    filed_at = Moment()
    decided_at = Moment(allow_none=True)
    decision_reason = fields.String(allow_none=True)


class CorrectionListOut(PageOut):
    """A page of corrections."""

    items = fields.List(fields.Nested(CorrectionOut))


class CorrectionDecisionIn(Strict):
    """Whether the correction is made, with the reason, which is told to the person."""

    approve = StrictBoolean(required=True)
    reason = words(2000)
