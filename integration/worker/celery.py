"""The engine of many machines: Celery carries ids of due rows to whoever has a hand free; the rows stay the truth."""

from __future__ import annotations

import logging
import math
import mmap
import os
import socket
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from celery import Celery, signals
from celery.beat import EmbeddedService, Scheduler
from celery.worker import state as celery_state
from kombu.exceptions import KombuError, OperationalError

from integration.db import places, schema
from integration.domain.errors import Misconfigured, PostventaError, Temporary
from integration.flows import dispatch
from integration.flows import reconcile as reading
from integration.flows.services import Services
from integration.settings import Settings
from integration.worker import ticks
from integration.worker.newer import LOOK_AROUND, Watch
from integration.worker.nudge import TICK, TICKS, Nudge
from integration.worker.threads import PATIENCE, see_off
from webhooks import inbox

RUN, TAKE_IN, LOOK = "postventa.run", "postventa.take_in", "postventa.look"
QUEUES = {stream: f"postventa.{stream or 'own'}" for stream in dispatch.STREAMS}
IN_A_MESSAGE = {"": 25, "mail": 25, "store": 1}  # ids at most: a message costs as much as several tasks
MESSAGES = 4  # or more for what is due at once, so that several hands share it
BEATS = {"drain": 0.0, "sweep": 0.0, "watch": 60.0, "reconcile": 60.0, "morning": 60.0, "pulse": 300.0, "tidy": 86400.0}
SCHEMES = ("redis", "rediss", "amqp", "amqps")
SPEAK_UP = {"celery": logging.WARNING, "kombu": logging.WARNING, "amqp": logging.WARNING}
log = logging.getLogger(__name__)


def make_app(settings: Settings) -> Celery:
    """The Celery app of these settings; `Misconfigured` says what is wrong with them. Nothing is connected yet."""
    own = settings.worker
    check(settings)
    app = Celery("postventa", broker=own.broker, set_as_current=False)
    beats = {name: seconds or own.poll.total_seconds() for name, seconds in BEATS.items()}
    app.conf.update(
        task_acks_late=True, task_reject_on_worker_lost=True, task_ignore_result=True, result_expires=None,
        task_default_queue=TICKS, task_create_missing_queues=True,
        task_default_delivery_mode="transient", worker_prefetch_multiplier=1, worker_hijack_root_logger=False,
        worker_redirect_stdouts=False, broker_connection_retry_on_startup=True, broker_connection_max_retries=None,
        broker_transport_options=_patience(own.broker), timezone="UTC",
        beat_schedule={
            name: {"task": TICK, "args": [name], "schedule": seconds, "options": {"queue": TICKS, "expires": seconds}}
            for name, seconds in beats.items()
        },
    )  # fmt: skip
    return app


def check(settings: Settings) -> None:
    """`Misconfigured` for a broker we cannot use, and for SQLite, which two machines cannot share."""
    broker = urlsplit(settings.worker.broker)
    if broker.scheme not in SCHEMES or not broker.hostname:
        raise Misconfigured("bad_broker", why="redis://127.0.0.1:6379/0, amqp://user:password@host//")
    if places.file_of(settings.database_url) or settings.database_url.startswith("sqlite"):
        raise Misconfigured("celery_on_sqlite")


def _patience(broker: str) -> dict[str, Any]:
    """Redis waits for ever on a dead connection unless it is told not to."""
    if not broker.startswith("redis"):
        return {}
    return {"socket_timeout": 10, "socket_connect_timeout": 5, "socket_keepalive": True, "health_check_interval": 30}


