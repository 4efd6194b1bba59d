"""Run every benchmark, or those named, and print one table; exit 1 when a bound is not held, 2 for a wrong name."""

from __future__ import annotations

import sys
from collections.abc import Callable

from tests.bench.burst import bench_burst, bench_memory, bench_memory_long
from tests.bench.desk import bench_desk
from tests.bench.growth import bench_growth
from tests.bench.intake import bench_intake
from tests.bench.labels import bench_label
from tests.bench.mails import bench_mail
from tests.bench.parse import bench_parse
from tests.bench.reading import bench_reading
from tests.bench.rows import Row, table
from tests.bench.scaled import bench_scaled, bench_scaled_long
from tests.bench.service import bench_line, bench_service
from tests.bench.work import bench_mails, bench_sweep, bench_tasks

BENCHES: tuple[Callable[[], list[Row]], ...] = (
    bench_label,
    bench_mail,
    bench_parse,
    bench_tasks,
    bench_mails,
    bench_sweep,
    bench_reading,
    bench_service,
    bench_line,
    bench_intake,
    bench_burst,
    bench_memory,
    bench_desk,
    bench_scaled,
    bench_growth,
)
LONG = (bench_scaled_long, bench_memory_long)  # only when they are named


def main(*wanted: str) -> int:
    """Measure one after the other, so that none disturbs another; `intake` is `bench_intake`."""
    usual, long = ({bench.__name__.removeprefix("bench_"): bench for bench in some} for some in (BENCHES, LONG))
    known = usual | long
    if set(wanted) - set(known):
        sys.stderr.write(f"There are: {' '.join(known)}\n")
        return 2
    rows = [row for name in wanted or usual for row in known[name]()]
    sys.stdout.write(table(rows) + "\n")
    return 0 if all(row.held for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
