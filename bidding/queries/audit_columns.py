"""Which columns `fapai audit verify` makes again from the journal, and why the others are state that is no evidence.

Every column of every table stands in one of the two; a test sees to it, so that a new column must be declared.
"""

from collections.abc import Mapping
from types import MappingProxyType

#: Columns of which any other value is found, in the tables whose rows are compared one by one with what entries tell.
TOLD: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "auctions": (
            *("id", "lot_id", "shard", "round", "status", "reserve_price_fen", "increment_fen", "deposit_fen"),
            *("reference_price_fen", "opens_at", "closes_at", "scheduled_closes_at", "balance_days", "forfeit_fen"),
            *("late_reason", "late_reason_text", "resale_of", "ruleset_name", "ruleset", "seal", "announced_at"),
            *("announcement", "leader_registration_id", "extensions", "suspension", "ended_reason", "closed_at"),
            *("material_at", "balance_fen", "balance_due_at", "settlement", "created_at", "created_by"),
        ),
        "registrations": (
            *("id", "auction_id", "account_id", "person_id", "capacity", "claim", "claim_status", "claim_fen"),
            *("rank", "status", "refusal", "bidder_code", "deposit_due_fen", "undertakings", "seal", "barred", "hold"),
            *("has_bid", "release_due_at", "decided_by", "decision_reason", "created_at"),
        ),
        "payments": (
            *("id", "registration_id", "auction_id", "purpose", "amount_fen", "account", "status", "paid_fen"),
            *("paid_at", "refund_fen", "refund_due_at", "refunded_at", "refund_receipt_sha256", "created_at"),
        ),
        "gateway_notices": ("id", "payment_id", "outcome", "amount_fen", "at"),
        "postings": (*("id", "auction_id", "registration_id", "source", "destination", "amount_fen", "kind", "at"),),
        "takings": (
            *("id", "auction_id", "lot_id", "party_id", "status", "rank", "price_fen", "claim_fen", "difference_fen"),
            *("due_at", "registration_id", "answered_by", "answered_at", "decided_by", "decided_at", "reason"),
        ),
        "own_sales": (
            *("id", "auction_id", "lot_id", "above_fen", "offer_fen", "until_on", "ends_at", "status", "reason"),
            *("allowed_by", "allowed_at", "price_fen", "ended_by", "ended_at", "ended_reason"),
        ),
        "lot_groups": ("id", "case_id", "claim_fen", "costs_fen", "sell_all", "created_by", "created_at"),
        "lot_group_members": ("lot_id", "group_id"),
        "sale_objections": (
            *("id", "auction_id", "account_id", "kind", "grounds", "attachments", "status", "filed_at", "due_on"),
            *("received_by", "received_at", "decided_by", "decided_at", "decision_reason", "remedy_until"),
            *("review_status", "review_grounds", "review_filed_at", "review_due_on", "review_extended"),
            *("review_recorded_by", "review_decided_on", "review_reason"),
            *("suit_filed_on", "suit_outcome", "suit_ended_on", "suit_reason"),
        ),
        "qualifications": ("id", "auction_id", "registration_id", "attachments", "at"),
        "revocations": (
            *("auction_id", "lot_id", "registration_id", "ground", "lines", "reason", "barred", "by", "at"),
        ),
    }
)

