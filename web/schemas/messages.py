"""Messages to whoever is signed in."""

from marshmallow import fields, validate

from .base import Moment, PageOut, PageQuery, Strict, text


class MessagesQuery(PageQuery):
    """A page of messages; `unread`: only those not read."""

    unread = fields.Boolean(load_default=False)


class MessageOut(Strict):
    """A message in the reader's language. `subject`: the facts it tells; `address`: the path of the page about it."""

    id = fields.String()
    kind = fields.String()
    at = Moment()
    read = fields.Boolean()
    read_at = Moment(allow_none=True)
    title = fields.String()
    text = fields.String()
    subject = fields.Dict()
    address = fields.String(allow_none=True)


class MessagesOut(PageOut):
    """Messages, the latest first. `unread`: how many are not read in all; `mailed`: whether they are also mailed."""

    items = fields.List(fields.Nested(MessageOut))
    unread = fields.Integer()
    mailed = fields.Boolean()


class ReadingIn(Strict):
    """Which messages were read; all of them where none are named."""

    messages = fields.List(text(40), validate=validate.Length(1, 200))


class ReadOut(Strict):
    """How many messages are read by it."""

    read = fields.Integer()
