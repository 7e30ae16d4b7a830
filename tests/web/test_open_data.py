"""Open data: the change feed, signed results, feeds, nightly files, the site's map; nothing before an announcement."""

import csv
import hashlib
import io
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from defusedxml import ElementTree
from flask import Flask
from flask.testing import FlaskClient

from auction.kernel.clock import FixedClock, iso
from auction.kernel.crypto import canonical
from auction.kernel.unit import House, Unit
from auction.models import Auction
from auction.services.log import seal
from bidding.evidence import export
from tests.bidding.sale import RESERVE, STEP, a_contest, an_open_sale, hammer, tell_auction
from tests.factories import a_lot, an_auction
from tests.web.caller import API, Caller, code_of
from tests.web.reader import Reader
from web import bulk, feeds

VERIFIER = Path(__file__).parents[2] / "tools" / "fapai_verify.py"
SECRET = "尚未公告的标的"
ATOM = "{http://www.w3.org/2005/Atom}"
MAP = "{http://www.sitemaps.org/schemas/sitemap/0.9}"


def a_draft(unit: Unit) -> str:
    """A lot whose first round is not announced, with everything the court wrote of it journaled."""
    lot = a_lot(unit, title=SECRET)
    draft = an_auction(unit, lot=lot, status="approved")
    draft.announced_at = None
    unit.record("LotEntered", stream=f"lot:{lot.id}", body={"court": lot.court_code, "asset_type": lot.asset_type})
    unit.record("ViewingOffered", stream=f"lot:{lot.id}", body={"viewing_id": "v"})
    return lot.id


def an_announced(unit: Unit, title: str, **changes: Any) -> str:
    auction = an_auction(unit, lot=a_lot(unit, title=title, **changes), status="announced")
    tell_auction(unit, auction)
    return auction.id


def follow(caller: Caller, page_size: int) -> tuple[list[dict[str, Any]], str]:
    """All changes from the beginning, in answers of that size, and the cursor after them."""
    items: list[dict[str, Any]] = []
    cursor = ""
    while True:
        found = caller.get(f"/changes?page_size={page_size}" + (f"&cursor={cursor}" if cursor else "")).get_json()
        items, cursor = items + found["items"], found["cursor"]
        if not found["more"]:
            return items, cursor


def test_a_sale_is_followed_from_its_announcement_to_its_result(
    house: House, clock: FixedClock, anybody: Caller, tmp_path: Path
) -> None:
    lot_id = house.perform(a_draft)
    auction_id, accounts = house.perform(an_open_sale)
    house.perform(seal)
    before, cursor = follow(anybody, 1)
    assert [one["type"] for one in before] == ["announced", "opened"]
    a_contest(house, clock, auction_id, accounts)
    assert hammer(house, clock, auction_id) == "sold"
    assert follow(anybody, 500) == (before, cursor), "what is not sealed yet is told when it is"
    house.perform(seal)
    after = anybody.get(f"/changes?cursor={cursor}").get_json()
    assert [one["type"] for one in after["items"]] == ["closed", "confirmed"] and after["more"] is False
    closed = after["items"][0]
    assert closed["auction_id"] == auction_id and closed["facts"]["price_fen"] == RESERVE + 5 * STEP
    assert follow(anybody, 1)[0] == before + after["items"] == follow(anybody, 500)[0]
    told = json.dumps(before + after["items"], ensure_ascii=False)
    assert lot_id not in told and SECRET not in told
    for account in accounts:
        assert account not in told
    for wrong in ("xx", "YzE6OTk5OTk5"):
        assert code_of(anybody.get(f"/changes?cursor={wrong}")) == "invalid"

    result = anybody.get(f"/auctions/{auction_id}/result").get_json()
    document = result["signed"]["document"]
    assert document["bids"]["count"] == 7 and document["price_fen"] == result["price_fen"]
    kept, package = tmp_path / "result.json", tmp_path / "evidence"
    export(house, package, auction_id)
    key = ["--key", str(package / "key.pem")]

    def verified(data: Any, *more: str) -> bool:
        kept.write_text(json.dumps(data), "utf-8")
        done = subprocess.run([sys.executable, VERIFIER, str(kept), *key, *more], capture_output=True, check=False)
        return done.returncode == 0

    assert verified(result["signed"]) and verified(result, "--package", str(package))
    forged = {**result["signed"], "document": {**document, "price_fen": document["price_fen"] - STEP}}
    assert not verified(forged)
    for field, lie in (("price_fen", 1), ("status", "unsold"), ("bidder_code", "A0000"), ("bid_count", 8)):
        assert field in result and not verified(result | {field: lie}), field
    other = {**document, "bids": {**document["bids"], "root": "0" * 64}}
    resigned = {"document": other, "signature": house.vault.sign(canonical(other)), "key_id": house.vault.key_id}
    assert verified(resigned) and not verified(resigned, "--package", str(package))


