"""What security keys sign, made and verified with the `webauthn` library. The site is FAPAI_PUBLIC_URL."""

import json
from typing import Any
from urllib.parse import urlsplit

import webauthn
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from auction.kernel.errors import DomainError
from auction.kernel.settings import Settings
from auction.kernel.unit import Unit
from auction.models import Account, Passkey
from auction.services.passkeys import CHALLENGE

_TIMEOUT = int(CHALLENGE.total_seconds() * 1000)
#: Whoever holds the key has also shown the password: that he is there is enough.
_PRESENT = UserVerificationRequirement.DISCOURAGED


def site(settings: Settings) -> tuple[str, str]:
    """Relying party id and origin. DomainError wrong_state without FAPAI_PUBLIC_URL: nothing else may name the site."""
    parts = urlsplit(settings.public_url or "")
    if not parts.hostname:
        raise DomainError("wrong_state", reason="no_public_url")
    return parts.hostname, f"{parts.scheme}://{parts.netloc}"


def enrolment(settings: Settings, account: Account, known: list[Passkey], challenge: bytes) -> dict[str, Any]:
    """What `navigator.credentials.create` is to be asked, as JSON values."""
    options = webauthn.generate_registration_options(
        rp_id=site(settings)[0],
        rp_name="法拍",
        user_id=account.id.encode(),
        user_name=account.username,
        user_display_name=account.display_name,
        challenge=challenge,
        timeout=_TIMEOUT,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.DISCOURAGED, user_verification=_PRESENT
        ),
        exclude_credentials=_described(known),
    )
    return _plain(options)


def request(settings: Settings, known: list[Passkey], challenge: bytes) -> dict[str, Any]:
    """What `navigator.credentials.get` is to be asked, as JSON values."""
    options = webauthn.generate_authentication_options(
        rp_id=site(settings)[0],
        challenge=challenge,
        timeout=_TIMEOUT,
        allow_credentials=_described(known),
        user_verification=_PRESENT,
    )
    return _plain(options)


def _described(known: list[Passkey]) -> list[PublicKeyCredentialDescriptor]:
    return [PublicKeyCredentialDescriptor(id=base64url_to_bytes(key.id)) for key in known]


def _plain(options: Any) -> dict[str, Any]:
    plain: dict[str, Any] = json.loads(webauthn.options_to_json(options))
    return plain


def challenge_of(credential: dict[str, Any]) -> bytes | None:
    """The challenge an authenticator says it has signed; None for what cannot be read."""
    try:
        said = json.loads(base64url_to_bytes(credential["response"]["clientDataJSON"]))
        return base64url_to_bytes(said["challenge"])
    except (KeyError, TypeError, ValueError, AttributeError):
        return None


def enrolled(settings: Settings, credential: dict[str, Any], challenge: bytes) -> tuple[str, bytes, int] | None:
    """The key's id, its public key and its count; None for what proves none here."""
    rp_id, origin = site(settings)
    try:
        found = webauthn.verify_registration_response(
            credential=credential, expected_challenge=challenge, expected_rp_id=rp_id, expected_origin=origin
        )
    except (WebAuthnException, ValueError, TypeError, KeyError, AttributeError):
        return None
    return bytes_to_base64url(found.credential_id), found.credential_public_key, found.sign_count


def holds(unit: Unit, account: Account, credential: dict[str, Any], challenge: bytes) -> bool:
    """Whether one of the account's keys has signed the challenge here and now; its count is kept. A count that does not
    grow means that the key was copied: refused.
    """
    key_id = credential.get("id")
    key = unit.session.get(Passkey, key_id, with_for_update=True) if isinstance(key_id, str) else None
    if key is None or key.account_id != account.id:
        return False
    rp_id, origin = site(unit.settings)
    try:
        found = webauthn.verify_authentication_response(
            credential=credential,
            expected_challenge=challenge,
            expected_rp_id=rp_id,
            expected_origin=origin,
            credential_public_key=key.public_key,
            credential_current_sign_count=key.sign_count,
        )
    except (WebAuthnException, ValueError, TypeError, KeyError, AttributeError):
        return False
    key.sign_count, key.used_at = found.new_sign_count, unit.machine_now
    return True
