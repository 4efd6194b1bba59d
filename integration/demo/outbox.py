"""Reads the mails that the folder transport wrote."""

from __future__ import annotations

import email
import re
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import cast


@dataclass(frozen=True)
class Sent:
    """One mail of the outbox; `name` is its file's name without `.eml`."""

    name: str
    kind: str
    message: EmailMessage

    @property
    def text(self) -> str:
        """The plain part."""
        part = self.message.get_body(("plain",))
        return str(part.get_content()) if part is not None else ""

    @property
    def html(self) -> str:
        """The HTML part."""
        part = self.message.get_body(("html",))
        return str(part.get_content()) if part is not None else ""

    @property
    def attachments(self) -> dict[str, bytes]:
        """File name to content."""
        return {
            part.get_filename() or "": cast("bytes", part.get_payload(decode=True))
            for part in self.message.iter_attachments()
        }

    def link(self, purpose: str) -> str:
        """The first link of the text part to a page (`s`, `r`, `c`, `u`), without its query; empty without one."""
        found = re.search(rf"https?://\S+/{purpose}/[\w-]+", self.text)
        return found.group() if found else ""


def read(folder: Path, since: str = "") -> list[Sent]:
    """The mails written after the file `since`, oldest first."""
    found = []
    for path in sorted(folder.glob("*.eml")) if folder.is_dir() else ():
        if path.stem > since:
            message = email.message_from_bytes(path.read_bytes(), policy=default)
            found.append(Sent(path.stem, kind_of(path.stem), message))
    return found


def kind_of(name: str) -> str:
    """The mail's kind from `<time>-<kind>-<mail id>`."""
    return name.split("-")[1] if name.count("-") >= 2 else ""