@pytest.fixture
def some(house: House) -> dict[str, str]:
    def made(unit: Unit) -> dict[str, str]:
        a_draft(unit)
        return {
            "home": an_announced(unit, "住宅；一套, 带\\车位\n" + "很长的标题" * 12, region="江苏省南京市"),
            "car": an_announced(unit, "=1+1 轿车", asset_type="vehicle", region="浙江省杭州市"),
        }

    return house.perform(made)


def test_the_feeds_are_readable_filtered_and_kept(client: FlaskClient, some: dict[str, str]) -> None:
    answer = client.get("/feeds/lots.atom")
    feed = ElementTree.fromstring(answer.data)
    assert answer.mimetype == "application/atom+xml" and feed.tag == f"{ATOM}feed"
    for needed in ("id", "title", "updated"):
        assert feed.findtext(f"{ATOM}{needed}")
        assert all(entry.findtext(f"{ATOM}{needed}") for entry in feed.iter(f"{ATOM}entry"))
    assert {entry.findtext(f"{ATOM}id") for entry in feed.iter(f"{ATOM}entry")} == {
        f"urn:fapai:auction:{key}" for key in some.values()
    }
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert "Access-Control-Allow-Origin" not in client.get("/me").headers
    again = client.get("/feeds/lots.atom", headers={"If-None-Match": answer.headers["ETag"]})
    assert again.status_code == 304 and SECRET.encode() not in answer.data
    cars = ElementTree.fromstring(client.get("/feeds/courts/3201/lots.atom?asset_type=vehicle&region=浙江").data)
    assert [entry.findtext(f"{ATOM}title") for entry in cars.iter(f"{ATOM}entry")] == ["〔第一次拍卖〕=1+1 轿车"]
    assert client.get("/feeds/courts/9999/lots.atom").status_code == 404
    for wrong in ("asset_type=house", "region=a%00b", f"court={'x' * 60}", "colour=red", "flags=haunted", "page=2"):
        refused = client.get(f"/feeds/lots.atom?{wrong}")
        assert refused.status_code == 422 and wrong.partition("=")[0] in refused.text


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({"q": "轿车"}, {"car"}),
        ({"status": "coming"}, {"home", "car"}),
        ({"status": "sold"}, set()),
        ({"flags": "vacant"}, set()),
        ({"round": "second"}, set()),
        ({"min_fen": 10**15}, set()),
        ({"region": "江苏", "max_fen": 10**15}, {"home"}),
        ({"near": "32.06,118.79", "within_km": 5}, set()),
        ({"box": "31,118,33,120"}, set()),
    ],
)
def test_a_feed_takes_every_filter_of_the_search(
    client: FlaskClient, some: dict[str, str], asked: dict[str, Any], found: set[str]
) -> None:
    for name in ("atom", "ics"):
        told = client.get(f"/feeds/lots.{name}", query_string=asked).text
        assert {key for key in some if some[key] in told} == found


def test_a_search_page_leads_to_its_feed(app: Flask, client: FlaskClient, some: dict[str, str]) -> None:
    page = Reader(app.test_client()).get("/?q=轿车&max=2000000&region=浙江")
    feed, calendar = page.link("订阅此搜索（Atom）"), page.link("订阅日历（iCalendar）")
    assert some["car"] in client.get(feed).text and some["car"] in client.get(calendar).text
    assert some["home"] not in client.get(feed).text and "max_fen=200000000" in feed
    assert "<title>法拍·“轿车”·浙江·2,000,000 元以下</title>" in client.get(feed).text
    for address, kind in (("/", feed.partition("?")[0]), (f"/auctions/{some['car']}", "/feeds/courts/3201/lots.atom")):
        assert 'type="application/atom+xml" title="' in (html := client.get(address).text) and f'href="{kind}"' in html