#: Columns that the other checks of the audit compare: with bids' entries, chains, leaves, seals, recorded documents.
CHECKED: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "auctions": ("version", "price_fen", "leader_code", "leader_rank", "last_bid_at", "bid_count", "lapsed_seq"),
        "bids": (
            *("id", "auction_id", "registration_id", "bidder_code", "amount_fen", "rank", "arrived_at", "received_at"),
            *("outcome", "code", "seq", "price_fen", "closes_at", "journal_number", "signature", "key_id"),
        ),
        "room_events": ("auction_id", "version", "type", "data"),
        "confirmations": ("auction_id", "document"),
        "sheet_versions": ("lot_id", "version", "seal", "facts", "material"),
        "sheet_items": (
            *("lot_id", "code", "state", "statement", "data", "source", "checker", "checked_on", "attachments"),
        ),
        "former_announcements": ("auction_id", "edition", "sheet_version", "document", "replaced_at"),
        "reneges": ("auction_id", "status", "price_fen", "forfeited_fen", "declared_at"),
        "allocations": ("renege_id", "final_fen", "liable_fen", "lines"),
        "lots": ("id", "case_id", "court_code", "title", "asset_type", "region", "address", "disposal"),
        "taking_questions": ("auction_id", "seed", "commitment", "until_on"),
        "lot_drawings": ("auction_id", "rank", "drawn"),
        "lot_returns": ("auction_id", "kind", "reason"),
        "top_up_orders": ("id", "amount_fen", "lines"),
        "sanctions": (
            *("id", "person_id", "number", "court_code", "auction_id", "kind", "amount_fen", "until", "scope", "basis"),
            *("reason", "law", "factors", "review_until", "status", "in_force_at", "end_reason"),
        ),
        "standing_entries": ("id", "person_id", "kind", "auction_id", "facts", "at"),
        "standing_objections": ("id", "entry_id", "grounds", "status", "reason", "answered_by"),
        "reference_prices": ("lot_id", "method", "amount_fen", "effective_on", "valid_until"),
        "attachments": ("id", "lot_id", "sha256", "media_type", "size", "content"),
        "notices": ("lot_id", "position", "name", "role", "status", "at", "proof", "proof_file"),
        "panel_members": ("auction_id", "account_id", "position", "approve", "reason"),
        "journal": ("stream", "number", "kind", "at", "private", "entry", "hash"),
        "journal_salts": ("stream", "number", "salt"),
        "streams": ("stream", "number", "hash", "at"),
        "log_leaves": ("index", "stream", "number", "commitment", "hash"),
        "log_nodes": ("level", "index", "hash"),
        "checkpoints": ("size", "root", "note"),
        "cosignatures": ("size", "witness", "line", "seen_at"),
    }
)

#: Of accounts the role, and that no party or identity is gone, are checked nevertheless (`audit._check_people`).
_PEOPLE = "who somebody is and may sign in as: sealed, or a means of access; entries name accounts and persons by id"
_COURT = "entered before the announcement; what the public was told of it is in the sealed sheet and the announcement"
_ACTS = "the entry in the journal is the evidence; the row is what pages show of it, and no outcome is made from it"
_COPY = "kept beside what the entry tells, which names the same act; the entry is the evidence"
_REGISTRY = "imported from files whose hash is journaled, and imported again from them"
_RISK = "informs a regulator and decides nothing; what was decided on it is journaled"
_PAPERS = "kept for those who read it; its entry carries the hash, and what is decided on it is journaled"
_TOLD = "says what the journal says, to whom it concerns; nothing is decided on it"
_DRAFTS = "a draft; what becomes of it is sealed in the sheet"
_MACHINE = "how the program runs: made anew at will, evidence of nothing"
_LISTED = "made of lots, rounds and sealed sheets, to find them by; made anew from these at will"
_WAITING = "what somebody wants to be told of: it binds nobody and may be taken back at any time"
_CACHE = "a cached answer, asked for again whenever registry or day change"

