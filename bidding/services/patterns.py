"""Keeping what a screening of an ended auction's bids found, and telling the regulator. It refuses nobody anything."""

from typing import Any

from auction.kernel.unit import Unit
from auction.services.locking import lock_auction
from risk.models import BidPattern, BidScreening
from risk.rules.alerts import Reason as AlertReason
from risk.rules.patterns.screen import Finding, Reason
from risk.services.alerts import raise_alert

from ..queries.patterns import Screening, alert_key
from .looks import taken


def keep_screening(unit: Unit, screening: Screening) -> bool:
    """Store the findings and raise the auction's one alert, once; False if that was done before.

    What an ended auction's bids are does not change, so the screening may have been computed outside this transaction.
    """
    auction = lock_auction(unit, screening.auction_id)
    if not taken(unit, "patterns", auction.id):
        return False
    unit.session.add(
        BidScreening(
            auction_id=auction.id,
            at=unit.now,
            history=screening.history,
            limits=dict(screening.numbers),
            pairs=_pairs(screening),
        )
    )
    unit.session.flush()
    findings = [one for one in screening.screened.findings if one.bidder in screening.registrations]
    unit.write(BidPattern, [_row(screening, finding) for finding in findings])
    alerting = [finding for finding in findings if finding.alert]
    unit.record(
        "BidsScreened",
        stream=f"pattern:{auction.id}",
        private=True,
        body={"auction_id": auction.id, "history": screening.history, "bidders": len(findings), "told": len(alerting)},
    )
    if alerting:
        raise_alert(
            unit,
            "bid_pattern",
            key=alert_key(auction.id),
            reasons=_reasons(screening, alerting),
            court_code=auction.lot.court_code,
            lot_id=auction.lot_id,
            auction_id=auction.id,
        )
    return True


def _row(screening: Screening, finding: Finding) -> dict[str, Any]:
    return {
        "registration_id": screening.registrations[finding.bidder],
        "auction_id": finding.auction,
        "bidder_code": screening.codes[finding.bidder],
        "score_permille": round(1000 * finding.score),
        "alert": finding.alert,
        "features": finding.features.as_data(),
        "reasons": [
            {"code": reason.code, "facts": dict(reason.facts), "others": _here(screening, reason)}
            for reason in finding.reasons
        ],
    }


def _here(screening: Screening, reason: Reason) -> list[str]:
    """Of the others a reason speaks of, the registrations in this auction."""
    return sorted(screening.registrations[other] for other in reason.others if other in screening.registrations)


def _reasons(screening: Screening, alerting: list[Finding]) -> list[AlertReason]:
    """The reasons of all findings, those that say the same of several bidders told once."""
    told: dict[tuple[str, tuple[tuple[str, int], ...]], set[str]] = {}
    for finding in alerting:
        for reason in finding.reasons:
            who = told.setdefault((reason.code, tuple(sorted(reason.facts.items()))), set())
            who.update([screening.registrations[finding.bidder], *_here(screening, reason)])
    return [AlertReason(code, dict(facts), {"registrations": sorted(who)}) for (code, facts), who in told.items()]


def _pairs(screening: Screening) -> list[dict[str, Any]]:
    """Every two bidders of the auction who raised over each other or have met often, the most striking first."""
    here = screening.registrations
    met = {(pair.a, pair.b): pair for pair in screening.screened.pairs if pair.a in here and pair.b in here}
    rows = []
    for a, b in sorted(met.keys() | screening.clashes.keys()):
        pair = met.get((a, b))
        rows.append(
            {
                "a": here[a],
                "b": here[b],
                "clashes": screening.clashes.get((a, b), 0),
                "joint": pair.joint if pair else None,
                "a_won": pair.a_won if pair else None,
                "b_won": pair.b_won if pair else None,
                "overlap_percent": round(100 * pair.overlap) if pair else None,
                "by_chance": f"{pair.corrected:.6f}" if pair else None,
                **(pair.conduct() if pair else {}),
            }
        )
    return sorted(rows, key=lambda row: (-(row["joint"] or 0), -row["clashes"]))
