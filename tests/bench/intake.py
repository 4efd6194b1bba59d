"""What keeping a webhook costs: against the same server's no-op, on a slow disk, beside busy jobs and slow clients."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

from tests.bench.door import SECRET
from tests.bench.load import Offer, Outcome, Webhooks
from tests.bench.rows import Row

ROUNDS = 3
SECONDS = 1.5
SLOW = 5000  # microseconds that a rented disk takes longer for each fsync
TRICKLING = 40


@dataclass(frozen=True)
class Service:
    """A running service: where its door is, in which process and folder."""

    port: int
    path: str
    pid: int = 0
    folder: str = ""

    def offer(self, path: str = "", **wishes: float) -> Outcome:
        """Offer webhooks from a second process."""
        offered = Offer(self.port, path or self.path, SECRET, **{"seconds": SECONDS, **wishes}, first=fresh())  # type: ignore[arg-type]
        load = [sys.executable, "-m", "tests.bench.load", json.dumps(asdict(offered))]
        return Outcome(**json.loads(subprocess.run(load, check=True, capture_output=True, text=True).stdout))


def fresh() -> int:
    """A number that no order had before."""
    return time.monotonic_ns() // 1000 % 500_000_000


def bench_intake() -> list[Row]:
    """The rows that need no compiler, then those on a slow disk."""
    return [*bench_throughput(), bench_busy(), bench_trickle(), *bench_slow_disk()]


def bench_throughput() -> list[Row]:
    """No-op and door by turns, so that what else this machine does meets both."""
    shares, lasts = [], []
    with service() as running:
        for _ in range(ROUNDS):
            nothing, kept = running.offer("/no-op"), all_kept(running.offer())
            shares.append(kept.each_second / nothing.each_second)
            lasts.append(kept.p99)
    return [
        Row("webhook kept, share of the no-op's throughput", median(shares), 0.45, "x", at_least=True),
        Row("webhook kept at full load, p99", median(lasts), 30, "ms"),
    ]


def bench_busy() -> Row:
    """200 a second while a job of the same process never rests."""
    with service("busy") as running:
        kept = all_kept(running.offer(seconds=4, rate=200))
    return Row("webhook kept at 200/s beside a busy job, p99", kept.p99, 20, "ms")


def bench_trickle() -> Row:
    """A normal webhook while others send their body at a byte a second."""
    with service() as running, trickling(running):
        took = all_kept(running.offer(seconds=1, connections=1)).p99
    return Row(f"webhook kept beside {TRICKLING} trickling clients, p99", took, 50, "ms")


@contextmanager
def trickling(running: Service) -> Iterator[None]:
    """Clients that have sent a complete head and ten bytes of their body."""
    request = Webhooks(Offer(running.port, running.path, SECRET, 1)).next()
    begun = request[: request.index(b"\r\n\r\n") + 14]
    lines = [socket.create_connection(("127.0.0.1", running.port)) for _ in range(TRICKLING)]
    for line in lines:
        line.sendall(begun)
    yield
    for line in lines:
        line.close()


def bench_slow_disk() -> list[Row]:
    """Where each fsync takes 5 ms longer: against one commit each, and on one core with all jobs running."""
    with tempfile.TemporaryDirectory() as folder:
        shim = slow_disk(Path(folder))
        if shim is None:
            print("No C compiler here: the rows on a slow disk are left out.", file=sys.stderr)
            return []
        with service(LD_PRELOAD=str(shim)) as running:
            each, shared = running.offer("/orm"), all_kept(running.offer())
        with service("worker", core=0, LD_PRELOAD=str(shim)) as running:
            steady = running.offer(seconds=5, rate=20)
    refused = sum(count for status, count in steady.statuses.items() if status != "200")
    return [
        Row("slow disk: webhooks kept, times one ORM commit each", shared.each_second / each.each_second, 6, "x",
            at_least=True),
        Row("slow disk: webhook kept at full load, p99", shared.p99, 100, "ms"),
        Row("slow disk, one core, jobs, 20/s: webhook kept, p99", steady.p99, 250, "ms"),
        Row("slow disk, one core, jobs, 20/s: refused", refused, 0, ""),
    ]  # fmt: skip


def slow_disk(folder: Path) -> Path | None:
    """A library to preload that makes every fsync last longer; `None` where nothing compiles it."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None or sys.platform != "linux":
        return None
    made = folder / "slow_disk.so"
    source = Path(__file__).with_name("slow_disk.c")
    subprocess.run([compiler, "-shared", "-fPIC", f"-DDELAY={SLOW}", "-o", made, source], check=True)
    return made


def all_kept(outcome: Outcome) -> Outcome:
    """The outcome, if nothing was refused."""
    if set(outcome.statuses) != {"200"}:
        raise RuntimeError(f"not all webhooks were kept: {outcome.statuses}")
    return outcome


@contextmanager
def service(*wishes: str, core: int | None = None, **environment: str) -> Iterator[Service]:
    """`tests.bench.door` in a folder of its own, on one core if wished."""
    with tempfile.TemporaryDirectory() as folder:
        door = [sys.executable, "-m", "tests.bench.door", folder, *wishes]
        with subprocess.Popen(door, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
                              env=os.environ | environment) as process:  # fmt: skip
            try:
                if core is not None:
                    os.sched_setaffinity(process.pid, {core})
                assert process.stdout
                port, path = process.stdout.readline().split()
                yield Service(int(port), path, process.pid, folder)
            finally:
                process.kill()
