"""Access tokens: a pasted one, or one for 24 hours in exchange for the app's id and secret (facts 3.2)."""

from __future__ import annotations

import time

from connectors.base import Credentials
from connectors.http import Http, Response
from connectors.payload import Payload
from connectors.stores.shopify.answers import judge_shop
from integration.domain.errors import BadPayload, Refused

_EARLY = 60  # seconds; a token must not expire on the way
# Both mean that the id or the secret is wrong, or that the app was uninstalled.
_WRONG_APP = (b"invalid_client", b"application_cannot_be_found")


class Tokens:
    """The token of one shop; the exchanged one is kept in `state` with the monotonic second it ends at."""

    def __init__(self, base: str, credentials: Credentials, http: Http, state: dict[str, str]) -> None:
        self._url = f"{base}/admin/oauth/access_token"
        self._credentials = credentials
        self._http = http
        self._state = state

    @property
    def pasted(self) -> bool:
        """Whether the owner gave a token of the old kind, which has no end and cannot be renewed."""
        return bool(self._credentials.get("token"))

    def current(self) -> str:
        """A token that holds for the next minute; raises like `renew`."""
        if self.pasted:
            return self._credentials["token"]
        if float(self._state.get("token_ends", 0)) - _EARLY > time.monotonic():
            return self._state["token"]
        return self.renew()

    def renew(self) -> str:
        """Ask for a new one. `Refused` with Shopify's word for it (`invalid_client`, `shop_not_permitted`)."""
        answer = self._http.request(
            "POST",
            self._url,
            json={
                "client_id": self._credentials.get("client_id", ""),
                "client_secret": self._credentials.get("client_secret", ""),
                "grant_type": "client_credentials",
            },
        )
        _judge(answer)
        told = Payload.of(answer.body)
        token = told.text("access_token")
        if not token:
            raise BadPayload("bad_shape", path="$.access_token")
        self._state["token"] = token
        self._state["token_ends"] = str(time.monotonic() + told.whole("expires_in"))
        return token


def _judge(answer: Response) -> None:
    """Shopify gives its word for a refusal as JSON or on an HTML page."""
    if 400 <= answer.status < 500 and b"shop_not_permitted" in answer.body:
        raise Refused("shop_not_permitted")
    if 400 <= answer.status < 500 and any(word in answer.body for word in _WRONG_APP):
        raise Refused("invalid_client")
    judge_shop(answer)
