"""`make soak`: five minutes, or `ARGS="--seconds 30 --seed 7 --postgres"`; exit 1 when a promise was broken."""

from __future__ import annotations

import argparse
import secrets
import sys
from contextlib import nullcontext

from tests.postgres import running
from tests.soak.run import run


def main() -> int:
    """Soak, and tell what happened."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--seconds", type=float, default=300)
    options.add_argument("--seed", type=int, default=secrets.randbelow(10**6))
    options.add_argument("--postgres", action="store_true")
    asked = options.parse_args()
    sys.stdout.write(f"seed {asked.seed}, {asked.seconds:g} s\n")
    sys.stdout.flush()
    with running() if asked.postgres else nullcontext() as server:
        report = run(asked.seconds, asked.seed, server.url(server.database()) if server else "")
    sys.stdout.write(f"{report}\n")
    return 1 if report.broken else 0


if __name__ == "__main__":
    sys.exit(main())
