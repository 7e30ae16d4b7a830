"""What the linter of terms says: every breach and every warning, with the facts its sentence needs."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from typing import Literal

from ..kernel.errors import Breach
from .ruleset import Citation

#: What a sentence in any language can be made of: plain values; days are ISO dates, moments ISO times in UTC.
Facts = Mapping[str, int | str]


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding. An `error` bars the announcement; a `warning` is shown to the panel.

    `field` is the input it concerns (dotted path), `basis` the article, or the court's practice.
    """

    code: str
    severity: Literal["error", "warning"]
    field: str
    basis: Citation
    facts: Facts = dataclass_field(default_factory=dict)

    @property
    def is_error(self) -> bool:
        return self.severity == "error"

    def breach(self) -> Breach:
        """The same as one breach of a DomainError."""
        return Breach(self.code, self.field, self.basis, dict(self.facts))


def errors(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Only those that bar the announcement, in order."""
    return tuple(finding for finding in findings if finding.is_error)
