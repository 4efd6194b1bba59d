"""Logging as it was: a test that turns it on leaves nothing of it to the next."""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def kept() -> Iterator[None]:
    """Handlers, levels and hooks are put back; loggers that another tool has switched off are on meanwhile."""
    root = logging.getLogger()
    before = root.level, list(root.handlers), threading.excepthook, sys.excepthook
    for logger in root.manager.loggerDict.values():
        if isinstance(logger, logging.Logger):
            logger.disabled = False  # import-linter's set-up switches off every logger there is
    try:
        yield
    finally:
        root.setLevel(before[0])
        root.handlers, threading.excepthook, sys.excepthook = before[1:]
