"""The app's own file, `shopify.app.toml`: what `shopify app deploy` puts into force (facts 1.4, 2.3, 3.5)."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence

from connectors.stores.shopify import scopes
from connectors.stores.shopify.checks import TOPICS
from connectors.stores.shopify.client import API_VERSION

NAME = "Postventa"


def written(
    client_id: str, public_url: str, webhook_url: str, compliance: Sequence[str], features: Collection[str]
) -> str:
    """The file as text; without `webhook_url`, that of an app whose shop is not connected yet."""
    parts = [_head(client_id, public_url), _table("access_scopes", scopes=",".join(scopes.needed(features)))]
    # Shopify wants a place to come back to; this app asks nobody to log in by Shopify, so it is the desk.
    parts += [_table("auth", redirect_urls=[f"{public_url}/admin/"]), _table("webhooks", api_version=API_VERSION)]
    if webhook_url:
        parts += [_subscription(topics=list(TOPICS), uri=webhook_url)]
        # These can be subscribed nowhere else than here (facts 2.1).
        parts += [_subscription(compliance_topics=list(compliance), uri=webhook_url)]
    if webhook_url and "storefront" in features:
        key = webhook_url.rpartition("/")[2]
        parts += [_table("app_proxy", url=f"{public_url}/storefront/shopify/{key}", prefix="apps", subpath="postventa")]
    return "\n".join(parts)


def _head(client_id: str, public_url: str) -> str:
    return _lines({"client_id": client_id, "name": NAME, "application_url": public_url, "embedded": False})


def _table(name: str, **values: object) -> str:
    return f"[{name}]\n{_lines(values)}"


def _subscription(**values: object) -> str:
    return f"[[webhooks.subscriptions]]\n{_lines(values)}"


def _lines(values: dict[str, object]) -> str:
    # TOML's basic strings, lists and booleans are written as JSON's.
    return "".join(f"{name} = {json.dumps(value)}\n" for name, value in values.items())
