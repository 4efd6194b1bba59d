"""`postventa init`: a config and a key, ready to edit."""

from __future__ import annotations

import json
import os
import re
from email.utils import parseaddr
from importlib.resources import files
from pathlib import Path
from urllib.parse import urlsplit

import click

from integration.cli.commands import config_option, helped, postventa
from integration.cli.terminal import say
from integration.domain.errors import Conflict, Misconfigured
from integration.vault import write_key_file

_DOMAIN = re.compile(r"(?!-)[a-z0-9-]+(\.[a-z0-9-]+)*\.[a-z][a-z0-9-]+")
_MAILBOX = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")


@postventa.command(help=helped("init"))
@config_option
@click.option("--domain", default="", help=helped("init_domain"))
@click.option("--from", "sender", default="", help=helped("init_from"))
@click.option("--reply-to", default="", help=helped("init_reply_to"))
def init(config_path: Path, domain: str, sender: str, reply_to: str) -> None:
    """Write config.toml and postventa.key, both 0600; never over an existing one."""
    key_path = config_path.parent / "postventa.key"
    for path in (config_path, key_path):
        if path.exists():
            raise Conflict("file_exists", file=path.name)
    example = files("integration").joinpath("config.example.toml").read_text("utf-8")
    write_private(config_path, filled(example, domain, sender, reply_to))
    write_key_file(key_path)
    say("init.done", config=config_path.name, key_file=key_path.name)
    if domain and sender and reply_to:
        say("init.complete", config=config_path.name)
    else:
        say("init.fill_in", config=config_path.name)
    say("init.next", key_file=key_path.name)


def filled(example: str, domain: str, sender: str, reply_to: str) -> str:
    """The example with what is known already; `Misconfigured` when it is no domain or no mailbox."""
    host = (urlsplit(domain).hostname or "") if "//" in domain else domain.strip().strip("/").lower()
    if domain and not _DOMAIN.fullmatch(host):
        raise Misconfigured("bad_domain", domain=domain[:80])
    for code, mailbox in (("bad_sender", sender), ("bad_reply_to", reply_to)):
        if mailbox and not _MAILBOX.fullmatch(parseaddr(mailbox)[1]):
            raise Misconfigured(code, address=mailbox[:80])
    known = {"public_url": host and f"https://{host}", "from": sender, "reply_to": reply_to}
    for key, value in known.items():
        if value:
            example = _with(example, key, json.dumps(value, ensure_ascii=False))
    return _with(example, "trusted_proxies", "1") if host else example


def _with(text: str, key: str, value: str) -> str:
    return re.sub(rf"^{key} = .*$", lambda _: f"{key} = {value}", text, count=1, flags=re.MULTILINE)


def write_private(path: Path, text: str) -> None:
    """A new file that only its owner can read."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
