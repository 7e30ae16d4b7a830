"""The public log: its newest signed head, its leaves, proofs, and the key they are checked with (RFC 9162, C2SP)."""

import base64
from typing import Any

from flask import Response, jsonify, make_response

from auction.queries import log
from auction.services.witnessing import take_cosignatures

from ..auth import house, policy
from ..idempotency import act
from ..schemas.public import (
    CheckpointQuery,
    ConsistencyOut,
    ConsistencyQuery,
    CosignatureIn,
    CosignedOut,
    EntriesOut,
    EntriesQuery,
    InclusionOut,
    InclusionQuery,
    KeyOut,
    KeysOut,
    WitnessesOut,
)
from .spec import Blueprint

blueprint = Blueprint("log", __name__, description="The public log")


@blueprint.get("/log/checkpoint")
@policy("public.read")
@blueprint.arguments(CheckpointQuery, location="query")
@blueprint.response(200, {"type": "string"}, content_type="text/plain", description="A signed note")
def get_checkpoint(query: dict[str, Any]) -> Response:
    """The newest signed head of the log, with the lines of its witnesses. 404 before anything was sealed."""
    response = make_response(house().read(log.checkpoint, cosigned=query["cosigned"]))
    response.mimetype = "text/plain"
    return response


@blueprint.get("/log/witnesses")
@policy("public.read")
@blueprint.response(200, WitnessesOut)
def list_witnesses() -> dict[str, Any]:
    """Who keeps the log's last head outside and cosigns only what appends to it."""
    return {"items": house().read(log.witnesses)}


@blueprint.post("/log/cosignatures")
@policy("log.cosign")
@blueprint.arguments(CosignatureIn)
@blueprint.response(201, CosignedOut)
def cosign(data: dict[str, Any]) -> dict[str, Any]:
    """Hand in a witness's line under one of the log's heads; the signature is all the authority it needs."""
    return {"witnesses": act(take_cosignatures, data["note"])}


@blueprint.get("/log/entries")
@policy("public.read")
@blueprint.arguments(EntriesQuery, location="query")
@blueprint.response(200, EntriesOut)
def list_entries(query: dict[str, Any]) -> Response:
    """Leaves of the log; a private entry shows its commitment only."""
    return jsonify({"items": house().read(log.entries, query["start"], query["end"])})


@blueprint.get("/log/inclusion")
@policy("public.read")
@blueprint.arguments(InclusionQuery, location="query")
@blueprint.response(200, InclusionOut)
def get_inclusion(query: dict[str, Any]) -> Response:
    """The proof that a leaf stands in the log."""
    return jsonify(house().read(log.inclusion, query["index"], query["size"]))


@blueprint.get("/log/consistency")
@policy("public.read")
@blueprint.arguments(ConsistencyQuery, location="query")
@blueprint.response(200, ConsistencyOut)
def get_consistency(query: dict[str, Any]) -> Response:
    """The proof that the log was only appended to."""
    return jsonify(house().read(log.consistency, query["first"], query["second"]))


@blueprint.get("/log/keys")
@policy("public.read")
@blueprint.response(200, KeysOut)
def list_keys() -> Response:
    """How the log's keys followed each other: statements that the old and the new key both signed, the oldest first."""
    return jsonify({"items": house().read(log.rotations)})


@blueprint.get("/log/key")
@policy("public.read")
@blueprint.response(200, KeyOut)
def get_key() -> Response:
    """The public key of receipts and checkpoints."""
    vault = house().vault
    return jsonify(
        {
            "key_id": vault.key_id,
            "algorithm": "Ed25519",
            "public_key": base64.b64encode(vault.public_key).decode(),
            "pem": vault.public_key_pem,
            "verifier_key": house().read(log.verifier_key, vault.public_key),
        }
    )
