"""Signs that registrations of different people come from one hand: what is compared, and when it says anything.

A sign is an alert to look, never a bar (OJA 31(3) makes collusion a ground for revocation; OJA 8(2) forbids watching
bidders while a sale runs, so nothing here is asked before the end). Values are known by their keyed hashes only.
"""

import ipaddress
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

#: What is compared. `payer`: the number of who paid; `device`: the browser's own mark.
KINDS = ("phone", "email", "address", "bank_account", "payer", "device", "ip")
#: Signs that chance alone may bring about over months: they count beside another one, or within one auction.
WEAK = frozenset(("ip",))
_LEAST_DIGITS, _LEAST_LETTERS = 7, 6


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a request came from, as the door saw it: its address, and the browser's mark if it has one."""

    ip: str | None = None
    device: str | None = None


@dataclass(frozen=True, slots=True)
class Signal:
    """One value of one registration; `person` is the keyed hash of whose value it is."""

    registration_id: str
    auction_id: str
    person: str
    kind: str
    value: str


@dataclass(frozen=True, slots=True)
class Shared:
    """Registrations of different people that have `kinds` in common. `across`: in different auctions."""

    kinds: tuple[str, ...]
    registrations: tuple[str, ...]
    persons: tuple[str, ...]
    auctions: int
    across: bool


def comparable(kind: str, value: str | None) -> str | None:
    """A value as it is compared, however it was typed; None where it says nothing (empty, an address of no network)."""
    if not value:
        return None
    plain = unicodedata.normalize("NFKC", value)
    if kind == "phone":
        digits = re.sub(r"\D", "", plain).removeprefix("00")
        digits = digits.removeprefix("86") if len(digits) == 13 else digits
        return digits if len(digits) >= _LEAST_DIGITS else None
    if kind == "ip":
        return _network(plain)
    if kind in ("email", "device"):
        return plain.strip().casefold() or None
    letters = "".join(mark for mark in plain if mark.isalnum()).casefold()
    return letters if len(letters) >= _LEAST_LETTERS else None


def _network(value: str) -> str | None:
    """The address of an IPv4 host, the /64 of an IPv6 one; None for one that is not on the public network."""
    try:
        address = ipaddress.ip_address(value.strip())
    except ValueError:
        return None
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is None:
            return str(ipaddress.ip_network((address, 64), strict=False)) if address.is_global else None
        address = address.ipv4_mapped
    return str(address) if address.is_global else None


def shared(auction_id: str, signals: Iterable[Signal], most: Mapping[str, int]) -> list[Shared]:
    """What registrations of an auction have in common with each other, and with those of other auctions.

    `signals`: those of the auction, and all others of the same values. A value of more than `most[kind]` people is a
    public terminal, an agency, a carrier's common address: it says nothing. The same set of registrations (of people,
    across auctions) is told once, with every kind they share.
    """
    values: dict[tuple[str, str], list[Signal]] = defaultdict(list)
    for signal in signals:
        values[signal.kind, signal.value].append(signal)
    within: dict[tuple[str, ...], set[str]] = defaultdict(set)
    across: dict[tuple[str, ...], set[str]] = defaultdict(set)
    having: dict[tuple[str, ...], set[Signal]] = defaultdict(set)
    for (kind, _), group in sorted(values.items()):
        persons = {signal.person for signal in group}
        here = {signal.person for signal in group if signal.auction_id == auction_id}
        if not here or not 2 <= len(persons) <= most[kind]:
            continue
        if len(here) > 1:
            key = tuple(sorted(here))
            within[key].add(kind)
            having[("within", *key)].update(signal for signal in group if signal.auction_id == auction_id)
        if persons - here:
            key = tuple(sorted(persons))
            across[key].add(kind)
            having[("across", *key)].update(group)
    found = [_told(kinds, key, having[("within", *key)], across=False) for key, kinds in within.items()]
    found += [_told(kinds, key, having[("across", *key)], across=True) for key, kinds in across.items() if kinds - WEAK]
    return sorted(found, key=lambda one: (one.across, one.persons))


def _told(kinds: set[str], persons: tuple[str, ...], signals: set[Signal], *, across: bool) -> Shared:
    return Shared(
        kinds=tuple(kind for kind in KINDS if kind in kinds),
        registrations=tuple(sorted({signal.registration_id for signal in signals})),
        persons=persons,
        auctions=len({signal.auction_id for signal in signals}),
        across=across,
    )
