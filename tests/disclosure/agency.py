"""An agency at work on a court's lot, and people who come to see and ask: each step through its service."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from auction.kernel.unit import Unit
from auction.models import Account, Agency
from auction.rules.access import Actor
from bidding.services.interest import give_task
from disclosure.models import Attachment
from disclosure.services import questions, reports, tasks, viewings
from disclosure.services.attachments import clean_file, put_file
from tests.disclosure.court import DAY, CourtDesk
from tests.factories import a_bidder, a_uscc, an_account, an_actor

NAME = "示例拍辅"
PDF = b"%PDF-1.4\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n"


@dataclass
class AgencyDesk:
    """An agency with a task on the court's lot, due in ten days."""

    court: CourtDesk
    agent: Actor
    uscc: str
    task_id: str

    def act(self, service: Any, actor: Actor, *args: Any, **kwargs: Any) -> Any:
        return self.court.house.perform(service, actor, *args, **kwargs)

    def report(self, *items: Mapping[str, Any], files: tuple[str, ...] = ()) -> str:
        sent = self.act(reports.report, self.agent, self.task_id, items=items, files=files)
        return str(sent.id)

    def upload(self, data: bytes = PDF) -> Attachment:
        kept: Attachment = self.act(put_file, self.agent, self.court.lot_id, clean_file(data, "照片.pdf"))
        return kept

    def offer(self, places: int = 2, ahead: timedelta = DAY) -> str:
        starts_at = self.court.house.now() + ahead
        times = {"starts_at": starts_at, "ends_at": starts_at + timedelta(hours=2), "places": places}
        return str(self.act(viewings.offer_viewing, self.agent, self.task_id, **times).id)

    def book(self, visitor: Actor, viewing_id: str) -> Any:
        return self.act(viewings.book_viewing, visitor, self.court.lot_id, viewing_id)

    def ask(self, visitor: Actor, question: str = "是否有车位？") -> str:
        return str(self.act(questions.ask_question, visitor, self.court.lot_id, question=question).id)

    def finish(self, actor: Actor | None = None) -> None:
        self.act(tasks.finish_task, actor or self.agent, self.task_id, note="已完成")

    def cancel(self) -> None:
        self.act(tasks.cancel_task, self.court.judge, self.task_id, reason="改由本院办理")


def an_agency_at_work(court: CourtDesk) -> AgencyDesk:
    """The court's lot must be entered."""

    def enter(unit: Unit) -> tuple[str, Actor]:
        uscc = a_uscc()
        unit.session.add(Agency(uscc=uscc, name=NAME))
        unit.session.flush()
        return uscc, an_actor(an_account(unit, "agency", agency_uscc=uscc, display_name="经办人"))

    uscc, agent = court.house.perform(enter)
    due_at = court.house.now() + 10 * DAY
    task = court.house.perform(give_task, court.judge, court.lot_id, agency=uscc, kind="survey", due_at=due_at)
    return AgencyDesk(court, agent, uscc, task.id)


def a_visitor(court: CourtDesk, **person: Any) -> Actor:
    account: Account = court.house.perform(a_bidder, **person)
    return an_actor(account)
