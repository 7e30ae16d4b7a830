"""Keeping the text of a written rule that a ruleset names by its SHA-256, for everybody to read."""

from auction.kernel.crypto import sha256_hex
from auction.kernel.unit import Unit

from ..models import WrittenRule


def keep_rule(unit: Unit, *, filename: str, media_type: str, content: bytes) -> WrittenRule:
    """Keep the file of a written rule; one that is kept already stays as it is."""
    digest = sha256_hex(content)
    kept = unit.session.get(WrittenRule, digest)
    if kept is not None:
        return kept
    rule = WrittenRule(sha256=digest, filename=filename, media_type=media_type, content=content, at=unit.now)
    unit.session.add(rule)
    unit.record("WrittenRuleKept", stream="system", body={"sha256": digest, "filename": filename})
    return rule
