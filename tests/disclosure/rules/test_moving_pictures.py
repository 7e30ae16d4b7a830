"""A film keeps picture and sound alone: what tells of place and device is overwritten where it lies."""

import pytest

from disclosure.rules.moving_pictures import is_mp4, without_traces

PLACE = "+30.5800+114.2900/示例手机".encode()


def box(kind: bytes, *content: bytes) -> bytes:
    within = b"".join(content)
    return (8 + len(within)).to_bytes(4) + kind + within


def track(handler: bytes = b"vide", *more: bytes) -> bytes:
    return box(b"trak", box(b"mdia", box(b"hdlr", bytes(8), handler, bytes(12))), *more)


def film(*within_movie: bytes, tail: bytes = b"") -> bytes:
    movie = box(b"moov", box(b"mvhd", bytes(100)), *(within_movie or (track(), track(b"soun"))))
    return box(b"ftyp", b"isom", bytes(4), b"isomiso2") + movie + box(b"mdat", b"frames") + tail


@pytest.mark.parametrize("kind", [b"udta", b"meta", b"uuid"])
def test_what_tells_of_place_is_gone_and_nothing_has_moved(kind: bytes) -> None:
    told = box(kind, PLACE)
    for whole in (film(track(), told), film(track(b"vide", told)), film(tail=told)):
        clean = without_traces(whole)
        assert is_mp4(clean) and len(clean) == len(whole) and clean.index(b"frames") == whole.index(b"frames")
        assert PLACE not in clean and kind not in clean
        assert without_traces(clean) == clean


def test_a_plain_film_stays_as_it_is() -> None:
    assert without_traces(film()) == film()
    large = box(b"ftyp", b"mp42", bytes(4)) + film()[24:]
    wide = (1).to_bytes(4) + b"uuid" + (16 + len(PLACE)).to_bytes(8) + PLACE
    assert PLACE not in without_traces(large + wide)


@pytest.mark.parametrize(
    "data",
    [
        box(b"ftyp", b"isom", bytes(4)),
        film(track(b"soun")),
        film(track(), track(b"meta")),
        film()[:-3],
        film() + b"\0\0\0\3",
        film() + (2**31).to_bytes(4) + b"free",
        film() + b"junk",
        film(box(b"trak", box(b"mdia", (4).to_bytes(4) + b"hdlr"))),
    ],
)
def test_what_cannot_be_read_or_has_more_to_tell_is_not_taken(data: bytes) -> None:
    with pytest.raises(ValueError):
        without_traces(data)


@pytest.mark.parametrize("data", [b"", b"hello", film()[:9], box(b"ftyp", b"heic", bytes(4)), b"RIFF" + bytes(20)])
def test_other_files_are_no_films(data: bytes) -> None:
    assert not is_mp4(data)
