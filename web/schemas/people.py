"""Signing in, making an account, who I am."""

from marshmallow import fields, validate

from .base import Moment, Strict, choice, text, words


class Credentials(Strict):
    """Username, password, and where the account has a second factor one of a one-time code, what a key has signed, or a
    recovery code.
    """

    username = text(64)
    password = fields.String(required=True, validate=validate.Length(1, 256))
    otp = fields.String(validate=validate.Regexp(r"\d{6}\Z"))
    webauthn = fields.Dict(keys=fields.String())
    recovery_code = text(40, required=False)


class PasskeySignInIn(Strict):
    """Who wants to sign in with a security key."""

    username = text(64)
    password = fields.String(required=True, validate=validate.Length(1, 256))


class PasskeyOptionsOut(Strict):
    """What the browser is to ask a security key (WebAuthn): binary values are base64url."""

    challenge = fields.String()
    timeout = fields.Integer()
    rp = fields.Dict()
    rpId = fields.String()
    user = fields.Dict()
    pubKeyCredParams = fields.List(fields.Dict())
    excludeCredentials = fields.List(fields.Dict())
    allowCredentials = fields.List(fields.Dict())
    authenticatorSelection = fields.Dict()
    attestation = fields.String()
    userVerification = fields.String()


class PasskeyIn(Strict):
    """What a security key answered (`PublicKeyCredential`, binary values base64url), and how to name it."""

    name = words(60)
    credential = fields.Dict(keys=fields.String(), required=True)


class PasskeyNameIn(Strict):
    """Another name for a security key."""

    name = words(60)


class PasskeyOut(Strict):
    """A security key in force."""

    id = fields.String()
    name = fields.String()
    created_at = Moment()
    used_at = Moment(allow_none=True)


class FactorsOut(Strict):
    """The second factors in force, and how many recovery codes are left."""

    totp = fields.Boolean()
    webauthn = fields.List(fields.Nested(PasskeyOut))
    recovery_codes = fields.Integer()


class SessionOut(Strict):
    """A session: its token is shown this once."""

    token = fields.String()
    role = fields.String()
    expires_at = Moment()


class OwnSessionOut(Strict):
    """A live session of one's own. `address` and `browser` tell where it was opened; `current`: this very one."""

    id = fields.String()
    current = fields.Boolean()
    created_at = Moment()
    used_at = Moment(allow_none=True)
    expires_at = Moment()
    second_factor = fields.Boolean()
    address = fields.String()
    browser = fields.String()


class OwnSessionsOut(Strict):
    """One's live sessions, the latest first."""

    items = fields.List(fields.Nested(OwnSessionOut))


class PasswordIn(Strict):
    """The password in force and the one to take its place."""

    current = fields.String(required=True, validate=validate.Length(1, 256))
    password = fields.String(required=True, validate=validate.Length(8, 256, error="password_invalid"))


class BidderIn(Strict):
    """A person who asks for an account."""

    username = fields.String(
        required=True, validate=validate.Regexp(r"[A-Za-z0-9_.@-]{3,64}\Z", error="username_invalid")
    )
    password = fields.String(required=True, validate=validate.Length(8, 256, error="password_invalid"))
    name = words(100)
    id_type = choice("resident_id", "uscc", "passport")
    id_number = text(40)
    phone = fields.String(required=True, validate=validate.Regexp(r"[+0-9 ()-]{5,24}\Z", error="phone_invalid"))
    email = fields.Email(
        required=True,
        validate=validate.Length(max=254, error="email_invalid"),
        error_messages={"invalid": "email_invalid"},
    )
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


class OwnDataOut(Strict):
    """Everything held about an account and its person; rows by the names of their columns, sealed fields opened.

    `journal`: entries about him, private ones with the `salt` that opens their `commitment` in the public log at
    `index`: SHA-256(salt || canonical entry). `withheld`: what is held and not told, and why, on the page `/me/data`.
    """

    form = fields.String()
    made_at = Moment()
    account = fields.Dict(keys=fields.String())
    person = fields.Dict(keys=fields.String(), allow_none=True)
    sessions = fields.List(fields.Dict(keys=fields.String()))
    registrations = fields.List(fields.Dict(keys=fields.String()))
    acknowledgements = fields.List(fields.Dict(keys=fields.String()))
    payments = fields.List(fields.Dict(keys=fields.String()))
    bids = fields.List(fields.Dict(keys=fields.String()))
    signals = fields.List(fields.Dict(keys=fields.String()))
    messages = fields.List(fields.Dict(keys=fields.String()))
    lot_follows = fields.List(fields.Dict(keys=fields.String()))
    court_follows = fields.List(fields.Dict(keys=fields.String()))
    searches = fields.List(fields.Dict(keys=fields.String()))
    papers = fields.List(fields.Dict(keys=fields.String()))
    qualifications = fields.List(fields.Dict(keys=fields.String()))
    objections = fields.List(fields.Dict(keys=fields.String()))
    renege_objections = fields.List(fields.Dict(keys=fields.String()))
    interest_reviews = fields.List(fields.Dict(keys=fields.String()))
    questions = fields.List(fields.Dict(keys=fields.String()))
    viewings = fields.List(fields.Dict(keys=fields.String()))
    standing = fields.List(fields.Dict(keys=fields.String()))
    standing_objections = fields.List(fields.Dict(keys=fields.String()))
    corrections = fields.List(fields.Dict(keys=fields.String()))
    sanctions = fields.List(fields.Dict(keys=fields.String()))
    sanction_reviews = fields.List(fields.Dict(keys=fields.String()))
    journal = fields.List(fields.Dict(keys=fields.String()))
    look_ups = fields.List(fields.Dict(keys=fields.String()))
    withheld = fields.List(fields.String())


class FactorOut(Strict):
    """A second factor offered: the secret is shown this once."""

    id = fields.String()
    secret = fields.String()
    uri = fields.String()


class FactorShownIn(Strict):
    """A factor in force, as replacing the one-time codes takes: one of them, or what a security key has signed."""

    otp = fields.String(validate=validate.Regexp(r"\d{6}\Z"))
    webauthn = fields.Dict(keys=fields.String())


class ProofIn(FactorShownIn):
    """The password and a factor in force."""

    current = fields.String(required=True, validate=validate.Length(1, 256))


class RecoveryCodesOut(Strict):
    """Recovery codes, shown this once."""

    codes = fields.List(fields.String())


class FactorResetIn(Strict):
    """Why somebody's second factor is to be reset."""

    reason = words(500)


class FactorInForceOut(Strict):
    """A second factor in force."""

    id = fields.String()


class OtpIn(Strict):
    """A code of the offered factor."""

    otp = fields.String(required=True, validate=validate.Regexp(r"\d{6}\Z"))
