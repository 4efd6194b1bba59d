"""What is told on standard error: one line an event, in UTC, without people or secrets (D12)."""

from __future__ import annotations

import json
import logging
import sys
import threading
import traceback
from datetime import UTC, datetime
from pathlib import PurePath
from types import TracebackType
from typing import Any

from integration.domain.errors import PostventaError
from integration.redaction import redact
from integration.settings import Log

# What others tell on lower levels holds addresses of calls and values of statements, or nothing but heartbeats.
_LEAST = {"urllib3": logging.INFO, "sqlalchemy": logging.WARNING, "alembic": logging.WARNING}
_LEAST |= {"apscheduler": logging.WARNING}
_MOST = 4000  # signs of one value
_security = logging.getLogger("postventa.security")
_log = logging.getLogger(__name__)


def security(event: str, **values: object) -> None:
    """A security event by its code (`webhook_refused`), with ids and codes only."""
    _security.info(event, extra={"values": values})


def start(log: Log, *, quiet: bool = False) -> None:
    """Log as the settings say; `quiet` is for commands: warnings alone, and security where nobody looks on (cron)."""
    handler = _Stderr()
    handler.setFormatter(_Lines(log.format))
    level = logging.getLevelNamesMapping()[log.level.upper()]
    root = max(level, logging.WARNING) if quiet else level
    logging.basicConfig(level=root, handlers=[handler], force=True)
    watched = quiet and sys.stderr.isatty()
    _security.setLevel(root if watched else max(level, logging.INFO))
    for name, least in _LEAST.items():
        logging.getLogger(name).setLevel(max(least, root))
    threading.excepthook = _thread_ended
    if not quiet:
        sys.excepthook = _program_ended


class _Stderr(logging.Handler):
    """Writes to what standard error is now; a line that cannot be written never shows its values."""

    def emit(self, record: logging.LogRecord) -> None:
        try:
            line = self.format(record)
        except Exception:  # noqa: BLE001  a bad format string must not end what it tells of
            line = json.dumps({"level": "error", "logger": record.name, "message": "a log line could not be written"})
        sys.stderr.write(line + "\n")
        sys.stderr.flush()


class _Lines(logging.Formatter):
    """A record as one line; of an exception its kind and place, since its message may hold anybody's data."""

    def __init__(self, style: str) -> None:
        super().__init__()
        self._json = style == "json"

    def format(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        values: dict[str, Any] = {"level": record.levelname.lower(), "logger": record.name}
        values["message"] = redact(record.getMessage()[:_MOST])
        told = {name: redact(str(value)[:_MOST]) for name, value in getattr(record, "values", {}).items()}
        values = told | values
        if record.exc_info and record.exc_info[1]:
            values["error"] = [_told(one) for one in _chain(record.exc_info[1])]
        if self._json:
            return json.dumps({"at": at, **values})
        rest = " ".join(f"{name}={value}" for name, value in values.items() if name not in ("level", "message"))
        return _on_one_line(f"{at} {record.levelname} {values['message']} {rest}")


def _chain(error: BaseException) -> list[BaseException]:
    chain = [error]
    while (cause := chain[-1].__cause__ or chain[-1].__context__) and cause not in chain:
        chain.append(cause)
    return chain


def _told(error: BaseException) -> dict[str, Any]:
    trace = traceback.extract_tb(error.__traceback__)
    frames = [f"{'/'.join(PurePath(one.filename).parts[-3:])}:{one.lineno} {one.name}" for one in trace]
    said = redact(str(error)) if isinstance(error, PostventaError) else ""
    return {"kind": type(error).__name__, "at": frames, **({"code": said} if said else {})}


def _on_one_line(text: str) -> str:
    """Without line ends or terminal commands: nobody writes a second line into the log (ASVS 16.4.1)."""
    return "".join(sign if sign.isprintable() else sign.encode("unicode_escape").decode() for sign in text)


def _thread_ended(ended: threading.ExceptHookArgs) -> None:
    _log.error("thread %s ended", ended.thread.name if ended.thread else "?", exc_info=ended.exc_value)


def _program_ended(_kind: type[BaseException], error: BaseException, _trace: TracebackType | None) -> None:
    _log.critical("the program ended", exc_info=error)