@dataclass
class Hands:
    """What a worker's process does when a message comes; `make` puts the services together, once in each process.

    `left` is a byte that processes share which are forked later; it takes no lock, since a signal's handler sets it.
    """

    app: Celery
    make: Callable[[], Services]
    owner: str = ""
    looked: float = 0.0
    made: Services | None = None
    left: mmap.mmap = field(default_factory=lambda: mmap.mmap(-1, 1))

    @property
    def services(self) -> Services:
        """The services of this process: connections do not survive a fork."""
        if self.made is None or self.owner != ticks.owner_name():
            self.begin()
        assert self.made is not None  # noqa: S101  begun
        return self.made

    def begin(self, **_: object) -> None:
        """Put the services together before the first message comes."""
        self.made, self.owner = self.make(), ticks.owner_name()

    def register(self) -> None:
        """Celery knows our tasks by these names."""
        for name, act in ((RUN, self.run), (TICK, self.tick), (TAKE_IN, self.take_in), (LOOK, self.look)):
            self.app.task(_plain(act), name=name)

    def leave(self, **_: object) -> None:
        """Have every hand finish what it is at, and begin nothing more."""
        self.left[0] = 1

    def going(self) -> bool:
        """Whether we were not told to leave."""
        return not self.left[0]

    def run(self, task_ids: str) -> None:
        """Claim and do these tasks; their ids stand side by side in one message."""

        def act() -> None:
            if self.going():
                dispatch.run_all(self.services, task_ids.split(), self.owner, self.going)
            else:
                dispatch.take_back(self.services, task_ids.split())

        self._if_ours(act)

    def tick(self, name: str) -> None:
        """One tick, unless another process is at it."""

        def act() -> None:
            with self.services.db.alone(f"tick:{name}") as mine:
                if mine:
                    getattr(self, f"_{name}")()

        if name in BEATS:
            self._if_ours(act)

    def take_in(self, shop_id: str) -> None:
        """What webhooks brought to one shop, unless another process is at it."""

        def act() -> None:
            with self.services.db.alone(f"inbox:{shop_id}") as mine:
                if mine and inbox.take_turn(self.services, shop_id, self.going):
                    self.services.wake()

        self._if_ours(act)

    def look(self, shop_id: str) -> None:
        """Read one shop for what its webhooks missed."""
        if self.going():  # else it is still due, and others are told at the next beat
            self._if_ours(lambda: reading.look(self.services, shop_id, self.going))
            self.services.wake()

    def _drain(self) -> None:
        for shop_id in inbox.waiting(self.services):
            self._send(TAKE_IN, shop_id, TICKS, expires=60)

    def _sweep(self) -> None:
        for stream, queue in QUEUES.items():
            ids = list(dispatch.offer(self.services, stream))
            a_share = min(IN_A_MESSAGE[stream], math.ceil(len(ids) / MESSAGES))
            while ids:
                some = ids[:a_share]
                try:
                    self._send(RUN, " ".join(some), queue)
                except (KombuError, OSError):
                    dispatch.take_back(self.services, ids)
                    raise
                del ids[: len(some)]

    def _reconcile(self) -> None:
        for shop_id in reading.due(self.services):
            self._send(LOOK, shop_id, QUEUES["store"], expires=BEATS["reconcile"])

    def _watch(self) -> None:
        ticks.watch(self.services)

    def _morning(self) -> None:
        ticks.morning(self.services)

    def _pulse(self) -> None:
        ticks.pulse(self.services)

    def _tidy(self) -> None:
        ticks.tidy(self.services)

    def _send(self, name: str, an_id: str, queue: str, **options: Any) -> None:
        self.app.send_task(name, [an_id], queue=queue, retry=False, **options)

    def _if_ours(self, act: Callable[[], object]) -> None:
        """Act, unless a newer version has come: what its web keeps is for its workers; `Watch` ends us."""
        try:
            if time.monotonic() - self.looked > LOOK_AROUND:
                schema.revision(self.services.db.engine)
                self.looked = time.monotonic()
            act()
        except PostventaError as error:
            log.warning("worker: %s", error)
        except (KombuError, OSError) as error:
            log.warning("worker: the broker does not answer (%s); work waits in the database", type(error).__name__)
        except Exception:
            log.exception("worker: a message failed")


def _plain(act: Callable[[str], None]) -> Callable[[str], None]:
    """Celery takes functions; of a method it would ask for the instance."""

    def task(an_id: str) -> None:
        act(an_id)

    return task


def nudge(settings: Settings) -> Nudge:
    """Tells the workers from a process that does not work itself."""
    return Nudge(make_app(settings), "drain", "sweep")


def reach(app: Celery) -> None:
    """`Temporary("broker_unreachable")` when the broker does not answer within seconds."""
    try:
        with app.connection_for_write() as connection:
            connection.ensure_connection(max_retries=1, interval_start=0.2, timeout=5)
    except (OperationalError, OSError) as error:
        host = urlsplit(str(app.conf.broker_url))
        why = str(error).strip().splitlines()[0][:100] if str(error).strip() else type(error).__name__
        raise Temporary("broker_unreachable", host=f"{host.hostname}:{host.port or '?'}", why=why) from None


def work(
    settings: Settings, app: Celery, make: Callable[[Callable[[], None]], Services], streams: Collection[str] = ()
) -> int:
    """Work until SIGTERM or SIGINT, then finish what is at hand; the exit code. `make` is told how others are woken.

    `Misconfigured("database_newer")` when a newer version has taken over. Every worker beats: beats that meet are
    harmless, since rows are claimed, and no worker is the one that must not die. One hand works in this very process.
    """
    more, first = Nudge(app, "sweep"), Nudge(app, *BEATS)
    hands = Hands(app, lambda: make(more.wake))
    watch = Watch(settings.database_url, hands.leave)
    hands.register()
    for name, least in SPEAK_UP.items():
        logging.getLogger(name).setLevel(least)
    beat = EmbeddedService(app, thread=True, scheduler_cls=Scheduler)

    def begin(**_: object) -> None:
        for each in (beat, watch):
            each.start()
        first.wake()

    signals.worker_ready.connect(begin)
    signals.worker_process_init.connect(hands.begin)
    signals.worker_shutting_down.connect(hands.leave)
    n = settings.worker.hands
    worker = app.Worker(
        pool="solo" if n == 1 else "prefork", concurrency=n, hostname=f"{os.getpid()}@{socket.gethostname()}",
        queues=[TICKS, *(QUEUES[stream] for stream in streams or QUEUES)],
        without_gossip=True, without_mingle=True, quiet=True,
    )  # fmt: skip
    try:
        worker.start()
    finally:
        _end(beat, watch, more, first)
        celery_state.should_stop = None  # for whoever works in this process after us
    if watch.problem:
        raise watch.problem
    return int(worker.exitcode or 0)


def _end(beat: Any, watch: Watch, *nudges: Nudge) -> None:
    """End our threads: all are told, and waited for together."""
    end = time.monotonic() + PATIENCE
    beat.service.stop()
    for nudge in nudges:
        nudge.leave()
    for nudge in nudges:
        nudge.stop(end)
    watch.stop(end)
    see_off(beat, until=end)
