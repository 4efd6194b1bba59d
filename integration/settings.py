"""`config.toml` and `POSTVENTA_<SECTION>_<KEY>` become frozen settings; an unknown key is an error."""

from __future__ import annotations

import dataclasses
import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, available_timezones

from pydantic import Field, TypeAdapter, ValidationError

from integration.domain.errors import Misconfigured
from integration.domain.policy import Compensation, Fixes, Policy
from integration.durations import OFF, read_spelling, spell_duration


@dataclass(frozen=True, kw_only=True)
class Server:
    """Where we listen and how the world reaches us."""

    host: str = "127.0.0.1"
    port: int = 8000
    public_url: str = "http://127.0.0.1:8000"
    trusted_proxies: int = 0
    metrics_token: str = field(default="", repr=False)


@dataclass(frozen=True, kw_only=True)
class DatabaseAt:
    """`sqlite:///file` (relative to the config's folder) or `postgresql+psycopg://…`."""

    url: str = "sqlite:///postventa.db"


@dataclass(frozen=True, kw_only=True)
class Keys:
    """The key file; or its lines themselves in `value`, for set-ups without a disk."""

    file: str = "postventa.key"
    value: str = field(default="", repr=False)


@dataclass(frozen=True, kw_only=True)
class Mail:
    """How mails leave, where their bounces go, and how many at a time."""

    transport: Literal["smtp", "api", "folder"] = "folder"
    host: str = "localhost"
    port: int = 587
    username: str = ""
    password: str = field(default="", repr=False)
    starttls: Literal["auto", "required", "off"] = "auto"
    folder: str = "outbox"
    api_url: str = "https://api.postmarkapp.com"
    api_token: str = field(default="", repr=False)
    api_stream: str = "outbound"
    bounces_to: str = ""
    dkim_selector: str = ""
    daily_cap: Annotated[int, Field(ge=0)] = 0
    warm_up: bool = False


@dataclass(frozen=True, kw_only=True)
class HttpOut:
    """Limits of our own calls; `allow_private_hosts` also permits http and any port (tests)."""

    allow_private_hosts: bool = False
    ca_file: str = ""
    connect_timeout: float = 5
    read_timeout: float = 20
    max_bytes: int = 16_000_000


@dataclass(frozen=True, kw_only=True)
class ShopDefaults:
    """Who writes: the sender of every mail and the address on every slip."""

    legal_name: str = ""
    address: str = ""
    from_: str = ""
    reply_to: str = ""
    owner: str = ""
    zone: str = "UTC"
    locale: Literal["es", "en", "pt_BR"] = "es"


@dataclass(frozen=True, kw_only=True)
class ContactPerson:
    """The person a shopper sees in every mail and page."""

    name: str = ""
    photo: str = ""
    hours: str = ""
    phone: str = ""
    whatsapp: str = ""
    mail: str = ""


@dataclass(frozen=True, kw_only=True)
class Worker:
    """What makes time pass; `poll` is the longest wait when nobody wakes it, `lease` how long a task is a worker's."""

    engine: Literal["embedded", "celery"] = "embedded"
    broker: str = field(default="", repr=False)
    hands: Annotated[int, Field(ge=1)] = 4
    poll: timedelta = timedelta(seconds=2)
    lease: timedelta = timedelta(minutes=10)  # longer than the time-outs of a mail server and a store together


@dataclass(frozen=True, kw_only=True)
class Alerts:
    """How the owner learns that all is well, and that it is not; `daily` is a time of her shop's day, or `off`."""

    daily: Annotated[str, Field(pattern=r"^(off|([01]\d|2[0-3]):[0-5]\d)$")] = "08:00"
    ping_url: str = field(default="", repr=False)


@dataclass(frozen=True, kw_only=True)
class Backup:
    """Where back-ups go and how many stay."""

    folder: str = "backups"
    keep: Annotated[int, Field(ge=1)] = 14


@dataclass(frozen=True, kw_only=True)
class Log:
    """What is told on standard error, and how it is written."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    format: Literal["json", "plain"] = "json"


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Everything the owner set; `folder` is where the config lies, relative paths start there.

    `crash_at` names the step at which a test ends the process; it needs POSTVENTA_TESTING=1.
    """

    server: Server = field(default_factory=Server)
    database: DatabaseAt = field(default_factory=DatabaseAt)
    keys: Keys = field(default_factory=Keys)
    mail: Mail = field(default_factory=Mail)
    http: HttpOut = field(default_factory=HttpOut)
    shop: ShopDefaults = field(default_factory=ShopDefaults)
    contact: ContactPerson = field(default_factory=ContactPerson)
    worker: Worker = field(default_factory=Worker)
    alerts: Alerts = field(default_factory=Alerts)
    backup: Backup = field(default_factory=Backup)
    log: Log = field(default_factory=Log)
    policy: Policy = field(default_factory=Policy)
    folder: Path = field(default_factory=Path)
    crash_at: str = ""

    def path(self, name: str) -> Path:
        """A file named in the config, relative to the config's folder."""
        return self.folder / name

    @property
    def database_url(self) -> str:
        """The URL with a relative SQLite file made absolute."""
        prefix = "sqlite:///"
        url = self.database.url
        if url.startswith(prefix) and not url.startswith(prefix + "/"):
            return prefix + str(self.path(url.removeprefix(prefix)).resolve())
        return url


