"""Reads the mails that the folder transport wrote."""

from __future__ import annotations

import email
import re
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import default
from functools import cached_property
from pathlib import Path
from typing import cast


@dataclass(frozen=True)
class Sent:
    """One mail of the outbox; `name` is its file's name without `.eml`."""

    name: str
    kind: str
    message: EmailMessage

    @cached_property
    def text(self) -> str:
        """The plain part."""
        part = self.message.get_body(("plain",))
        return str(part.get_content()) if part is not None else ""

    @cached_property
    def html(self) -> str:
        """The HTML part."""
        part = self.message.get_body(("html",))
        return str(part.get_content()) if part is not None else ""

    @cached_property
    def attachments(self) -> dict[str, bytes]:
        """File name to content."""
        return {
            part.get_filename() or "": cast("bytes", part.get_payload(decode=True))
            for part in self.message.iter_attachments()
        }

    def is_about(self, text: str) -> bool:
        """Whether it goes to this address or names this in its subject or its text."""
        return any(text in told for told in (str(self.message["To"]), str(self.message["Subject"]), self.text))

    def link(self, purpose: str) -> str:
        """The first link of the text part to a page (`s`, `r`, `c`, `u`), without its query; empty without one."""
        found = re.search(rf"https?://\S+/{purpose}/[\w-]+", self.text)
        return found.group() if found else ""


def read(folder: Path) -> list[Sent]:
    """The mails in the order they were written."""
    return [opened(path) for path in written(folder)]


def written(folder: Path) -> list[Path]:
    """Their files, in that order."""
    return sorted(folder.glob("*.eml"), key=lambda path: path.stat().st_mtime_ns)


def opened(path: Path) -> Sent:
    """The mail in this file."""
    return Sent(path.stem, kind_of(path.stem), email.message_from_bytes(path.read_bytes(), policy=default))


def kind_of(name: str) -> str:
    """The mail's kind from `<time>-<kind>-<mail id>`."""
    return name.split("-")[1] if name.count("-") >= 2 else ""
