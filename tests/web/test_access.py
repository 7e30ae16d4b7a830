"""The matrix of access: every route and socket event by every role and every state of a session, by real requests.

`docs/access.md` says who may do what, in one row an action. It is made of the declared policies and the application's
routes (`python -m tests.web.test_access`), kept equal by a test, and is what the answers are held against: whoever
opens an action to another role changes that page, where it is read. Acts by the stage of a sale: `test_stages.py`.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from flask import Flask
from werkzeug.routing import Rule
from werkzeug.test import TestResponse, create_environ

from auction.kernel.clock import FixedClock
from auction.kernel.unit import House, Unit
from auction.models import Account, Message
from auction.rules.access import POLICY, ROLES, STAFF
from auction.services import accounts
from bidding.services.following import save_search
from bidding.services.objections import file_objection
from bidding.services.papers import keep_paper
from disclosure.services.attachments import clean_file
from tests.conftest import settings_for
from tests.factories import a_bidder, a_court, a_person, an_account
from tests.web.caller import API, Caller, SignIn, path_of
from tests.web.court import PDF
from tests.web.doors import doors
from tests.web.sale import RESERVE
from tests.web.test_bad_input import World, an_agency, body_of, plausible
from web.app import build
from web.auth import _ENROLLING, _NO_SESSION, _policy_of
from web.errors import sentence
from web.sockets import EVENTS, Rooms

PAGE = Path(__file__).parents[2] / "docs" / "access.md"
COLUMNS = ("anyone", "bidder", "party", "judge", "clerk", "president", "agency", "regulator", "operator")
MARKS = {"anyone": "●", "court": "court", "owner": "own"}


@dataclass(frozen=True)
class Way:
    """One method of a route, and the action it declares."""

    rule: Rule
    method: str
    action: str

    def __str__(self) -> str:
        return f"{self.method} {self.rule.rule}"


def ways(app: Flask) -> Iterator[Way]:
    """Every method of every route, pages and interface."""
    for rule in sorted(app.url_map.iter_rules(), key=lambda rule: rule.rule):
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            yield Way(rule, method, _policy_of(app, rule.endpoint))


def table(app: Flask) -> str:
    """The page: an action a row, with its roles and where its ways in lie."""
    routes: dict[str, list[str]] = {action: [] for action in POLICY}
    for way in ways(app):
        routes[way.action].append(_area(way.rule.rule))
    for event, action in EVENTS.items():
        routes[action].append(f"socket {event}")
    lines = [
        "# Who may do what",
        "",
        "Made by `python -m tests.web.test_access` of `auction/rules/access.py` and the routes;",
        "`tests/web/test_access.py` keeps it equal and holds the answers of every route to it. ●: whatever it",
        "concerns. court: things of the own court; others' answer like missing ones. own: one's own things; others'",
        "answer like missing ones. Services narrow further what a panel, an agency at work or a proposer may do.",
        "",
        f"| action | {' | '.join(COLUMNS)} | where |",
        f"|---|{'---|' * len(COLUMNS)}---|",
    ]
    for action in sorted(POLICY):
        cells = [_mark(action, column) for column in COLUMNS]
        lines.append(
            f"| `{action}` | {' | '.join(cells)} | {', '.join(f'`{one}`' for one in sorted(set(routes[action])))} |"
        )
    return "\n".join(lines) + "\n"


def _mark(action: str, column: str) -> str:
    rule = POLICY[action]
    if rule.roles is None:
        return "●"
    if column not in rule.roles:
        return ""
    bound = rule.scope == "owner" or (rule.scope == "court" and column in ("judge", "clerk", "president"))
    return MARKS[rule.scope if bound else "anyone"]


def _area(address: str) -> str:
    """Where a route lies: the beginning of its address. The page is to be read, and does not follow every new route."""
    parts = address.split("/")
    return "/".join(parts[: 4 if address.startswith(API) else 2])


def told() -> dict[str, dict[str, str]]:
    """What the page says: the mark of each role by action."""
    rows = [line.strip("|").split("|") for line in PAGE.read_text("utf-8").splitlines() if line.startswith("| `")]
    return {
        cells[0].strip().strip("`"): dict(zip(COLUMNS, (cell.strip() for cell in cells[1:]), strict=False))
        for cells in rows
    }


def test_the_page_is_what_the_policies_and_routes_say(app: Flask) -> None:
    assert PAGE.read_text("utf-8") == table(app), "python -m tests.web.test_access > docs/access.md"


def test_every_way_in_has_a_policy_and_every_policy_a_way_in(app: Flask) -> None:
    used = {way.action for way in ways(app)} | set(EVENTS.values())
    assert used == set(POLICY)
    handled = {name.removeprefix("on_") for name in vars(Rooms) if name.startswith("on_")}
    assert handled == {*EVENTS, "connect", "disconnect"}


# --- by real requests -----------------------------------------------------------------------------------------------

#: A role, and whether somebody of it has nothing to do with what is asked for: of another court, agency or identity.
FOREIGN = {
    "other bidder": "bidder",
    "other judge": "judge",
    "other clerk": "clerk",
    "other president": "president",
    "other agency": "agency",
}


class Matrix(World):
    """The world of bad input, with more people and with things that belong to one of them."""

    def __init__(self, house: House, sign_in: SignIn, app: Flask) -> None:
        super().__init__(house, sign_in)
        self.app = app
        house.perform(self._things)
        others = house.perform(self._others)
        self.callers |= {name: sign_in(account) for name, account in others.items()}
        self.callers["anyone"] = self.nobody

    def _others(self, unit: Unit) -> dict[str, Account]:
        return {
            "party": an_account(unit, "party", person=a_person(unit)),
            "other clerk": an_account(unit, "clerk", court_code=a_court(unit, "1101", "北京").code),
            "other agency": an_account(unit, "agency", agency_uscc=an_agency(unit).uscc),
        }

    def _things(self, unit: Unit) -> None:
        bidder = self.sale.bidders[0]
        paper = keep_paper(unit, bidder.actor, clean_file(PDF, "proof.pdf"))
        objection = file_objection(unit, bidder.actor, self.sale.auction_id, kind="conduct", grounds="理由")
        told = Message(
            id=unit.new_id(), account_id=bidder.id, kind="BidAccepted", subject={}, key="k", at=unit.now, read_at=None
        )
        search = save_search(unit, bidder.actor, "南京", {"region": "320102"})
        unit.session.add(told)
        unit.session.flush()
        further = accounts.open_session(unit, bidder.id, matches=True, code_holds=lambda _: None)
        assert isinstance(further, accounts.Opened)
        self.ids |= {
            "paper_id": paper.id,
            "objection_id": objection.id,
            "message_id": told.id,
            "search_id": search.id,
            "session_id": further.session.token_hash,
            "bidder_id": bidder.id,
        }

    def ask(self, way: Way, who: str, *, fitting: bool, ids: Mapping[str, str] | None = None) -> TestResponse:
        """One request of somebody: with a body that fits the interface's description, else with one that never does."""
        path, caller = path_of(way.rule, ids or self.ids), self.callers[who]
        if way.method == "GET":
            return caller.outside("GET", path)
        schema = body_of(self.app.view_functions[way.rule.endpoint]) if path.startswith(API) else None
        if not fitting or schema is None:
            return caller.outside(way.method, path, **({"json": {"nosuch": 1}} if path.startswith(API) else {}))
        good = plausible(schema)
        return caller.outside(way.method, path, json=good | {k: v for k, v in self.known.items() if k in good})


