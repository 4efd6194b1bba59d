"""The Admin GraphQL API: one POST; errors of HTTP and of GraphQL are judged here, `userErrors` by the caller."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from connectors.base import Credentials
from connectors.http import Http, Response
from connectors.payload import Payload
from connectors.stores.shopify.answers import judge_shop, read, withheld
from connectors.stores.shopify.tokens import Tokens
from integration.domain.errors import Ambiguous

API_VERSION = "2026-10"


@cache
def document(name: str) -> str:
    """The operation in `queries/<name>.graphql`."""
    return files("connectors.stores.shopify").joinpath("queries", f"{name}.graphql").read_text("utf-8")


class Client:
    """Runs our documents against one shop."""

    def __init__(self, base: str, credentials: Credentials, http: Http, state: dict[str, str]) -> None:
        self.tokens = Tokens(base, credentials, http, state)
        self._url = f"{base}/admin/api/{API_VERSION}/graphql.json"
        self._http = http

    def run(self, name: str, **variables: Any) -> Payload:
        """The `data` of the answer; fields that Shopify withheld (protected customer data) are absent in it."""
        return self.look(name, **variables)[0]

    def look(self, name: str, **variables: Any) -> tuple[Payload, frozenset[str]]:
        """The `data`, and the names of the fields that Shopify withheld.

        Every document of ours may be sent twice: queries change nothing, a code exists once, and what is deleted
        stays deleted. So no answer is `Temporary`, not `Ambiguous`. A refused token is renewed once.
        """
        told = Payload.of(self.ask(name, **variables).body)
        return read(told), withheld(told)

    def ask(self, name: str, **variables: Any) -> Response:
        """The whole answer; raises for what its status says."""
        try:
            answer = self._send(name, variables, self.tokens.current())
            if answer.status == 401 and not self.tokens.pasted:
                answer = self._send(name, variables, self.tokens.renew())
        except Ambiguous as lost:
            raise lost.as_temporary() from lost
        judge_shop(answer)
        return answer

    def _send(self, name: str, variables: Mapping[str, Any], token: str) -> Response:
        return self._http.request(
            "POST",
            self._url,
            headers={"X-Shopify-Access-Token": token},
            json={"query": document(name), "variables": variables},
        )
