"""Discount codes of the demo store: `discounts.json` in its folder, always whole."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from threading import Lock
from typing import Any

from connectors.payload import Payload
from integration.domain.errors import Permanent, Temporary
from integration.domain.tasks import Discount, DiscountRequest

FILE = "discounts.json"
_LOCK = Lock()
_LIMITS = ("kind", "value", "currency", "email", "expires_at", "usage_limit", "min_subtotal", "reference")

Held = dict[str, Any]


def create(folder: Path, request: DiscountRequest) -> Discount:
    """Add the code, or find it as asked; `Permanent("discount_differs")`."""
    asked = _asked(request)

    def add(codes: list[Held]) -> list[Held]:
        held = _of(codes, request.code)
        wrong = [name for name in _LIMITS if held and held.get(name) != asked[name]]
        if wrong:
            raise Permanent("discount_differs", fields=", ".join(wrong))
        return codes if held else [*codes, asked]

    return _discount(_of(_change(folder, add), request.code) or asked)


def find(folder: Path, code: str) -> Discount | None:
    """The code in any case."""
    held = _of(_read(folder), code)
    return _discount(held) if held else None


def revoke(folder: Path, ref: str) -> None:
    """Take the code out; doing so twice is no harm."""
    _change(folder, lambda codes: [held for held in codes if held.get("id") != ref])


def read_file(path: Path) -> bytes:
    """The file's bytes; `Temporary("unreachable")` when the folder is not there or not ours."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise Temporary("unreachable", host=str(path), reason=error.strerror or "?") from error


def _asked(request: DiscountRequest) -> Held:
    return {
        "id": request.code.lower(),
        "code": request.code,
        "title": request.title,
        "kind": request.kind,
        "value": str(Decimal(0) if request.kind == "free_shipping" else request.value),
        "currency": request.currency,
        "email": request.email.strip().lower(),
        "expires_at": request.expires_at.isoformat(),
        "usage_limit": 1,
        "used": 0,
        "min_subtotal": str(request.min_subtotal.amount) if request.min_subtotal else None,
        "reference": request.reference,
    }


def _of(codes: list[Held], code: str) -> Held | None:
    return next((held for held in codes if str(held.get("code")).lower() == code.lower()), None)


def _discount(held: Held) -> Discount:
    payload = Payload(held)
    return Discount(
        ref=payload.ref("id"),
        code=payload.text("code"),
        bound=bool(payload.text("email")),
        expires_at=payload.moment("expires_at"),
        usage_limit=payload.whole("usage_limit") or None,
        used=payload.whole("used"),
    )


def _read(folder: Path) -> list[Held]:
    if not (folder / FILE).exists():
        return []
    found = Payload({"codes": Payload.of(read_file(folder / FILE)).value})
    return [dict(entry.value) for entry in found.each("codes") if entry.ref("id")]


def _change(folder: Path, change: Callable[[list[Held]], list[Held]]) -> list[Held]:
    with _LOCK:
        codes = change(_read(folder))
        write_file(folder / FILE, json.dumps(codes, indent=1, ensure_ascii=False))
        return codes


def write_file(path: Path, text: str) -> None:
    """Write beside it and rename, so that a reader sees the old file or the new one; `Temporary("unreachable")`."""
    try:
        _replace(path, text)
    except OSError as error:
        raise Temporary("unreachable", host=str(path.parent), reason=error.strerror or "?") from error


def _replace(path: Path, text: str) -> None:
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=path.name)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    Path(name).replace(path)