#: How a role is told that it may not; one of the ways in changes the language of those that follow.
_NO = [(code, {}, tongue) for code in ("forbidden", "mfa_enrolment_required") for tongue in ("zh", "en")]


def outcome(answer: TestResponse) -> str:
    """How somebody was received: `who` is asked first who he is, `no`, `missing`, `fault`, or he is `in`."""
    to_login = answer.status_code == 302 and "/login?" in answer.headers["Location"]
    if answer.status_code == 401 or to_login:
        return "who"
    said = answer.get_data(as_text=True) if answer.status_code == 403 else ""
    if any(sentence(*refusal) in said for refusal in _NO):
        return "no"
    return "fault" if answer.status_code >= 500 else {404: "missing"}.get(answer.status_code, "in")


@pytest.fixture
def matrix(house: House, sign_in: SignIn, app: Flask) -> Matrix:
    return Matrix(house, sign_in, app)


def _last_sign_out(app: Flask) -> list[Way]:
    """Every way, but for one that ends the caller's own session at the end."""
    return sorted(ways(app), key=lambda way: way.action == "session.close")


#: Roles of an action to whom this door of it stays shut: their part of it has a door of its own, or they are no party.
NARROWER = {
    "/api/v1/auctions/<auction_id>/registrations": "regulator",
    "/api/v1/lots/<lot_id>/letters/<kind>": "bidder party",
    "/desk/lots/<lot_id>/letters/<kind>": "bidder party",
    "/desk/auctions/<auction_id>/identities": "regulator",
}


@pytest.mark.slow
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_every_role_is_received_as_the_page_says(matrix: Matrix, app: Flask) -> None:
    page, wrong = told(), []
    for way in _last_sign_out(app):
        if way.action == "gateway.notify":
            continue  # asks whoever comes for a signature
        for who in COLUMNS:
            mark = page[way.action][who]
            expected = {"in", "missing"} if mark else {"who" if who == "anyone" else "no"}
            if who in NARROWER.get(way.rule.rule, ""):
                expected = {"no"}
            found = outcome(matrix.ask(way, who, fitting=False))
            if found not in expected:
                wrong.append((str(way), who, mark, found))
    assert wrong == []


#: Here the thing in the address is public (a sale, a lot, a court, an agency) or anybody's to speak of: whoever has the
#: role may come. What he may then do with it is for the service.
OPEN_TO_THE_ROLE = frozenset(
    (
        *("agency.record", "bid.place", "catalogue.extend", "follow.own", "letter.read", "objection.file"),
        *("paper.keep", "question.ask", "registration.create", "renege.object", "sanction.propose", "sandbox.pay"),
        *("taking.answer", "viewing.book"),
    )
)
_BY_AUCTION = "POST /api/v1/auctions/<auction_id>/balance"


