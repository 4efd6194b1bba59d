"""QR and Code 128 as rows of modules, drawn elsewhere as one filled vector path."""

from __future__ import annotations

import re
from collections.abc import Iterator

import zxingcpp

Modules = list[bytes]
"""Rows of modules, 0 is dark, without the quiet zone."""

QR_QUIET = 4  # modules on each side, ISO/IEC 18004
CODE128_QUIET = 10  # modules left and right, ISO/IEC 15417


def qr(text: str, most_modules: int) -> Modules | None:
    """The QR of `text` at error correction Q, or L where Q has more than `most_modules` a side; `None` if both have."""
    for level in ("Q", "L"):
        modules = _modules(text, zxingcpp.BarcodeFormat.QRCode, ec_level=level)
        if modules and len(modules) <= most_modules:
            return modules
    return None


def code128(text: str, most_modules: int) -> Modules | None:
    """The Code 128 of `text` as one row; `None` where it cannot be encoded in `most_modules`."""
    if not text.isascii():
        return None  # Latin-1 would need a reader that knows of it
    modules = _modules(text, zxingcpp.BarcodeFormat.Code128)
    return modules[:1] if modules and len(modules[0]) <= most_modules else None


def dark_runs(row: bytes) -> Iterator[tuple[int, int]]:
    """Start and length of each run of dark modules."""
    for run in re.finditer(b"\0+", row):
        yield run.start(), run.end() - run.start()


def _modules(text: str, code: zxingcpp.BarcodeFormat, **options: str) -> Modules | None:
    try:
        barcode = zxingcpp.create_barcode(text, code, **options)
    except (ValueError, RuntimeError):  # empty, too long, or signs that the code does not have
        return None
    image = barcode.to_image(scale=1, add_quiet_zones=False)
    pixels, width = memoryview(image).tobytes(), image.shape[1]  # type: ignore[arg-type]  # its stub hides the buffer
    return [pixels[start : start + width] for start in range(0, len(pixels), width)]
