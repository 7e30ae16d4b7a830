"""Every kind of page that somebody can reach by links, found by walking the sample site as he."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urlsplit

import httpx

#: Path parts that name one of many: two addresses that differ in nothing else are one kind of page.
_NAMES = re.compile(r"(?<=/)[^/]*\d[^/]*(?=/|$)")
#: So are two items of a sheet, and two letters.
_ITEMS = re.compile(r"(?<=/)(items|sheet|change|letters)/\w+")
_LINK = re.compile(r'<a [^>]*?href="(/[^"#]*)')
_TOKEN = re.compile(r'name="csrf_token"[^>]*?value="([^"]+)"')
#: What is no page: files, interfaces, feeds, and what changes how pages look.
_NO_PAGE = re.compile(r"/(static|api/v1|feeds|data/.+|attachments|logout|language|look)(?![^/?])|.*\.ics$")
#: Parameters that change nothing of a page but its place in a list, or where it leads to.
_SAME = frozenset(("next", "page", "month", "court"))


@dataclass(frozen=True)
class Reached:
    """One page as it was answered: who asked, of what kind it is, its address and source, whether it is a file."""

    who: str
    kind: str
    path: str
    source: str
    saved: bool


@dataclass(frozen=True)
class Walker:
    """Somebody who follows links. `stages` says how far the lots and auctions are, by id: a sold lot's page is of
    another kind than that of a lot on sale."""

    client: httpx.Client
    who: str
    stages: Mapping[str, str] = field(default_factory=dict)

    def walk(self) -> list[Reached]:
        """One page of every kind, beginning at the home page; a page that fails is an AssertionError."""
        reached: dict[str, Reached] = {}
        seen: set[str] = set()
        waiting = ["/"]
        for path in waiting:
            kind = self.kind(path)
            if kind in seen or _NO_PAGE.match(path):
                continue
            seen.add(kind)
            answer = self.client.get(path, follow_redirects=False)
            if answer.is_redirect:
                waiting.append(answer.headers["Location"])
                continue
            assert answer.is_success, f"{path} as {self.who}: {answer.status_code}"
            if "text/html" not in answer.headers.get("Content-Type", ""):
                continue
            reached[kind] = Reached(self.who, kind, path, answer.text, "Content-Disposition" in answer.headers)
            waiting += [link.replace("&amp;", "&") for link in _LINK.findall(answer.text)]
        return list(reached.values())

    def kind(self, path: str) -> str:
        """What an address has in common with those of its like."""
        split = urlsplit(path)
        asked = sorted({name for name, _ in parse_qsl(split.query)} - _SAME)
        named = _ITEMS.sub(r"\1/*", _NAMES.sub(self._name, split.path))
        return named + ("?" + "&".join(asked) if asked else "")

    def _name(self, found: re.Match[str]) -> str:
        return self.stages.get(found[0], "*") if found.string[found.end() :] in ("", "/room") else "*"


def stages_of(address: str) -> dict[str, str]:
    """The status of every lot, by its id and its auction's."""
    lots = httpx.get(f"{address}/api/v1/lots", timeout=60).json()["items"]
    return {one["id"]: lot["status"] for lot in lots for one in (lot, lot["auction"])}


def sign_in(address: str, who: str, password: str) -> httpx.Client:
    """A client with the cookies of `who`."""
    client = httpx.Client(base_url=address, timeout=60, follow_redirects=True)
    token = _TOKEN.search(client.get("/login").text)
    assert token is not None, "the login page has no form"
    answer = client.post("/login", data={"csrf_token": token[1], "username": who, "password": password})
    assert answer.is_success, f"{who} cannot sign in: {answer.status_code}"
    return client
