"""Files of bidding features with the columns of the Shill Bidding Dataset, line by line."""

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from ...imports.lines import Refused, RefusedRow, rows_of
from ...rules.patterns.features import COLUMNS

#: The column the labels were made from, above all others: a file may lack it, and every figure is given without it too.
LABEL_MAKER = "Successive_Outbidding"
NEEDED = tuple(column for column in COLUMNS if column != LABEL_MAKER)
LABEL = "Class"
_OPTIONAL = ("Record_ID", "Auction_ID", "Bidder_ID", LABEL_MAKER, LABEL)
#: No sale lasts longer than a year, in days; every other feature is a share.
_LONGEST = 366.0
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?")


@dataclass(frozen=True, slots=True)
class Row:
    """One bidder in one auction: the line (1 is the header), who and where as the file names them (empty if it does
    not), the features in the order of COLUMNS (NaN for a missing Successive_Outbidding), and the label, None without.
    """

    line: int
    auction: str
    bidder: str
    values: tuple[float, ...]
    label: int | None


def read_features(stream: BinaryIO, *, labelled: bool) -> Iterator[Row | RefusedRow]:
    """The rows in order, good and refused; `labelled` asks for the column Class. Other columns are passed over."""
    needed = (*NEEDED, LABEL) if labelled else NEEDED
    for row in rows_of(stream, needed, optional=_OPTIONAL, others=True):
        if isinstance(row, RefusedRow):
            yield row
            continue
        line, cells = row
        try:
            values = tuple(_number(column, cells[column]) if column in cells else math.nan for column in COLUMNS)
            label = _label(cells[LABEL]) if labelled else None
        except Refused as refused:
            yield refused.at(line)
        else:
            yield Row(line, cells.get("Auction_ID", ""), cells.get("Bidder_ID", ""), values, label)


def _number(column: str, text: str) -> float:
    if not text:
        raise Refused("required", column)
    if len(text) > 40 or not _NUMBER.fullmatch(text):
        raise Refused("number_invalid", column)
    value, most = float(text), _LONGEST if column == "Auction_Duration" else 1.0
    if not 0 <= value <= most:
        raise Refused("out_of_range", column, least=0, most=int(most))
    return value


def _label(text: str) -> int:
    if not text:
        raise Refused("required", LABEL)
    if text not in ("0", "1", "0.0", "1.0"):
        raise Refused("not_one_of", LABEL, allowed=("0", "1"))
    return int(float(text))
