"""Mail providers that tell what became of a mail: one module each, by the name that its webhook address has."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from emails.bounces import Heard
from emails.providers import postmark

PROVIDERS: Mapping[str, Callable[[bytes], tuple[Heard, ...]]] = {"postmark": postmark.heard}
"""What a body tells; each raises `BadPayload` for one of another shape than its provider documents."""
