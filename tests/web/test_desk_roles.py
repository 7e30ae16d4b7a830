"""The desk offers nobody what he may not do: every page it links to opens, every form it shows is his to send."""

import re
from collections import Counter
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from flask import Flask

from auction.kernel.clock import FixedClock
from auction.kernel.unit import House, Unit
from auction.models import Account, Agency, Auction
from auction.rules.access import POLICY
from bidding.services.interest import give_task
from disclosure.services.questions import ask_question
from disclosure.services.reports import report
from disclosure.services.tasks import finish_task
from disclosure.services.viewings import offer_viewing
from tests.bidding.reneged import a_reneged_sale
from tests.factories import a_bidder, a_lot, a_uscc, an_account, an_auction
from tests.web.test_pages import signed_in
from web.auth import _policy_of

#: Pages of a kind to open: the sheet of a lot has one for each of its items.
MOST = 5
FORM = re.compile(r'<form[^>]*method="post" action="([^"]*)"[^>]*>(.*?)</form>', re.DOTALL)


def a_court_at_work(unit: Unit, role: str) -> Account:
    """A lot without a round, one with a draft that lacks everything, a reneged sale; and somebody of the court."""
    sale = a_reneged_sale(unit)
    sale.auction.balance_fen, sale.auction.balance_due_at = 90_000_000, unit.now
    a_lot(unit, created_by=sale.judge.id)
    an_auction(unit, lot=a_lot(unit, created_by=sale.judge.id), status="draft")
    _auxiliary_work(unit, an_auction(unit, lot=a_lot(unit, created_by=sale.judge.id)))
    return an_account(unit, role, court_code="3201")


def _auxiliary_work(unit: Unit, auction: Auction) -> None:
    """An open task with a report and a viewing, a finished one, a question."""
    unit.session.add(agency := Agency(uscc=a_uscc(), name="示例拍辅"))
    unit.session.flush()
    clerk, agent = an_account(unit, "clerk").actor, an_account(unit, "agency", agency_uscc=agency.uscc).actor
    hour = timedelta(hours=1)
    for kind in ("survey", "photos"):
        task = give_task(unit, clerk, auction.lot_id, agency=agency.uscc, kind=kind, due_at=unit.now + hour)
        unit.session.flush()
        report(unit, agent, task.id, items=[{"code": "defects", "state": "none"}])
        times = {"starts_at": unit.now + hour, "ends_at": unit.now + 2 * hour}
        offer_viewing(unit, agent, task.id, **times, places=2)
        unit.session.flush()
    finish_task(unit, agent, task.id, note="已完成")
    ask_question(unit, a_bidder(unit).actor, auction.lot_id, question="是否带车位？")


@pytest.mark.parametrize("role", ["judge", "president", "clerk"])
def test_every_way_the_desk_shows_is_open_to_who_sees_it(
    app: Flask, house: House, clock: FixedClock, role: str
) -> None:
    account = house.perform(a_court_at_work, role)
    reader, routes = signed_in(app, house, account), app.url_map.bind("localhost")
    seen, waiting, forms = {"/desk/"}, ["/desk/"], set()
    opened: Counter[str] = Counter()
    while waiting:
        address = waiting.pop()
        endpoint = routes.match(address)[0]
        if opened[endpoint] == MOST:
            continue
        opened[endpoint] += 1
        page = reader.get(address)
        forms |= {action for action, inside in FORM.findall(page.html) if "<button" in inside}
        found = {urlsplit(href).path for _, href in page.links if href.startswith("/desk")} - seen
        waiting += sorted(found)
        seen |= found
    assert {"desk.board", "desk.lot", "desk.round", "desk.debt"} <= set(opened)
    actions = {action: _policy_of(app, routes.match(action, method="POST")[0]) for action in forms}
    assert {action: name for action, name in actions.items() if role not in (POLICY[name].roles or {role})} == {}
