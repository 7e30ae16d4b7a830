"""Every kind of page that somebody can reach by links, found by walking the sample site as he."""

import re
from dataclasses import dataclass

import httpx

#: Path parts that name one of many: two addresses that differ in nothing else are one kind of page.
_NAMES = re.compile(r"(?<=/)(?:[^/]*\d[^/]*)(?=/|$)")
_LINK = re.compile(r'<a [^>]*?href="(/[^"#]*)')
_TOKEN = re.compile(r'name="csrf_token"[^>]*?value="([^"]+)"')
#: What is no page: files, interfaces, feeds, and the way out.
_NO_PAGE = re.compile(r"^/(static|api|feeds|data/.+|calendar\.ics|logout|language|attachments)(/|$)")


@dataclass(frozen=True)
class Reached:
    """One page as it was answered: who asked, for what, and its source."""

    who: str
    path: str
    source: str


def sign_in(address: str, who: str, password: str) -> httpx.Client:
    """A client with the cookies of `who`."""
    client = httpx.Client(base_url=address, timeout=60, follow_redirects=True)
    token = _TOKEN.search(client.get("/login").text)
    assert token is not None, "the login page has no form"
    answer = client.post("/login", data={"csrf_token": token[1], "username": who, "password": password})
    assert answer.is_success, f"{who} cannot sign in: {answer.status_code}"
    return client


def walk(client: httpx.Client, who: str) -> list[Reached]:
    """One page of every kind, beginning at the home page; a page that fails is an AssertionError."""
    reached: dict[str, Reached] = {}
    waiting = ["/"]
    while waiting:
        path = waiting.pop(0)
        kind = _NAMES.sub("*", path.split("?")[0])
        if kind in reached or _NO_PAGE.match(path):
            continue
        answer = client.get(path)
        assert answer.status_code < 400, f"{path} as {who}: {answer.status_code}"
        if "text/html" not in answer.headers.get("Content-Type", ""):
            continue
        reached[kind] = Reached(who, path, answer.text)
        waiting += [link.replace("&amp;", "&") for link in _LINK.findall(answer.text)]
    return list(reached.values())
