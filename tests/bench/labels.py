"""What drawing a return slip costs."""

from __future__ import annotations

from integration.labels.slip import draw_slip
from tests.bench.rows import Row, cpu_ms
from tests.labels.slips import varied


def bench_label() -> list[Row]:
    """One slip, over 200 that differ in address, items and language."""
    return [Row("return slip drawn, CPU", cpu_ms(draw_slip, varied(200)), 10, "ms")]
