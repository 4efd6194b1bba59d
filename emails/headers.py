"""Texts, addresses and links made safe for a header, and encoded so that every reader gets them back whole."""

from __future__ import annotations

import re
from email.errors import MessageError
from email.header import Header
from email.headerregistry import Address
from functools import lru_cache
from urllib.parse import quote

LONGEST_TEXT = 500
_LONGEST_NAME = 120
_LONGEST_URL = 900  # a header line may have 998 octets, and a URL cannot be folded
_ENCODED_WORD = 75  # RFC 2047, section 2
_UNWANTED = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
_LINE_BREAKS = re.compile(r"[\t\n\v\f\r\x1c-\x1e\x85\u2028\u2029]+")
_MESSAGE_ID = re.compile(r"<[A-Za-z0-9!#$%&'*+/^_`{|}~.@=:\[\]-]{1,250}>")


def clean(text: str) -> str:
    """The text without NUL, control and bidi override characters; line feeds and tabs stay."""
    return _UNWANTED.sub("", text.encode("utf-8", "replace").decode())


def one_line(text: str, longest: int = LONGEST_TEXT) -> str:
    """The text as one clean line of at most `longest` characters."""
    return clean(_LINE_BREAKS.sub(" ", text)).strip()[:longest].strip()


def display_name(text: str) -> str:
    """A name as it can stand before an address.

    A name that is not ASCII is cut to one encoded word: Python's own parser, before 3.13, puts spaces between
    two of them inside a phrase, and so do some mail programs.
    """
    name = " ".join(one_line(text, _LONGEST_NAME).split())  # readers collapse spaces in a name anyway
    while not _is_plain(name) and len(_encode(name)) > _ENCODED_WORD:
        name = name[:-1].rstrip()
    return name


def encoded_text(text: str) -> str:
    """An unstructured value (a subject) folded into encoded words of at most 75 octets."""
    return text if _is_plain(text) and len(text) <= _ENCODED_WORD else _encode(text)


def mailbox(name: str, address: Address) -> str:
    """`"Name" <user@host>`, the name quoted or encoded."""
    shown = display_name(name)
    if not shown:
        return address.addr_spec
    if _is_plain(shown):
        escaped = shown.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{escaped}" <{address.addr_spec}>'
    return f"{_encode(shown)}\r\n <{address.addr_spec}>"


def parse_address(text: str) -> Address:
    """One address and nothing else, its domain in ASCII; ValueError for anything that is not that.

    A local part outside ASCII is kept: the transport sees whether the server takes it (SMTPUTF8).
    """
    text = text.strip(" ")
    local, _, domain = text.rpartition("@")
    if not (local and domain and text.isprintable()):
        raise ValueError("not an address")
    host = domain.encode("idna").decode()
    try:
        # The standard parser takes ASCII only, so a stand-in shows whether the shape is right.
        checked = Address(addr_spec=re.sub(r"[^\x00-\x7f]", "x", local) + "@" + host)
    except (MessageError, IndexError) as error:
        raise ValueError("not an address") from error
    address = checked if local.isascii() else Address(username=local, domain=host)
    if address.addr_spec != f"{local}@{host}" or len(local.encode()) > 64 or len(host) > 253:  # RFC 5321, 4.5.3.1
        raise ValueError("not an address")
    return address


def link(url: str) -> str:
    """The URL in ASCII, fit for a `List-*` header; ValueError if it is not http(s) or longer than a line.

    Every question mark behind the first is written `%3F`, which means the same and keeps parsers from
    seeing an encoded word (`=?…?=`) in it.
    """
    ascii_url = quote(clean(url).strip(), safe=":/?#[]@!$&'()*+,;=%-._~")
    path, mark, query = ascii_url.partition("?")
    ascii_url = path + mark + query.replace("?", "%3F")
    if not ascii_url.startswith(("https://", "http://")) or len(ascii_url) > _LONGEST_URL:
        raise ValueError("not a link for a header")
    return ascii_url


def message_ids(ids: tuple[str, ...]) -> list[str]:
    """Those that look like a message id, at most 20: the first of the thread and the latest."""
    good = [one for one in ids if _MESSAGE_ID.fullmatch(one)]
    return good if len(good) <= 20 else [good[0], *good[-19:]]


def _is_plain(text: str) -> bool:
    return text.isascii() and "=?" not in text


@lru_cache(maxsize=64)  # the shop's own name, in every mail
def _encode(text: str) -> str:
    return Header(text, "utf-8", maxlinelen=_ENCODED_WORD).encode(linesep="\r\n")
