"""The languages we write in, and the countries that read them."""

from __future__ import annotations

LANGUAGES = ("es", "en", "pt_BR")
SPANISH_SPEAKING = frozenset("AR BO CL CO CR CU DO EC ES GQ GT HN MX NI PA PE PR PY SV UY VE".split())
PORTUGUESE_SPEAKING = frozenset({"BR", "PT", "AO", "MZ", "CV"})


def language_of(tag: str) -> str | None:
    """Ours for a tag in anyone's spelling (`pt-PT`, `es_CL`, `EN`); `None` for a language we do not write."""
    return {"es": "es", "en": "en", "pt": "pt_BR"}.get(tag.strip().replace("_", "-").lower().split("-")[0])
