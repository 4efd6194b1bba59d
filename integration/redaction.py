"""Takes people and secrets out of a text before it is logged (D12); names have no pattern and are never logged."""

from __future__ import annotations

import re
from collections.abc import Callable

_HIDDEN = "***"
_SECRET = "password|passwd|secret|token|signature|hmac|api_key|consumer_key"  # noqa: S105  their names
_OURS = re.compile(r"[a-z_]+|[a-z]+_[0-9a-z]{26}|[A-Z]?[a-z]+(?:[A-Z][a-z]+)+")
_DATE = re.compile(r"\d{4}-\d\d-\d\d(?: \d\d)?")

_Rule = tuple[re.Pattern[str], str | Callable[[re.Match[str]], str]]


def _unless(kept: re.Pattern[str]) -> Callable[[re.Match[str]], str]:
    return lambda found: found[0] if kept.fullmatch(found[0]) else _HIDDEN


# In this order: what is named as secret, what an address of ours carries, then whatever looks like a person or a key.
# Each begins where a word does, so that a long text takes no longer than its length.
_RULES: tuple[_Rule, ...] = (
    (re.compile(r"(?i)\b((?:proxy-)?authorization|(?:set-)?cookie)(['\"]?\s*[:=]).*"), rf"\1\2 {_HIDDEN}"),
    (re.compile(r"(?i)\b(bearer|basic) +[^\s'\",]+"), rf"\1 {_HIDDEN}"),
    (
        re.compile(
            rf"(?i)((?<![\w-])[\w-]{{0,30}}(?:{_SECRET})[\w-]{{0,30}}['\"]?\s*[=:]\s*)(?:'[^']*'|\"[^\"]*\"|[^\s'\"&,;)]+)"
        ),
        rf"\1{_HIDDEN}",
    ),
    (re.compile(r"://[^\s/@'\"]+@"), f"://{_HIDDEN}@"),
    (re.compile(r"(/[a-z]/|/admin/case/|/webhooks/[\w-]+/)[^\s/?#'\"<>]+"), rf"\1{_HIDDEN}"),
    (re.compile(r"(?<=\S)\?(?=[^\s'\"<>)])[^\s'\"<>]*"), f"?{_HIDDEN}"),
    (
        re.compile(r"(?<![^\s@<>\"'(,;:=])([^\s@<>\"'(,;:=])[^\s@<>\"'(,;:=]*(?:@|%40)([\w-]+(?:\.[\w-]+)+)"),
        rf"\1{_HIDDEN}@\2",
    ),
    (re.compile(r"\bPV-[0-9A-Z]{8,}\b"), f"PV-{_HIDDEN}"),
    (re.compile(r"\b(ck|cs|shp[a-z]{2}|whsec)_\w+"), rf"\1_{_HIDDEN}"),
    (re.compile(r"[A-Za-z0-9_-]{20,}"), _unless(_OURS)),
    (re.compile(r"(?<![\w-])\+?\(?\d(?:[ ().-]{0,2}\d){6,}(?!\w)"), _unless(_DATE)),
)

# How stores call what tells of a person, where no pattern would find it.
_PEOPLE = (
    "name|first_name|last_name|display_name|username|company|address|address_?[12]|street|city|postcode|zip|phone|email"
    "|note|customer_note|customer_message|latitude|longitude|browser_ip|customer_ip_address|client_ip"
)
_OF_PEOPLE = re.compile(rf'(?i)("(?:{_PEOPLE})"\s*:\s*)(?:"(?:[^"\\]|\\.)*"?|-?[\d.]+)')


def redact(text: str) -> str:
    """The text without mail addresses (`s***@example.com`), phones, secrets, tokens in addresses, and query strings."""
    for pattern, instead in _RULES:
        text = pattern.sub(instead, text)
    return text


def redact_body(text: str) -> str:
    """The same for what a store sent, whole or cut off, JSON or nearly: without what its fields tell of people, too."""
    return redact(_OF_PEOPLE.sub(rf'\1"{_HIDDEN}"', text))