SECTIONS = tuple(name.name for name in dataclasses.fields(Settings) if name.name not in ("folder", "crash_at"))
_NESTED = (
    Server, DatabaseAt, Keys, Mail, HttpOut, ShopDefaults, ContactPerson, Worker, Alerts, Backup, Log, Policy,
    Compensation, Fixes, Settings,
)  # fmt: skip


@cache
def _adapter(cls: type) -> TypeAdapter[Any]:
    for known in _NESTED:
        # pydantic's own switch for standard dataclasses; errors must not print a neighbour's secret
        setattr(known, "__pydantic_config__", {"extra": "forbid", "hide_input_in_errors": True})  # noqa: B010
    return TypeAdapter(cls)


def load(path: Path, environ: Mapping[str, str] | None = None) -> Settings:
    """Read the file and the overrides; `Misconfigured` names the key that is wrong, never its value."""
    return settings_from(read_toml(path), path.parent, os.environ if environ is None else environ)


def read_toml(path: Path) -> dict[str, Any]:
    """The tables of a file; `Misconfigured` when there is none, or says where it is no TOML."""
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError as error:
        raise Misconfigured("no_config", file=str(path)) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise Misconfigured("bad_toml", file=path.name, where=str(error)[:120]) from error


def settings_from(raw: Mapping[str, Any], folder: Path, environ: Mapping[str, str]) -> Settings:
    """Settings from a parsed config and the environment, checked as a whole."""
    merged = _with_overrides(raw, environ)
    if isinstance(merged.get("shop"), dict) and "from" in merged["shop"]:
        merged["shop"]["from_"] = merged["shop"].pop("from")
    for own in ("folder", "crash_at"):
        if own in merged:
            raise Misconfigured("unknown_key", key=own)
    settings: Settings = _validated(Settings, merged, "")
    _check_zone(settings.shop.zone)
    testing = environ.get("POSTVENTA_TESTING") == "1"
    return dataclasses.replace(
        settings, folder=folder, crash_at=environ.get("POSTVENTA_CRASH_AT", "") if testing else ""
    )


def policy_from(raw: Mapping[str, Any], base: Mapping[str, Any] | None = None) -> Policy:
    """A policy from a TOML table over `base` (both in config spelling); unknown keys are errors."""
    policy: Policy = _validated(Policy, _merge(base or {}, raw), "policy")
    return policy


def spelled(value: Any) -> Any:
    """A dataclass back in config spelling (`3d`, `off`, lists), ready for TOML or JSON."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {item.name: spelled(getattr(value, item.name)) for item in dataclasses.fields(value)}
    if isinstance(value, timedelta):
        return spell_duration(value)
    if isinstance(value, tuple):
        return [spelled(item) for item in value]
    return value if isinstance(value, (bool, int, float, str)) else (OFF if value is None else str(value))


def _validated(cls: type, raw: Mapping[str, Any], where: str) -> Any:
    try:
        return _adapter(cls).validate_python(read_spelling(cls, raw, where))
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False, include_context=False)[0]
        key = ".".join(str(part) for part in (where, *first["loc"]) if part != "")
        code = "unknown_key" if first["type"] == "unexpected_keyword_argument" else "bad_value"
        raise Misconfigured(code, key=key.replace("from_", "from"), why=first["msg"]) from None


def _with_overrides(raw: Mapping[str, Any], environ: Mapping[str, str]) -> dict[str, Any]:
    overrides: dict[str, Any] = {}
    for variable, value in environ.items():
        name = variable.removeprefix("POSTVENTA_").lower()
        section, _, key = name.partition("_")
        if name == variable.lower() or section not in SECTIONS:
            continue
        for nested in ("compensation", "fixes"):
            if section == "policy" and key.startswith(nested + "_"):
                overrides.setdefault(section, {}).setdefault(nested, {})[key.removeprefix(nested + "_")] = value
                break
        else:
            overrides.setdefault(section, {})[key] = value
    return _merge(raw, overrides)


def _merge(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(base)
    for name, value in over.items():
        old = merged.get(name)
        merged[name] = _merge(old, value) if isinstance(old, Mapping) and isinstance(value, Mapping) else value
    return merged


def _check_zone(name: str) -> None:
    if name not in available_timezones():
        raise Misconfigured("bad_value", key="shop.zone", why="IANA: Europe/Madrid, America/Santiago")
    ZoneInfo(name)


def terminal_language(environ: Mapping[str, str] | None = None) -> str:
    """The language of the terminal, as `LC_ALL`, `LC_MESSAGES` or `LANG` say; empty for none of them."""
    known = os.environ if environ is None else environ
    return next((known[name] for name in ("LC_ALL", "LC_MESSAGES", "LANG") if known.get(name)), "")


def secret_from_environment(name: str) -> str:
    """The secret in a variable that a command names as `env:NAME`; `Misconfigured("no_variable")`."""
    if not os.environ.get(name):
        raise Misconfigured("no_variable", variable=name)
    return os.environ[name]


def config_from_environment() -> Path:
    """The config of a service that is started without a command line: `POSTVENTA_CONFIG`, else `./config.toml`."""
    return Path(os.environ.get("POSTVENTA_CONFIG") or "config.toml").absolute()


def libpq_environment() -> dict[str, str]:
    """What PostgreSQL's programs read: its hosts, passwords and certificates may be told in the environment alone."""
    return {name: value for name, value in os.environ.items() if name.startswith("PG") or name in ("PATH", "HOME")}
