"""placeholder."""

from __future__ import annotations


def bounce_address(mailbox: str, mail_id: str) -> str:
    """x."""
    local, at, domain = mailbox.rpartition("@")
    return f"{local}+{mail_id}{at}{domain}" if at else ""
