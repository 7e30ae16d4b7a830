"""What is held about the reader, on one page and as a file."""

from flask import Blueprint, render_template

from bidding.queries.own_data import own_data

from ..auth import house, me, policy
from ..journal_words import said_kind
from . import labels
from .language import language

blueprint = Blueprint("own_data", __name__)


@blueprint.get("/me/data")
@policy("me.read")
def show() -> str:
    """The person's own data: how much there is of each kind, who looked him up, and the file with all of it."""
    found = house().read(own_data, house().vault, me(), house().now())
    counts = [(label, len(found[name])) for name, label in labels.OWN_DATA.items() if found.get(name)]
    looked = [one | {"said": said_kind(one["kind"], language())} for one in found["look_ups"]]
    return render_template("people/data.html", found=found, counts=counts, looked=looked)
