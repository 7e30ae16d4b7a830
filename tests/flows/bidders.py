"""Bidders at the doors: enrolling, registering, paying, bidding over HTTP."""

from dataclasses import dataclass
from typing import Any

import httpx

from tests.flows.server import PASSWORD, Server

UNDERTAKINGS = ("full_capacity", "not_barred", "accept_defects", "purchase_qualified")


@dataclass(frozen=True)
class Bidder:
    """Somebody with an identity; `username` names the account."""

    username: str
    name: str
    id_number: str
    id_type: str = "resident_id"

    def enrol(self, server: Server) -> None:
        """Make the account."""
        server.post(None, "/bidders", self.account())

    def account(self) -> dict[str, Any]:
        """What the account is made with."""
        return {
            "username": self.username,
            "password": PASSWORD,
            "name": self.name,
            "id_type": self.id_type,
            "id_number": self.id_number,
            "phone": "13800000000",
            "email": f"{self.username}@example.com",
        }

    def application(self, server: Server, auction_id: str, **changes: Any) -> dict[str, Any]:
        """A registration for oneself, with the sheet in force acknowledged and everything undertaken."""
        return {
            "capacity": "self",
            "claim": "ordinary",
            "seal": server.get(f"/auctions/{auction_id}")["seal"],
            "undertakings": list(UNDERTAKINGS),
        } | changes

    def register(self, server: Server, auction_id: str, **changes: Any) -> dict[str, Any]:
        """Register; answers the registration."""
        application = self.application(server, auction_id, **changes)
        registration: dict[str, Any] = server.post(self.username, f"/auctions/{auction_id}/registrations", application)
        return registration

    def registration(self, server: Server, registration_id: str) -> dict[str, Any]:
        """The registration as it stands, for its owner."""
        found: dict[str, Any] = server.get(f"/registrations/{registration_id}", self.username)
        return found

    def deposit(self, server: Server, registration_id: str) -> dict[str, Any]:
        """Ask where to pay the deposit."""
        payment: dict[str, Any] = server.post(self.username, f"/registrations/{registration_id}/deposit")
        return payment

    def pay(self, server: Server, payment: dict[str, Any], **changes: Any) -> dict[str, Any]:
        """Let the payment arrive: in full and from the bidder's own account, unless told otherwise."""
        notice = {
            "outcome": "paid",
            "payer_name": self.name,
            "payer_id_number": self.id_number,
            "amount_fen": payment["amount_fen"],
        }
        paid: dict[str, Any] = server.post(self.username, f"/sandbox/payments/{payment['id']}", notice | changes, 200)
        return paid

    def qualify(self, server: Server, auction_id: str) -> str:
        """From nothing to a bidder code; answers it."""
        self.enrol(server)
        registration = self.register(server, auction_id)
        self.pay(server, self.deposit(server, registration["id"]))
        code: str = self.registration(server, registration["id"])["bidder_code"]
        return code

    def bid(self, server: Server, auction_id: str, amount_fen: Any, key: str, **flags: bool) -> httpx.Response:
        """Bid over HTTP; the answer as it came."""
        offer = {"amount_fen": amount_fen, "key": key, **flags}
        return server.ask(self.username, "POST", f"/auctions/{auction_id}/bids", offer)
