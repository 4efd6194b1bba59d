"""Signatures: any secret that still holds, nothing else, whatever stands in the header."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as some

from connectors.signing import sign, signed

BODY = '{"id":14,"name":"Ñandú"}'.encode()


def test_the_signature_is_base64_of_the_hmac_over_the_raw_body() -> None:
    # `printf '{"id":19}' | openssl dgst -sha256 -hmac secret -binary | base64`
    assert sign(b'{"id":19}', "secret") == "3c4PStPEXFf/9/u/ro6rL24fmiWNtXyC8H8rKZ30kIU="


def test_two_secrets_hold_during_a_rotation() -> None:
    for secret in ("old", "new"):
        assert signed(BODY, sign(BODY, secret), ["new", "old"])


@pytest.mark.parametrize("signature", ["", "=", "?", "bm90IGl0", "ñ", "\udcff\ud800", "A" * 100_000])
def test_a_garbled_signature_is_only_wrong(signature: str) -> None:
    assert not signed(BODY, signature, ["s"])


def test_without_a_secret_nothing_is_signed() -> None:
    assert not signed(BODY, sign(BODY, ""), [""])
    assert not signed(BODY, sign(BODY, "s"), [])


@given(some.binary(), some.text(min_size=1), some.text(some.characters()))
def test_whatever_eve_sends_is_refused_without_an_error(body: bytes, secret: str, signature: str) -> None:
    assert not signed(body, signature, [secret + "x"]) or signature.strip() == sign(body, secret + "x")
