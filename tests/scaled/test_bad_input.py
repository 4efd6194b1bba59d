"""What a scaled set-up that is wrong gets: one sentence that says what to do, and the work is kept."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest
from sqlalchemy import text

from integration.app import build_services
from integration.db import schema
from integration.domain.errors import Misconfigured
from integration.i18n import LANGUAGES
from integration.settings import load
from integration.worker import celery
from tests.cli.conftest import Postventa, postventa
from tests.scaled.site import Site
from tests.valkey import Valkey

__all__ = ["postventa"]
NEWER = "9999"


@pytest.fixture
def newer(site: Site) -> Iterator[Site]:
    """The database was brought up by a version that we have never heard of."""
    with site.house.services.db.engine.begin() as connection:
        connection.execute(text(f"UPDATE alembic_version SET version_num = '{NEWER}'"))
    yield site
    with site.house.services.db.engine.begin() as connection:
        connection.execute(text(f"UPDATE alembic_version SET version_num = '{schema.head()}'"))


def kept(site: Site) -> bool:
    """Whether the tasks that were put are still to be done."""
    return {(task.state, task.fence) for task in site.tasks()} == {("ready", 0)}


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_broker_that_is_down_at_the_start_is_told_and_the_work_is_kept(
    site: Site, valkey: Valkey, postventa: Postventa, language: str
) -> None:
    site.deliver(1)
    site.house.drain()
    valkey.kill()
    ended = postventa("work", language=language)
    assert ended.code == 1
    said = [line for line in ended.err.splitlines() if not line.startswith("{")]
    assert len(said) == 1
    assert f"127.0.0.1:{valkey.port}" in said[0]
    assert "[worker] broker" in said[0]
    assert kept(site)


@pytest.mark.parametrize("broker", ["", "valkey", "http://127.0.0.1/", "redis://", "sqs://key:her-secret@"])
def test_an_address_that_is_no_brokers_is_told_without_its_secret(
    site: Site, postventa: Postventa, broker: str
) -> None:
    site.configure(broker=broker)
    for command in (("work",), ("serve", "--port", "0")):
        ended = postventa(*command)
        assert ended.code == 2
        assert "redis://127.0.0.1:6379/0" in ended.err
        assert "her-secret" not in ended.err


def test_sqlite_and_celery_do_not_go_together(
    site: Site, postventa: Postventa, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("POSTVENTA_DATABASE_URL", "sqlite:///postventa.db")
    for command in (("work",), ("serve", "--port", "0")):
        ended = postventa(*command)
        assert ended.code == 2
        assert "copy-database" in ended.err


def test_without_the_extra_its_name_is_told(site: Site, postventa: Postventa, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.split(".")[0] == "celery" or name == "integration.worker.celery"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "celery", None)
    ended = postventa("work")
    assert (ended.code, "`celery`" in ended.err) == (2, True)


def test_an_old_worker_that_meets_a_newer_web_ends_and_leaves_the_work(site: Site) -> None:
    worker = site.worker()
    site.until(lambda: "takes work" in worker.said(), "it does not begin")
    with site.house.services.db.engine.begin() as connection:
        connection.execute(text(f"UPDATE alembic_version SET version_num = '{NEWER}'"))
    site.until(lambda: worker.ended() is not None, "it goes on")
    site.deliver(1)
    site.house.drain()
    assert worker.ended() == 2
    assert NEWER in worker.said().splitlines()[-1]
    assert kept(site)


def test_an_old_worker_does_nothing_with_what_a_newer_version_put(newer: Site) -> None:
    settings = load(newer.house.folder / "config.toml", {})
    hands = celery.Hands(celery.make_app(settings), lambda: newer.house.services)
    newer.deliver(1)
    newer.house.drain()
    for task in newer.tasks():
        hands.run(task.id)
    hands.tick("sweep")
    assert kept(newer)
    with pytest.raises(Misconfigured, match="database_newer"):
        build_services(settings)
