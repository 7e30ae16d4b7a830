"""Signing in, making an account, who I am."""

from marshmallow import fields, validate

from .base import Moment, Strict, choice, text, words


class Credentials(Strict):
    """Username, password, and a one-time code where the account has a second factor."""

    username = text(64)
    password = fields.String(required=True, validate=validate.Length(1, 256))
    otp = fields.String(validate=validate.Regexp(r"\d{6}\Z"))


class SessionOut(Strict):
    """A session: its token is shown this once."""

    token = fields.String()
    role = fields.String()
    expires_at = Moment()


class BidderIn(Strict):
    """A person who asks for an account."""

    username = fields.String(required=True, validate=validate.Regexp(r"[A-Za-z0-9_.@-]{3,64}\Z"))
    password = fields.String(required=True, validate=validate.Length(8, 256))
    name = words(100)
    id_type = choice("resident_id", "uscc", "passport")
    id_number = text(40)
    phone = fields.String(required=True, validate=validate.Regexp(r"[+0-9 ()-]{5,24}\Z"))
    email = fields.Email(required=True, validate=validate.Length(max=254))
    address = words(200, required=False)


class BidderOut(Strict):
    """The account made; nothing that was typed comes back."""

    id = fields.String()
    username = fields.String()
    role = fields.String()


class MeOut(Strict):
    """Who I am."""

    id = fields.String()
    username = fields.String()
    role = fields.String()
    name = fields.String()
    court = fields.String(allow_none=True)
    agency = fields.String(allow_none=True)


class FactorOut(Strict):
    """A second factor offered: the secret is shown this once."""

    id = fields.String()
    secret = fields.String()
    uri = fields.String()


class FactorInForceOut(Strict):
    """A second factor in force."""

    id = fields.String()


class OtpIn(Strict):
    """A code of the offered factor."""

    otp = fields.String(required=True, validate=validate.Regexp(r"\d{6}\Z"))
