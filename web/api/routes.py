"""All blueprints of the interface, joined to the application."""

from flask import Flask

from . import (
    alerts,
    approvals,
    bidding,
    break_glass,
    cases,
    changes,
    conflicts,
    corrections,
    costs,
    desk,
    following,
    gateway,
    imports,
    incidents,
    journal,
    letters,
    log,
    messages,
    objections,
    open_data,
    papers,
    patterns,
    pricing,
    public,
    questions,
    recovery,
    reneges,
    risk,
    rounds,
    sanctions,
    sandbox,
    sessions,
    sheets,
    standing,
    statistics,
    tasks,
    unsold,
    viewings,
)
from .spec import Api

_BLUEPRINTS = (
    sessions.blueprint,
    public.blueprint,
    statistics.blueprint,
    incidents.blueprint,
    risk.blueprint,
    costs.blueprint,
    cases.blueprint,
    pricing.blueprint,
    imports.blueprint,
    letters.blueprint,
    sheets.blueprint,
    tasks.blueprint,
    viewings.blueprint,
    questions.blueprint,
    following.blueprint,
    desk.blueprint,
    journal.blueprint,
    rounds.blueprint,
    changes.blueprint,
    reneges.blueprint,
    unsold.blueprint,
    bidding.blueprint,
    papers.blueprint,
    corrections.blueprint,
    messages.blueprint,
    objections.blueprint,
    conflicts.blueprint,
    break_glass.blueprint,
    approvals.blueprint,
    recovery.blueprint,
    alerts.blueprint,
    patterns.blueprint,
    standing.blueprint,
    sanctions.blueprint,
    open_data.blueprint,
    log.blueprint,
    gateway.blueprint,
)


def join(app: Flask) -> None:
    """Register every blueprint under `/api/v1`; what belongs to the sandbox only where there is one."""
    api = Api(app)
    blueprints = (*_BLUEPRINTS, sandbox.blueprint) if app.config["SANDBOX"] else _BLUEPRINTS
    for blueprint in blueprints:
        api.register_blueprint(blueprint, url_prefix="/api/v1")