@pytest.mark.slow
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_others_things_answer_like_missing_ones(matrix: Matrix, app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """On every way to a thing, for whoever of the right role has nothing to do with it: 404, or the bytes of an id that
    does not exist (a page that refuses what was typed before it looks).
    """
    monkeypatch.setitem(app.config, "WTF_CSRF_METHODS", set())  # pages are to look at what is asked for
    page, wrong = told(), []
    for way in ways(app):
        if not way.rule.arguments or POLICY[way.action].roles is None or way.action in OPEN_TO_THE_ROLE:
            continue
        for who, role in FOREIGN.items():
            if not page[way.action][role] or str(way) == _BY_AUCTION:
                continue
            answer = matrix.ask(way, who, fitting=True)
            if outcome(answer) not in ("missing", "no"):
                nothing = matrix.ask(way, who, fitting=True, ids=dict.fromkeys(matrix.ids, "nosuch"))
                if _bytes(answer, matrix) != _bytes(nothing, matrix):
                    wrong.append((str(way), who, page[way.action][role], answer.status_code, nothing.status_code))
    assert wrong == []


def _bytes(answer: TestResponse, matrix: Matrix) -> str:
    """An answer without what was asked for and the page's token."""
    said = re.sub(r'name="csrf_token" value="[^"]*"', "", answer.get_data(as_text=True))
    for one in {*matrix.ids.values(), "nosuch"}:
        said = said.replace(one, "…") if len(one) > 4 else said
    return f"{answer.status_code} {answer.headers.get('Location', '')} {said}"


@pytest.mark.slow
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("state", ["ended", "expired", "disabled"])
def test_a_session_that_is_over_is_nobodys(
    matrix: Matrix, app: Flask, house: House, clock: FixedClock, state: str
) -> None:
    """Shown as a token it is refused at every door; as a cookie it is nobody's."""
    judge = matrix.sale.judge
    token = _token_of(house, judge)
    if state == "ended":
        house.perform(accounts.close_session, token)
    elif state == "expired":
        clock.advance(hours=12)
    else:
        house.perform(accounts.disable_account, judge.username, "调离")
    wrong = []
    cookie = app.test_client()
    cookie.set_cookie("fapai_session", token)
    matrix.callers |= {"token": Caller(app.test_client(), token), "cookie": Caller(cookie)}
    for way in ways(app):
        if way.action not in _NO_SESSION and outcome(matrix.ask(way, "token", fitting=True)) != "who":
            wrong.append((str(way), "token"))
        if POLICY[way.action].roles is not None and outcome(matrix.ask(way, "cookie", fitting=True)) != "who":
            wrong.append((str(way), "cookie"))
    assert wrong == []


def _token_of(house: House, account: Account) -> str:
    opened = house.perform(accounts.open_session, account.id, matches=True, code_holds=lambda _: None)
    assert isinstance(opened, accounts.Opened)
    return opened.token


@pytest.mark.slow
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_staff_without_the_second_factor_may_only_enrol_one(house: House) -> None:
    house.settings = replace(house.settings, staff_mfa=True)
    people = house.perform(lambda unit: {role: an_account(unit, role) for role in STAFF})
    with doors(house) as app:
        matrix = Matrix.__new__(Matrix)
        matrix.app, matrix.ids, matrix.known = app, {}, {}
        matrix.callers = {role: Caller(app.test_client(), _token_of(house, one)) for role, one in people.items()}
        page, wrong = told(), []
        for way in _last_sign_out(app):
            for role in sorted(STAFF):
                if way.action not in _ENROLLING and POLICY[way.action].roles is None:
                    continue  # asks for no session
                enrolling = way.action in _ENROLLING and page[way.action][role]
                found = outcome(matrix.ask(way, role, fitting=False))
                if (found == "no") == bool(enrolling):
                    wrong.append((str(way), role, found))
    assert wrong == []


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_every_event_receives_every_role_as_the_page_says(house: House, app: Flask) -> None:
    people = house.perform(lambda unit: {role: an_account(unit, role) for role in ROLES - {"bidder", "party"}})
    people |= dict.fromkeys(("bidder", "party"), house.perform(a_bidder))
    rooms, page = Rooms(house, app.extensions["door"]), told()
    sent = {"auction_id": "nosuch", "amount_fen": RESERVE, "key": "k"}
    for event, action in EVENTS.items():
        for who in COLUMNS:
            auth = None if who == "anyone" else {"token": _token_of(house, people[who])}
            rooms.on_connect("s", create_environ(), auth)
            code = rooms.trigger_event(event, "s", sent if event == "bid" else {"auction_id": "nosuch"}).get("code")
            refused = {"anyone": "unauthenticated"}.get(who, "forbidden")
            assert (code == refused) == (not page[action][who]), (event, who, code)


if __name__ == "__main__":
    print(table(build(settings_for("sqlite://", Path("nowhere")))), end="")  # noqa: T201 - the page itself
