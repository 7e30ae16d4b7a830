"""What two bidders of one auction did to each other, however often they have met elsewhere."""

from collections import Counter

from risk.rules.patterns.features import Sale


def clashes_between(sale: Sale) -> dict[tuple[str, str], int]:
    """How often one of two raised directly over the other, by the two in order; only those who did."""
    found: Counter[tuple[str, str]] = Counter()
    for before, after in zip(sale.raises, sale.raises[1:], strict=False):
        if before.bidder != after.bidder:
            a, b = sorted((before.bidder, after.bidder))
            found[a, b] += 1
    return dict(found)
