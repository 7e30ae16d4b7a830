"""On which grounds a lot is taken out of the sale before it is sold. Pure."""

from typing import Final

#: SALE 17 and 14, 19; OJA 31 for collusion; PRECISIONS 11 for a sheet that changed. `other` needs its public reason.
WITHDRAWAL_GROUNDS: Final = (
    "title_annulled",
    "creditors_withdraw",
    "debt_paid",
    "settled",
    "outsider_objection",
    "collusion",
    "material_change",
    "satisfied",
    "taken",
    "own_sale",
    "other",
)
