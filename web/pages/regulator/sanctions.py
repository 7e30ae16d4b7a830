"""The sanctions of all courts, their reviews, and contested records."""

from .. import sanction_desk
from .frame import blueprint

sanction_desk.routes(blueprint)
