"""Files of a lot: what is accepted, what is taken out of it, and keeping it.

A file is told by its bytes, not by its name. Pictures are made anew from their pixels, so that nothing travels with
them (place, device, thumbnails, comments); a film keeps its pictures and sound alone; a PDF is kept byte for byte.
"""

import io
import unicodedata
from dataclasses import dataclass

import puremagic
from PIL import Image, ImageOps
from sqlalchemy import func, select

from auction.kernel.crypto import sha256_hex
from auction.kernel.errors import DomainError, invalid
from auction.kernel.unit import Unit
from auction.rules.access import Actor
from auction.services.auctions import void_votes
from auction.services.lots import lock_lot

from ..models import Attachment
from ..queries.sheets import works_on
from ..rules.moving_pictures import MP4, is_mp4, without_traces

#: Technical limits: bytes of a file and of a film, pixels of a picture, files of a lot, characters of a name.
LARGEST = 10 * 2**20
LARGEST_FILM = 15 * 2**20
MOST_PIXELS = 50_000_000
MOST_FILES = 300
LONGEST_NAME = 120
#: Points across and down of a picture on a list.
THUMBNAIL = (480, 300)

_PICTURES = {"image/jpeg": "JPEG", "image/png": "PNG", "image/webp": "WEBP"}
_ENDINGS = {"application/pdf": ".pdf", "image/jpeg": ".jpg", "image/png": ".png", "image/webp": ".webp", MP4: ".mp4"}
#: What a client says that does not know what it sends.
_UNDECLARED = frozenset({"", "application/octet-stream", "binary/octet-stream"})
_BROKEN = (
    OSError,
    SyntaxError,
    ValueError,
    EOFError,
    OverflowError,
    MemoryError,
    Image.DecompressionBombError,
    Image.DecompressionBombWarning,
)


@dataclass(frozen=True, slots=True)
class CleanFile:
    """A file as it will be kept: nothing in it but what is meant to be seen."""

    filename: str
    media_type: str
    content: bytes
    sha256: str


def clean_file(data: bytes, filename: str, declared: str = "", *, films: bool = False) -> CleanFile:
    """The file to keep of an uploaded one; needs no database and takes time: call it before the transaction.

    `films`: an MP4 is taken too. DomainError `too_large` (fact `most`, bytes), or `invalid` with `attachment_rejected`
    (reason `film` where one is not taken) for field `file`: not a PDF, JPEG, PNG or WebP, broken, or not what
    `declared` says.
    """
    film = films and is_mp4(data)
    most = LARGEST_FILM if film else LARGEST
    if len(data) > most:
        raise DomainError("too_large", most=most)
    media_type = MP4 if film else _media_type(data)
    if (
        (media_type == MP4 and not film)
        or media_type not in _ENDINGS
        or (declared not in _UNDECLARED and declared != media_type)
    ):
        raise invalid("file", "attachment_rejected", found=media_type)
    if media_type == "application/pdf":
        if b"%%EOF" not in data[-2048:]:
            raise invalid("file", "attachment_rejected", found=media_type)
        content = data
    elif film:
        try:
            content = without_traces(data)
        except ValueError as error:
            raise invalid("file", "attachment_rejected", reason="film") from error
    else:
        content = _repainted(data, _PICTURES[media_type])
    if len(content) > most:
        raise DomainError("too_large", most=most)
    return CleanFile(_plain_name(filename, _ENDINGS[media_type]), media_type, content, sha256_hex(content))


def clean_lot_file(data: bytes, filename: str, declared: str = "") -> CleanFile:
    """As `clean_file`, for a lot, of which there may be films: every door to a lot's files takes the same."""
    return clean_file(data, filename, declared, films=True)


def thumbnail(content: bytes) -> bytes:
    """A kept picture for lists: its middle, `THUMBNAIL` wide and high, as WebP. Takes time."""
    with Image.open(io.BytesIO(content)) as picture:
        small = ImageOps.fit(picture.convert("RGB"), THUMBNAIL)
    out = io.BytesIO()
    small.save(out, "WEBP", quality=78, method=4)
    return out.getvalue()


def put_file(unit: Unit, actor: Actor, lot_id: str, file: CleanFile) -> Attachment:
    """Keep a cleaned file of a lot, for its court or an agency at work on it.

    It is published with the first sheet that is sealed with it, so that votes given before it fall; an agency's not
    before the court has taken it over.
    DomainError `not_found`, `invalid` with `too_many` when the lot has as many files as it may.
    """
    lot = lock_lot(unit, actor, lot_id, "lot.attach")
    if actor.role == "agency" and not works_on(unit.session, actor.agency_uscc, lot.id, open_only=True):
        raise DomainError("not_found")
    kept = unit.session.scalar(select(func.count()).where(Attachment.lot_id == lot.id)) or 0
    if kept >= MOST_FILES:
        raise invalid("file", "too_many", limit=MOST_FILES)
    row = Attachment(
        id=unit.new_id(),
        lot_id=lot.id,
        filename=file.filename,
        media_type=file.media_type,
        size=len(file.content),
        sha256=file.sha256,
        content=file.content,
        uploaded_at=unit.now,
        uploaded_by=actor.id,
    )
    unit.session.add(row)
    if actor.role != "agency":
        void_votes(unit, lot.id)
    unit.record(
        "FileKept",
        stream=f"lot:{lot.id}",
        private=True,
        body={"attachment_id": row.id, "sha256": file.sha256, "media_type": file.media_type, "by": actor.id},
    )
    return row


def _media_type(data: bytes) -> str:
    try:
        return puremagic.from_string(data, mime=True)
    except (puremagic.PureError, ValueError):
        return ""


def _repainted(data: bytes, kind: str) -> bytes:
    """The same picture, upright, made of its pixels alone."""
    try:
        with Image.open(io.BytesIO(data), formats=[kind]) as picture:
            if picture.width * picture.height > MOST_PIXELS:
                raise invalid("file", "attachment_rejected", found=f"{picture.width}x{picture.height}")
            upright = ImageOps.exif_transpose(picture)
            plain = upright.convert("RGB" if kind == "JPEG" else _mode(upright))
            bare = Image.frombytes(plain.mode, plain.size, plain.tobytes())
        out = io.BytesIO()
        bare.save(out, kind, **({} if kind == "PNG" else {"quality": 90}))
    except _BROKEN as error:
        raise invalid("file", "attachment_rejected", found=kind) from error
    return out.getvalue()


def _mode(picture: Image.Image) -> str:
    return "RGBA" if picture.has_transparency_data else "RGB"


def _plain_name(filename: str, ending: str) -> str:
    """A name without folders, control characters or a misleading ending."""
    last = filename.replace("\\", "/").rpartition("/")[2]
    kept = "".join(letter for letter in last if unicodedata.category(letter)[0] != "C").strip(" .")
    stem = kept.rpartition(".")[0] or kept or "file"
    return stem[: LONGEST_NAME - len(ending)] + ending
