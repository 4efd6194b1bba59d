"""The whole service: first answer after start, idle memory, complaint to code mail, delivered to label mail."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

from integration.demo import outbox
from integration.demo.check import fetch, wait_for
from integration.demo.world import World
from tests.bench.rows import Row

CONFIG = """
[server]
port = {port}
[shop]
from = "Mia <hola@mia.example>"
reply_to = "hola@mia.example"
"""
COMMAND = [sys.executable, "-c", "from integration.cli import main; main()"]


def bench_service() -> list[Row]:
    """`serve` as the owner starts it: an empty installation on SQLite."""
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "config.toml"
        subprocess.run([*COMMAND, "init", "--config", str(config)], check=True, stdout=subprocess.DEVNULL)
        port = _free_port()
        config.write_text(CONFIG.format(port=port))
        started = time.perf_counter()
        with subprocess.Popen([*COMMAND, "serve", "--config", str(config)], stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL) as process:  # fmt: skip
            try:
                wait_for(lambda: _answers(port), "serve does not answer")
                first = time.perf_counter() - started
                return [
                    Row("first answer after start", first, 2, "s"),
                    Row("idle `serve`, resident", _resident_mb(process.pid), 150, "MB"),
                ]
            finally:
                process.terminate()


def bench_line() -> list[Row]:
    """The line with real HTTP and store servers, mails into a folder; the slower of the two platforms."""
    delivered, complained = [], []
    with tempfile.TemporaryDirectory() as folder:
        world = World(Path(folder))
        try:
            world.start()
            for side in world.sides:
                start = time.perf_counter()
                side.post(*side.arrive(side.sell()))
                link = _wait(world, "label", side.name).link("c")
                delivered.append(time.perf_counter() - start)
                start = time.perf_counter()
                fetch(link, {"cause": "damaged", "text": "roto"})
                _wait(world, "discount_code", side.name)
                complained.append(time.perf_counter() - start)
        finally:
            world.stop()
    return [
        Row("delivered to label mail accepted", max(delivered), 3, "s"),
        Row("complaint to code mail", max(complained), 2, "s"),
    ]


def _wait(world: World, kind: str, shop: str) -> outbox.Sent:
    shop_id = world.shop_id(shop)

    def found() -> list[outbox.Sent]:
        mails = outbox.read(world.outbox)
        return [mail for mail in mails if mail.kind == kind and shop_id in str(mail.message["Feedback-ID"])]

    wait_for(found, f"no {kind} mail")
    return found()[0]


def _answers(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=1) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def _resident_mb(pid: int) -> float:
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6