def test_a_feed_tells_when_what_is_listed_has_changed(
    house: House, client: FlaskClient, clock: FixedClock, some: dict[str, str]
) -> None:
    def told() -> dict[str, str | None]:
        feed = ElementTree.fromstring(client.get("/feeds/lots.atom").data)
        entries = {str(one.findtext(f"{ATOM}id")): one.findtext(f"{ATOM}updated") for one in feed.iter(f"{ATOM}entry")}
        return {
            "feed": feed.findtext(f"{ATOM}updated"),
            **{name: entries[f"urn:fapai:auction:{key}"] for name, key in some.items()},
        }

    before = told()
    clock.advance(hours=2)
    at = iso(clock.moment)

    def stop(unit: Unit) -> None:
        unit.session.get_one(Auction, some["home"]).status = "suspended"

    house.perform(stop)
    assert told() == before | {"home": at, "feed": at} != before
    assert f"<lastmod>{clock.moment.isoformat(timespec='seconds')}</lastmod>" in client.get("/sitemap-1.xml").text


def test_the_calendar_is_folded_escaped_and_has_bidding_times(client: FlaskClient, some: dict[str, str]) -> None:
    answer = client.get("/feeds/lots.ics")
    assert answer.mimetype == "text/calendar" and answer.data.endswith(b"END:VCALENDAR\r\n")
    assert all(len(line) <= 75 for line in answer.data.split(b"\r\n")) and b"\n" not in answer.data.replace(
        b"\r\n", b""
    )
    lines = answer.data.decode().replace("\r\n ", "").split("\r\n")
    assert lines.count("BEGIN:VEVENT") == lines.count("END:VEVENT") == 2
    [title] = [line for line in lines if "住宅" in line and line.startswith("SUMMARY:")]
    assert (
        title.startswith("SUMMARY:〔第一次拍卖〕住宅；一套\\, 带\\\\车位\\n很长的标题")
        and title.count("很长的标题") == 12
    )
    assert sum(bool(re.fullmatch(r"DT(START|END):\d{8}T\d{6}Z", line)) for line in lines) == 4
    one = client.get("/feeds/lots.ics?asset_type=vehicle").data
    assert one.count(b"BEGIN:VEVENT") == 1 and one.startswith(b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\n")


def fits(schema: dict[str, Any], value: Any, top: dict[str, Any]) -> bool:
    """Whether a value fits a JSON Schema, as far as ours goes: types, properties, items, enum, anyOf, $ref."""
    if "$ref" in schema:
        return fits(top["$defs"][schema["$ref"].rpartition("/")[2]], value, top)
    if "anyOf" in schema:
        return any(fits(one, value, top) for one in schema["anyOf"])
    if "enum" in schema:
        return value in schema["enum"]
    kinds: dict[str, Any] = {"string": str, "integer": int, "object": dict, "array": list, "null": type(None)}
    wanted = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    if not any(type(value) is kinds[kind] for kind in wanted):
        return False
    if isinstance(value, list):
        return all(fits(schema["items"], one, top) for one in value)
    if isinstance(value, dict) and "properties" in schema:
        known = schema["properties"]
        return set(schema["required"]) == set(value) == set(known) and all(
            fits(known[name], one, top) for name, one in value.items()
        )
    return True


def test_the_nightly_files_hold_every_announced_lot_and_their_hashes(
    house: House, client: FlaskClient, clock: FixedClock, some: dict[str, str]
) -> None:
    assert client.get("/data/lots.jsonl").status_code == 404
    assert "今夜" in Reader(client).get("/data").text
    assert bulk.write_due(house) and not bulk.write_due(house)
    answer = client.get("/data/lots.jsonl", buffered=True)
    lots = [json.loads(line) for line in answer.data.splitlines()]
    schema = client.get("/data/lots.schema.json").get_json()
    assert len(lots) == 2 and all(fits(schema, lot, schema) for lot in lots)
    assert not fits(schema, lots[0] | {"title": 1}, schema) and SECRET.encode() not in answer.data
    for name in bulk.TYPES:
        data = client.get(f"/data/{name}", buffered=True)
        digest = hashlib.sha256(data.data).hexdigest()
        assert client.get(f"/data/{name}.sha256").text == f"{digest}  {name}\n"
        assert data.headers["ETag"] == f'"{digest}"'
        assert client.get(f"/data/{name}", headers={"If-None-Match": f'"{digest}"'}, buffered=True).status_code == 304
    assert client.get("/data/lots.csv", buffered=True).headers["Content-Type"] == "text/csv; charset=utf-8"
    rows = list(csv.DictReader(io.StringIO(client.get("/data/lots.csv", buffered=True).data.decode("utf-8-sig"))))
    assert {row["auction_id"] for row in rows} == set(some.values()) and list(rows[0]) == list(bulk.COLUMNS)
    assert "'=1+1 轿车" in {row["lot_title"] for row in rows}, "no spreadsheet takes it for a formula"

    house.perform(an_announced, "第三个")
    clock.advance(days=1)
    assert bulk.write_due(house)
    assert len(client.get("/data/lots.jsonl", buffered=True).data.splitlines()) == 3
    clock.advance(days=1)
    assert bulk.write_due(house)
    kept = sorted(path.name.partition("-")[0] for path in bulk.folder(house).iterdir())
    assert kept == ["lots", "lots", "lots", "lots", "manifest.json"], "this night's set and the one before"


def test_machines_find_the_pages_and_what_each_is(house: House, client: FlaskClient, some: dict[str, str]) -> None:
    robots = client.get("/robots.txt").text
    assert "Disallow: /me\n" in robots and "Sitemap: http://localhost/sitemap.xml" in robots
    index = ElementTree.fromstring(client.get("/sitemap.xml").data)
    parts = [one.text or "" for one in index.iter(f"{MAP}loc")]
    assert parts == ["http://localhost/sitemap-0.xml", "http://localhost/sitemap-1.xml"]
    pages = [
        (one.text or "").removeprefix("http://localhost")
        for part in parts
        for one in ElementTree.fromstring(client.get(part.removeprefix("http://localhost")).data).iter(f"{MAP}loc")
    ]
    assert len(pages) == len(set(pages)) == 15
    for page in pages:
        assert client.get(page).status_code == 200, page
    assert client.get("/sitemap-2.xml").status_code == 404
    earlier = client.get(f"/auctions/{some['car']}").text
    canonical = re.search(r'<link rel="canonical" href="http://localhost(/lots/[^"]+)">', earlier)
    assert canonical and f'hreflang="en" href="http://localhost{canonical[1]}?lang=en"' in earlier
    assert '<meta property="og:title" content="第一次拍卖·=1+1 轿车">' in earlier
    linked = json.loads(re.search(r'<script type="application/ld\+json">(.*?)</script>', earlier)[1])  # type: ignore[index]
    assert linked["offers"]["price"] == "1000000.00" and linked["offers"]["priceCurrency"] == "CNY"
    assert Reader(client).get(f"{canonical[1]}?lang=en").lang == "en"


def test_the_map_is_split() -> None:
    written = feeds.sitemap_index("https://a.cn", [f"/sitemap-{n}.xml" for n in range(3)])
    assert [one.text for one in ElementTree.fromstring(written).iter(f"{MAP}loc")][-1] == "https://a.cn/sitemap-2.xml"


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_the_pages_of_open_data_and_of_the_interface_tell_all_of_it(app: Flask, language: str) -> None:
    reader = Reader(app.test_client(), language)
    page = reader.get("/data")
    assert page.link("Atom") == "/feeds/lots.atom" and "/api/v1/changes" in page.text
    shown = reader.get("/api").text
    described = app.test_client().get(f"{API}/openapi.json").get_json()["paths"]
    assert [path for path in described if path not in shown] == []
    if language == "en":
        assert not re.search(r"[\u3400-\u9fff]", shown.replace("法拍", ""))
