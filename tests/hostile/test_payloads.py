"""Bodies and heads that are too large, do not end, or are not what they say (F17 of the reliability bar)."""

import gzip

import pytest

from tests.faults.counts import FULL
from tests.hostile.target import Line, Target

pytestmark = [pytest.mark.faults, pytest.mark.slow]

MEGA = 2**20
API, PAGE = "/api/v1/sessions", "/login"
FORM = "Content-Type: application/x-www-form-urlencoded"
JSON = "Content-Type: application/json"
PARTS = "Content-Type: multipart/form-data; boundary=x"
NONE = "X-None: 1"
MANY = 100_000
REFUSED = {400, 403, 413, 414, 415, 431}


def status(target: Target, method: str, path: str, *heads: str, body: bytes = b"") -> int:
    """The status of the answer to a request, of whose body the client sends what it has, and waits; 0: hung up."""
    head = "\r\n".join([f"{method} {path} HTTP/1.1", f"Host: 127.0.0.1:{target.server.port}", *heads])
    with Line(target.server) as line:
        line.send(f"{head}\r\n\r\n".encode())
        line.send(body)
        return int(line.read.split()[1]) if line.until(b"\r\n") else 0


def test_a_body_larger_than_any_may_be_is_refused_unread(target: Target) -> None:
    found = {}
    with target.unharmed():
        for path in (API, PAGE):
            for kind in (FORM, JSON, PARTS, NONE):
                for length in (17 * MEGA, 1024 * MEGA, 10**30):
                    found[path, kind, length] = status(
                        target, "POST", path, kind, f"Content-Length: {length}", body=b"{"
                    )
                for length in ("-1", "x", "1e3", "0x10"):
                    answer = status(target, "POST", path, kind, f"Content-Length: {length}", body=b"{")
                    assert answer == 400, (path, kind, length)
        assert status(target, "POST", API, JSON, "Content-Length: 1", body=b"{") == 400
        assert status(target, "POST", API, JSON, f"Content-Length: {3 * MEGA}", body=b"{") == 413
    assert {key: answer for key, answer in found.items() if answer != 413} == {}


def test_a_body_without_end_is_refused_before_it_fills_the_memory(target: Target) -> None:
    chunk = b"10000\r\n" + b"a" * 65536 + b"\r\n"
    with target.unharmed():
        for path in (API, PAGE):
            for kind in (FORM, JSON, PARTS, NONE):
                for body in (chunk * (16 * 1024 if FULL else 320), b"zz\r\n"):
                    answer = status(target, "POST", path, kind, "Transfer-Encoding: chunked", body=body)
                    assert answer in REFUSED, (path, kind, body[:8], answer)


def test_what_is_packed_is_not_unpacked(target: Target) -> None:
    bomb = gzip.compress(b"a" * 100 * MEGA)
    with target.unharmed():
        for path in (API, PAGE):
            for kind in (FORM, JSON, PARTS):
                heads = (kind, "Content-Encoding: gzip", f"Content-Length: {len(bomb)}")
                assert status(target, "POST", path, *heads, body=bomb) in REFUSED, (path, kind)


def test_forms_of_a_hundred_thousand_fields_are_refused(target: Target) -> None:
    fields = b"&".join(b"a%d=1" % number for number in range(MANY))
    parts = b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n' * MANY + b"--x--\r\n"
    with target.unharmed():
        for path in (API, PAGE):
            for kind, body in ((FORM, fields), (PARTS, parts)):
                answer = status(target, "POST", path, kind, f"Content-Length: {len(body)}", body=body)
                assert answer in REFUSED, (path, kind)


def test_heads_too_large_are_refused(target: Target) -> None:
    with target.unharmed():
        for head in ("X-A: " + "a" * 65536, "X-A: " + "a" * MEGA, "\r\n".join(f"X-{at}: a" for at in range(10_000))):
            assert status(target, "GET", "/", head) in REFUSED, head[:20]
        assert status(target, "GET", "/" + "a" * 65536) == 414
        assert status(target, "GET", "/lots?a=" + "a" * 65536) == 414
