"""Videos of a lot: an MP4 with nothing in it but picture and sound (ISO/IEC 14496-12).

Where it was taken and with what stands in boxes of its own, which are overwritten where they lie: no offset moves, so
that nothing is encoded anew. A file with a track that is neither picture nor sound is not taken: place and movement
are also told so, between the frames.
"""

from collections.abc import Iterator
from typing import NamedTuple

MP4 = "video/mp4"
_BRANDS = frozenset((b"isom", b"iso2", b"iso3", b"iso4", b"iso5", b"iso6", b"mp41", b"mp42", b"avc1", b"M4V ", b"dash"))
#: Boxes that hold other boxes, as far as has to be looked.
_WITHIN = frozenset((b"moov", b"trak", b"mdia"))
#: What tells of place, device and whoever held it.
_TOLD = frozenset((b"udta", b"meta", b"uuid"))
_SHOWN = frozenset((b"vide", b"soun"))
_MOST_BOXES = 10_000


class Box(NamedTuple):
    """A box: its kind, where it begins, where its content does, where it ends."""

    kind: bytes
    start: int
    content: int
    end: int


def is_mp4(data: bytes) -> bool:
    """Whether a file calls itself an MP4."""
    return data[4:8] == b"ftyp" and data[8:12] in _BRANDS


def without_traces(data: bytes) -> bytes:
    """The same film without what tells of place and device. ValueError for what cannot be read or has other tracks."""
    clean = bytearray(data)
    boxes = list(_boxes(data, 0, len(data)))
    tracks = [data[box.content + 8 : box.content + 12] for box in boxes if box.kind == b"hdlr"]
    if not any(box.kind == b"moov" for box in boxes) or b"vide" not in tracks:
        raise ValueError("no film")
    if not set(tracks) <= _SHOWN:
        raise ValueError("a track that is neither picture nor sound")
    for box in boxes:
        if box.kind in _TOLD:
            clean[box.start + 4 : box.start + 8] = b"free"
            clean[box.content : box.end] = bytes(box.end - box.content)
    return bytes(clean)


def _boxes(data: bytes, start: int, end: int, depth: int = 0) -> Iterator[Box]:
    """The boxes between two places and those within them, in order."""
    count = 0
    while start < end:
        count += 1
        size, kind, content = int.from_bytes(data[start : start + 4]), data[start + 4 : start + 8], start + 8
        if size == 1:
            size, content = int.from_bytes(data[start + 8 : start + 16]), start + 16
        elif size == 0 and depth == 0:
            size = end - start
        if size < content - start or start + size > end or count > _MOST_BOXES:
            raise ValueError("boxes do not fit into each other")
        yield Box(kind, start, content, start + size)
        if kind in _WITHIN:
            yield from _boxes(data, content, start + size, depth + 1)
        start += size
