"""Help for bidders: how a sale works, step by step. No legal number is written here: all come from the ruleset."""

from flask import render_template

from auction.kernel.money import yuan
from auction.rules.ruleset import Ruleset, load

from .. import errors
from ..auth import house, policy
from .language import _, language
from .public import blueprint


class Law:
    """The ruleset in force, as a page says its numbers and cites them."""

    def __init__(self, ruleset: Ruleset) -> None:
        self._ruleset = ruleset
        self.dated = ruleset.dated

    @property
    def title(self) -> str:
        """What the set is called."""
        return self._ruleset.title_en if language() == "en" else self._ruleset.title_zh

    def number(self, key: str) -> str:
        """An integer as it is written; a ratio in per cent; an amount in yuan."""
        parameter = self._ruleset.parameters[key]
        if parameter.unit == "ratio":
            return f"{float(self._ruleset.ratio(key)) * 100:g}%"
        return yuan(self._ruleset.fen(key)) if parameter.unit == "fen" else str(self._ruleset.number(key))

    def holds(self, key: str) -> bool:
        """Whether a rule is in force."""
        return self._ruleset.flag(key)

    def basis(self, *keys: str) -> str:
        """What the numbers rest on, each source once."""
        cited = (errors.cited(self._ruleset.basis(key), language()) for key in keys)
        return _("；").join(dict.fromkeys(cited))


@blueprint.get("/help")
@policy("public.read")
def guide() -> str:
    """Steps, deposit, numbers, reneging, verifying, words, whom to ask."""
    return render_template("help.html", law=Law(load(house().settings.ruleset)))
