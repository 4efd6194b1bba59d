"""What a sender's domain says of its mails in DNS: its DKIM keys and its DMARC policy, and whether they fit From."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_der_public_key

from emails.dns import LookUp

_WEAKEST = 1024  # Yahoo and Gmail take no shorter key (A.2)
DkimProblem = Literal["", "missing", "revoked", "garbled", "weak"]
DmarcProblem = Literal["", "missing", "twice", "garbled"]


@dataclass(frozen=True, slots=True)
class Dkim:
    """The key found under a selector, or the problem; `bits` is 0 for a key that is no RSA key."""

    problem: DkimProblem
    selector: str = ""
    bits: int = 0


@dataclass(frozen=True, slots=True)
class Dmarc:
    """The policy that receivers find for a domain, at `domain` itself or above it."""

    problem: DmarcProblem
    domain: str = ""
    policy: str = ""
    strict_spf: bool = False
    strict_dkim: bool = False


def find_dkim(look_up: LookUp, domain: str, selectors: Iterable[str]) -> Dkim:
    """The first good key among the selectors, else what is wrong with the first that is there."""
    found = [_dkim(look_up, domain, selector) for selector in selectors]
    there = [one for one in found if one.problem != "missing"]
    return next((one for one in there if not one.problem), there[0] if there else Dkim("missing"))


def _dkim(look_up: LookUp, domain: str, selector: str) -> Dkim:
    texts = look_up(f"{selector}._domainkey.{domain}", "TXT")
    if not texts:
        return Dkim("missing", selector)
    tags = _tags(texts[0])
    key = "".join(tags.get("p", "?").split())
    if not key:
        return Dkim("revoked", selector)
    bits = _bits(key) if tags.get("k", "rsa") == "rsa" else 0
    if bits is None or tags.get("v", "DKIM1") != "DKIM1":
        return Dkim("garbled", selector)
    return Dkim("weak" if 0 < bits < _WEAKEST else "", selector, bits)


def _bits(key: str) -> int | None:
    try:
        read = load_der_public_key(base64.b64decode(key, validate=True))
    except (ValueError, binascii.Error, UnsupportedAlgorithm):
        return None
    return read.key_size if isinstance(read, RSAPublicKey) else None


def find_dmarc(look_up: LookUp, domain: str) -> Dmarc:
    """The record at the domain or the nearest one above it, as receivers walk up."""
    labels = domain.split(".")
    for place in range(len(labels) - 1):
        above = ".".join(labels[place:])
        texts = [text for text in look_up(f"_dmarc.{above}", "TXT") if text.lower().startswith("v=dmarc1")]
        if texts:
            return _dmarc(above, texts)
    return Dmarc("missing")


def _dmarc(domain: str, texts: list[str]) -> Dmarc:
    tags = _tags(texts[0])
    policy = tags.get("p", "").lower()
    if len(texts) > 1:
        return Dmarc("twice", domain)
    if policy not in ("none", "quarantine", "reject"):
        return Dmarc("garbled", domain)
    strict = {name: tags.get(name, "r").lower() == "s" for name in ("aspf", "adkim")}
    return Dmarc("", domain, policy, strict["aspf"], strict["adkim"])


def fits(domain: str, sender: str, dmarc: Dmarc, *, strict: bool) -> bool:
    """Whether an authenticated domain stands for the From domain: the same one, or both below the policy's domain."""
    if domain == sender:
        return True
    below = (f".{domain}".endswith(f".{dmarc.domain}"), f".{sender}".endswith(f".{dmarc.domain}"))
    return not strict and bool(dmarc.domain) and all(below)


def _tags(text: str) -> Mapping[str, str]:
    """`v=DMARC1; p=none` as a table (RFC 6376, 3.2)."""
    pairs = (part.partition("=") for part in text.split(";"))
    return {name.strip(): value.strip() for name, equals, value in pairs if equals}
