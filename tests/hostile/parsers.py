"""Everything that reads a file somebody sends us, with valid examples, and all that it may raise."""

import io
import struct
import tempfile
import tomllib
import zlib
from collections.abc import Callable, Iterator
from contextlib import redirect_stdout
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from importlib.resources import files
from pathlib import Path
from typing import Any

from auction.imports.tables import read_table
from auction.kernel.errors import DomainError
from auction.rules.ruleset import from_data
from disclosure.services.attachments import clean_file
from risk.imports.bids import read_bids
from risk.imports.reading import read_control, read_relatives, read_staff
from tests.auction.imports.test_tables import workbook
from tests.tools.test_fapai_verify import BASE64, verify
from web.reading import read_json

TODAY = date(2026, 3, 2)


@dataclass(frozen=True)
class Parser:
    """How bytes are read, valid ones, and the errors that say that they are none."""

    read: Callable[[bytes], Any]
    examples: tuple[bytes, ...]
    raises: tuple[type[Exception], ...] = ()


def _rows(read: Callable[..., Iterator[Any]], *more: Any) -> Callable[[bytes], Any]:
    return lambda data: list(read(io.BytesIO(data), *more))


def _verify(data: bytes) -> None:
    """A receipt or result handed to the outsider's verifier, which says yes or no."""
    with tempfile.NamedTemporaryFile(suffix=".json") as file, redirect_stdout(io.StringIO()):
        file.write(data)
        file.flush()
        assert verify.main([file.name, "--key", BASE64]) in (0, 1)


def _png() -> bytes:
    def part(kind: bytes, data: bytes) -> bytes:
        return struct.pack("!I", len(data)) + kind + data + struct.pack("!I", zlib.crc32(kind + data))

    pixels = zlib.compress(b"\0\xff\0\0" * 2)
    head = struct.pack("!IIBBBBB", 1, 2, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + part(b"IHDR", head) + part(b"IDAT", pixels) + part(b"IEND", b"")


RULES = files("auction").joinpath("rulesets", "spc-2016.toml").read_bytes()
RECEIPT = (
    b'{"entry":{"type":"BidAccepted","index":3},"signature":"' + b"A" * 86 + b'==","key_id":"0011223344556677",'
    b'"inclusion":{"index":3,"size":9,"hashes":["00"],"root":"00"},"checkpoint":"a\\n9\\nAA==\\n"}'
)
PARSERS = {
    "table": Parser(
        read_table,
        (workbook(["（2026）示0101执1号", "示例房屋"]), "案号,标的名称\n（2026）示0101执1号,示例\n".encode("gb18030")),
        (DomainError,),
    ),
    "bids": Parser(
        _rows(read_bids), (b"auction_id,bidder,amount_fen,received_at\na,b,100,2026-03-02T10:00:00+08:00\n",)
    ),
    "staff": Parser(
        _rows(read_staff, TODAY),
        (
            "body_type,body_code,name,id_number,position,from,to\ncourt,0101,示例,11010519491231002X,法官,2020-01-01,\n".encode(),
        ),
    ),
    "relatives": Parser(
        _rows(read_relatives, TODAY),
        (
            "id_number,relative_name,relative_id_number,relation\n"
            "11010519491231002X,示例,110105194912310038,spouse\n".encode(),
        ),
    ),
    "control": Parser(
        _rows(read_control, TODAY, Fraction(1, 10)),
        (
            "company_uscc,company_name,holder_id,role,share,from,to\n"
            "91350100M000100Y43,示例,11010519491231002X,shareholder,0.5,2020-01-01,\n".encode(),
        ),
    ),
    "ruleset": Parser(lambda data: from_data(tomllib.loads(data.decode())), (RULES,), (ValueError,)),
    "upload": Parser(
        lambda data: clean_file(data, "a.png"), (_png(), b"%PDF-1.4\n1 0 obj<<>>endobj\n%%EOF\n"), (DomainError,)
    ),
    "verifier": Parser(_verify, (RECEIPT, b'{"document":{"price_fen":1},"signature":"AA==","key_id":"00"}')),
    "json": Parser(read_json, (b'{"amount_fen":100,"key":"k","a":[{"b":null},1.5,"\\u4e2d"]}',), (DomainError,)),
}


def tried(parser: Parser, data: bytes) -> str:
    """`taken`, or the name of the error that says that these bytes are none; anything else goes up."""
    try:
        parser.read(data)
    except parser.raises as error:
        return type(error).__name__
    return "taken"


def main(name: str, runs: str, seed: str) -> None:
    """Search, led by coverage, for bytes that raise anything else. Does not come back: the program ends, with another
    status than 0 when it has found some.
    """
    import atheris

    parser = PARSERS[name]
    with tempfile.TemporaryDirectory() as corpus:
        for at, example in enumerate(parser.examples):
            Path(corpus, str(at)).write_bytes(example)
        options = ["parsers", f"-atheris_runs={runs}", f"-seed={seed}", "-max_len=20000", "-rss_limit_mb=2048", corpus]
        atheris.Setup(options, lambda data: tried(parser, data))
        atheris.Fuzz()