#: State that is no evidence, with the reason; "*" stands for a whole table.
STATE: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "registrations": {"cleared_version": _CACHE, "cleared_on": _CACHE},
        "bids": {
            "shard": "where the row lies: made of the auction's id",
            "key": "the bidder's own name for the offer, which only answers a repetition",
            "minimum_fen": "a hint in the answer",
            "decided_at": "when it was judged; the time that counts is received_at",
        },
        "room_events": {"at": "when the room was told; bids carry their own time"},
        "confirmations": {"at": "its entry is dated itself"},
        "sheet_versions": {"at": "told by the seal's own entry"},
        "sheet_items": dict.fromkeys(("updated_at", "updated_by"), "told by the item's own entry"),
        "former_announcements": {"written_at": "when the edition before was replaced, or the round announced"},
        "reneges": dict.fromkeys(
            (
                *("id", "lot_id", "registration_id", "returned_fen", "factors", "reason", "declared_by"),
                *("revoked_by", "revoked_at", "revocation_reason"),
            ),
            _COPY,
        ),
        "allocations": dict.fromkeys(("reason", "by", "at"), _COPY),
        "top_up_orders": dict.fromkeys(
            (
                *("renege_id", "due_at", "status", "reason", "ordered_by", "ordered_at"),
                *("ended_by", "ended_at", "ended_reason"),
            ),
            _COPY,
        ),
        "sanctions": dict.fromkeys(
            ("account_id", "id_match", "proposed_by", "proposed_at", "served_at", "ended_at"), _COPY
        ),
        "standing_entries": dict.fromkeys(("court_code", "id_match", "number"), _COPY),
        "standing_objections": dict.fromkeys(("court_code", "filed_at", "due_at", "answered_at"), _COPY),
        "lot_groups": {"check_at": "that the group is to be counted: what came of it is journaled"},
        "taking_questions": {"asked_at": _COPY},
        "lot_drawings": dict.fromkeys(("by", "at"), _COPY),
        "lot_returns": dict.fromkeys(("lot_id", "by", "at"), _COPY),
        "lots": dict.fromkeys(("attributes", "seized_on", "sheet_version", "created_at", "created_by"), _COURT),
        "attachments": dict.fromkeys(("filename", "uploaded_at", "uploaded_by"), _COURT),
        "panel_members": {"voted_at": _COPY},
        "reference_prices": dict.fromkeys(("results", "steps", "set_at", "set_by"), _COURT),
        "journal": {"id": "the order of writing"},
        "streams": {"unsealed": "a hint to the sealer", "sealed_number": "a hint to the sealer"},
        "checkpoints": {"at": "when the head was signed: no proof rests on it"},
        **{name: {"*": _PEOPLE} for name in ("accounts", "agencies", "corrections", "courts", "persons")},
        **{name: {"*": _PEOPLE} for name in ("passkeys", "recovery_codes", "registered_identities")},
        **{name: {"*": _COURT} for name in ("cases", "parties", "tasks")},
        "resale_deposits": {"*": _COURT},
        **{name: {"*": _COURT} for name in ("court_items", "letter_templates", "price_steps")},
        **{name: {"*": _ACTS} for name in ("acknowledgements", "after_sale_steps", "allocation_entries", "approvals")},
        "witnesses": {"*": _ACTS},
        **{name: {"*": _ACTS} for name in ("approval_votes", "renege_objections", "sanction_reviews", "lifted_hits")},
        **{name: {"*": _ACTS} for name in ("interest_reviews", "written_rules", "clearance_plans")},
        **{name: {"*": _ACTS} for name in ("task_ends", "task_ratings", "task_reports", "part_decisions", "viewings")},
        **{
            name: {"*": _ACTS}
            for name in ("viewing_bookings", "questions", "answers", "held_answers", "question_merges")
        },
        **{name: {"*": _DRAFTS} for name in ("report_parts", "drafted_items")},
        "papers": {"*": _PAPERS},
        **{name: {"*": _ACTS} for name in ("outages", "outage_touches")},
        **{name: {"*": _TOLD} for name in ("mails", "messages")},
        **{name: {"*": _REGISTRY} for name in ("control", "registry_versions", "relatives", "staff")},
        **{name: {"*": _RISK} for name in ("alerts", "bid_patterns", "bid_screenings", "interest_findings")},
        **{name: {"*": _RISK} for name in ("clearance_assessments", "clearance_models", "clearance_outcomes")},
        **{name: {"*": _RISK} for name in ("registration_signals", "valuation_estimates", "valuation_models")},
        **{name: {"*": _LISTED} for name in ("lot_listings", "lot_words", "listing_changes")},
        **{name: {"*": _WAITING} for name in ("lot_follows", "court_follows", "saved_searches")},
        **{name: {"*": _MACHINE} for name in ("awaited_looks", "idempotency", "intake", "platform", "sessions")},
        "passkey_challenges": {"*": _MACHINE},
    }
)
