"""The secret addresses at which mail providers tell what became of mails: made from our key, nothing to store."""

from __future__ import annotations

import base64
import hashlib
import hmac

from integration.flows.services import Services


def address(services: Services, provider: str) -> str:
    """What the owner pastes into her provider's page of webhooks."""
    base = services.settings.server.public_url.rstrip("/")
    return f"{base}/webhooks/mail/{provider}/{_key(services, provider, services.vault.current)}"


def opens(services: Services, provider: str, key: str) -> bool:
    """Whether this is the key of the provider's door, made with any of our keys, so that a rotation closes none."""
    right = [_key(services, provider, key_id) for key_id in services.vault.key_ids]
    given = key.encode("utf-8", "surrogatepass")
    return any(hmac.compare_digest(one.encode(), given) for one in right)


def _key(services: Services, provider: str, key_id: str) -> str:
    made = hmac.new(services.vault.derive("mail-events", key_id), provider.encode(), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(made)[:22].decode()
