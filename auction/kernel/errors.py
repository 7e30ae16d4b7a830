"""What a rule or a service raises when nothing may be stored.

An error is a machine-readable code and the facts it rests on; the sentence is made at the door, in the
reader's language. An outcome that must be kept (a refused bid) is returned, not raised.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from typing import Any, Protocol


class Cited(Protocol):
    """What a refusal rests on, as readers of either language are told."""

    @property
    def zh(self) -> str: ...

    @property
    def en(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Breach:
    """One reason among several: `code`, the input `field` it concerns (dotted path) and the facts of its sentence.

    `basis` where the article depends on more than the code; else the table of codes names it.
    """

    code: str
    field: str | None = None
    basis: Cited | None = None
    facts: Mapping[str, Any] = dataclass_field(default_factory=dict)


class DomainError(Exception):
    """A refusal: `code` from the public list, its facts, and every single breach where there are several."""

    def __init__(self, code: str, errors: Sequence[Breach] = (), *, basis: Cited | None = None, **facts: Any) -> None:
        super().__init__(code)
        self.code = code
        self.errors = tuple(errors)
        self.basis = basis
        self.facts = facts

    def __str__(self) -> str:
        return f"{self.code} {self.facts}" if self.facts else self.code


def invalid(field: str, code: str = "invalid", **facts: Any) -> DomainError:
    """The refusal of one input field: 422 `invalid` with that field's own code."""
    return DomainError("invalid", [Breach(code, field, facts=facts)])
