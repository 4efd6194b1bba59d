"""The return slip as a PDF: an address label above a cut line, a sheet for the parcel below it."""

from __future__ import annotations

from integration.domain.labels import LabelRequest


def draw_slip(request: LabelRequest) -> bytes:
    """As `slip.draw_slip`, which is read with the first label: a start need not wait for fonts and barcodes."""
    from integration.labels import slip  # noqa: PLC0415

    return slip.draw_slip(request)
