"""Sealing the identities behind a registration under the applicant's own key: destroying it erases them all."""

from auction.kernel.unit import Unit
from auction.models import Person

from ..models import RegisteredIdentity
from ..queries.identities import sealed_column


def sealed_identity(
    unit: Unit,
    person: Person,
    *,
    registration_id: str,
    auction_id: str,
    part: str,
    id_type: str,
    id_number: str,
    name: str,
    share: str | None = None,
) -> RegisteredIdentity:
    """A live identity of a registration made by `person`; `id_number` is the normalised number.

    `part`: applicant, principal or joint. ValueError when the person's key has been destroyed.
    """
    key = person.wrapped_key
    if key is None:
        raise ValueError("the person has been erased")
    match = unit.vault.match_key(id_type, id_number)

    def sealed(field: str, text: str) -> bytes:
        return unit.vault.seal(key, person.id, sealed_column(registration_id, match, field), text)

    return RegisteredIdentity(
        registration_id=registration_id,
        id_match=match,
        auction_id=auction_id,
        part=part,
        id_type=id_type,
        name=sealed("name", name),
        id_number=sealed("id_number", id_number),
        share=share,
        live=True,
    )
