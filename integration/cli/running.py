"""`serve` and `work`: the resident service, and one pass for cron."""

from __future__ import annotations

import signal
import sys
import time
from importlib import import_module
from pathlib import Path
from types import FrameType
from typing import Any

import click
import waitress

from integration import logs
from integration.app import build_services, create_app
from integration.cli import leaving
from integration.cli.commands import config_option, helped, in_use, postventa, services_at, settings_at
from integration.cli.terminal import say
from integration.collector import keep_what_is_there
from integration.domain.errors import Misconfigured
from integration.flows import accounts, dispatch, privacy
from integration.flows.services import Services
from integration.settings import Server, Settings
from integration.worker import ticks
from integration.worker.embedded import Embedded

PULSE = 300.0  # seconds between two signs of life
BODY_MOST = 4_000_000  # twice the webhook door's own cap: what is larger is not even buffered
SWITCH_SECONDS = 0.0005  # jobs share the interpreter: a webhook must not wait 5 ms for its turn


@postventa.command(help=helped("serve"))
@config_option
@click.option("--host", help=helped("host"))
@click.option("--port", type=int, help=helped("port"))
@click.option("--no-worker", is_flag=True, help=helped("no_worker"))
def serve(config_path: Path, host: str | None, port: int | None, no_worker: bool) -> None:
    """Answer HTTP and, unless told otherwise, work."""
    settings = settings_at(config_path)
    with in_use(settings, serving=True):
        run_server(
            settings, host or settings.server.host, settings.server.port if port is None else port, not no_worker
        )


def run_server(settings: Settings, host: str, port: int, works: bool) -> None:
    """Serve until SIGTERM or SIGINT, then finish the task at hand and end."""
    logs.start(settings.log)
    sys.setswitchinterval(SWITCH_SECONDS)
    worker = _engine(settings)
    services = build_services(settings, wake=worker.wake)
    privacy.erase_again(services.db, settings, services.clock())
    server = listen(create_app(services), host, port)
    here = f"http://{host}:{server.effective_port}"
    try:
        _leave_when_told(worker)
        if works:
            worker.start(services)
        say("serve.ready", url=here)
        _welcome(services, here)
        sys.stdout.flush()
        keep_what_is_there()
        server.run()
    finally:
        worker.stop()
        server.close()
        services.transport.close()
        services.db.close()


def _engine(settings: Settings) -> Any:
    """What makes time pass in this process, or tells those where it does."""
    if settings.worker.engine == "celery":
        return _celery().nudge(settings)
    return Embedded(settings.worker.poll.total_seconds())


def _celery() -> Any:
    """`integration.worker.celery`, which needs what the base does not bring; `Misconfigured("no_celery")`."""
    try:
        return import_module("integration.worker.celery")
    except ModuleNotFoundError as error:
        raise Misconfigured("no_celery", module=error.name) from error


def _leave_when_told(worker: Any) -> None:
    """The worker hears of it first: the server waits for its pages, and meanwhile no further task is begun."""

    def leave(_signal: int, _frame: FrameType | None) -> None:
        worker.leave()
        raise SystemExit(0)

    for each in (signal.SIGTERM, signal.SIGINT):
        signal.signal(each, leave)


def _welcome(services: Services, here: str) -> None:
    """The first person at the desk comes in by a link that only the console shows."""
    link = accounts.setup_link(services)
    if link:
        public = services.settings.server.public_url
        say("serve.welcome", link=link.replace(public, here, 1) if public == Server().public_url else link)


def listen(app: Any, host: str, port: int) -> Any:
    """The server of a WSGI app, before it runs; `Misconfigured("port_taken")`."""
    try:
        return waitress.create_server(
            app, host=host, port=port, threads=16, ident="", max_request_body_size=BODY_MOST,
            clear_untrusted_proxy_headers=False,  # `trusted_proxies` decides what of them counts, in `create_app`
        )  # fmt: skip
    except OSError as error:
        raise Misconfigured("port_taken", host=host, port=port, why=error.strerror or "?") from error


@postventa.command(help=helped("work"))
@config_option
@click.option("--until-idle", is_flag=True, help=helped("until_idle"))
@click.option("--only", multiple=True, type=click.Choice(["mail", "store", "own"]), help=helped("work_only"))
def work(config_path: Path, until_idle: bool, only: tuple[str, ...]) -> None:
    """Work without answering HTTP; beside a running `serve` both share the tasks."""
    settings = settings_at(config_path)
    if settings.worker.engine == "celery" and not until_idle:
        _work_by_broker(settings, tuple("" if stream == "own" else stream for stream in only))
        return
    with leaving.asked() as asked, services_at(config_path) as services:
        logs.start(services.settings.log)
        privacy.erase_again(services.db, services.settings, services.clock())
        dispatch.free_lapsed(services, ticks.dead_owner)
        first = _round(services, asked)
        say("work.done", n=first.done)
        if until_idle:
            first.end()
        else:
            _go_on(services, asked)


def _work_by_broker(settings: Settings, streams: tuple[str, ...]) -> None:
    """Take work from the broker until SIGTERM or SIGINT, or until a newer version has taken over."""
    logs.start(settings.log)
    sys.setswitchinterval(SWITCH_SECONDS)
    celery = _celery()
    app = celery.make_app(settings)
    services = build_services(settings)
    privacy.erase_again(services.db, settings, services.clock())
    services.transport.close()
    services.db.close()
    celery.reach(app)
    say("work.ready", n=settings.worker.hands)
    sys.stdout.flush()
    sys.exit(celery.work(settings, app, lambda wake: build_services(settings, wake=wake), streams))


def _go_on(services: Services, asked: leaving.Asked) -> None:
    """One round after the other until we are asked to leave: what fails is told in the log, and tried again."""
    pulse = time.monotonic()
    while not asked.wait(services.settings.worker.poll.total_seconds()):
        due = time.monotonic() - pulse > PULSE
        _round(services, asked, pulse=due)
        pulse = time.monotonic() if due else pulse


def _round(services: Services, asked: leaving.Asked, *, pulse: bool = True) -> ticks.Round:
    """Everything that is due, until we are asked to leave; now and again what is old goes, too."""
    own = ticks.Round(services, ticks.owner_name(), lambda: not asked.is_set())
    own.run()
    if pulse:
        own.tidy()
    return own
