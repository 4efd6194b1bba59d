"""A new key while the service runs: nothing is refused, nothing stays under the old one, links go on."""

from __future__ import annotations

import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from integration.db.tables import LabelRow
from integration.domain.errors import Conflict, Misconfigured
from integration.files import held
from integration.flows import keys
from integration.settings import settings_from
from integration.vault import Vault, new_key_line, parse_keys, read_key_file, write_key_file
from tests.flows.conftest import MakeHouse
from tests.flows.house import House, config
from tests.flows.shoppers import command


def sealed_with(house: House) -> set[str]:
    known = keys.known(house.services)
    return {key.id for key in known if key.sealed}


def test_everything_sealed_is_sealed_anew_and_the_old_key_still_opens_old_links(house: House) -> None:
    house.deliver()
    survey = house.link("survey", "s")
    said = command(house, "keys", "rotate")
    assert "k2" in said
    assert sealed_with(house) == {"k2"}
    assert house.client.get(survey).status_code == 200


def test_a_running_service_needs_no_restart(house: House) -> None:
    """It opened its key file before; a value of the new key makes it read the file again."""
    before = house.services.vault.key_ids
    command(house, "keys", "rotate")
    assert house.services.vault.key_ids == before
    house.deliver()
    house.answer(2, "damaged")
    house.run()
    assert house.kinds() == ["label", "survey", "complaint_ack", "owner_fix", "discount_code"]
    assert house.services.vault.current == "k2"
    assert {key.id: key.links > 0 for key in keys.known(house.services)} == {"k1": False, "k2": True}


def test_a_link_from_before_and_a_mail_from_after_lead_to_the_same_page(make_house: MakeHouse) -> None:
    house = make_house(reminder_delay="10d")
    house.deliver()
    before = house.link("survey", "s")
    command(house, "keys", "rotate")
    house.clock.advance(days=10)
    house.run()
    assert house.link("survey_reminder", "s") == before


def test_webhooks_that_arrive_during_rotations_are_all_kept(make_house: MakeHouse) -> None:
    house = make_house("woocommerce")
    told = [house.side.arrive(house.side.sell()) for _ in range(40)]
    answers: list[int] = []
    shoppers = threading.Thread(target=lambda: answers.extend(house.post(*one) for one in told))
    shoppers.start()
    for _ in range(3):
        keys.rotate(house.services)
    shoppers.join()
    assert answers == [200] * 40
    assert sealed_with(house) == {"k4"}
    house.run()
    assert house.kinds().count("label") == 40


def test_a_rotation_that_was_cut_off_leaves_everything_readable(make_house: MakeHouse, tmp_path: Path) -> None:
    house = make_house("woocommerce")

    class Unplugged(BaseException):
        pass

    def unplug(name: str) -> None:
        if name == "key_added":
            raise Unplugged

    cut = {**vars(house.services), "checkpoint": unplug}
    with pytest.raises(Unplugged):
        keys.rotate(type(house.services)(**cut))
    assert sealed_with(house) == {"k1"}
    house.deliver()
    keys.rotate(house.services)
    assert sealed_with(house) == {"k3"}


def test_the_key_file_is_whole_closed_and_its_owners(make_house: MakeHouse) -> None:
    house = make_house("woocommerce")
    path = house.folder / "postventa.key"
    first = path.read_text("ascii")
    (house.folder / ".postventa.key.part").write_text("k9:half", "ascii")
    keys.rotate(house.services)
    assert path.read_text("ascii").startswith(first)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [entry.name for entry in house.folder.iterdir() if entry.name.endswith(".part")] == []


def test_a_linked_key_file_stays_a_link(make_house: MakeHouse, tmp_path: Path) -> None:
    house = make_house("woocommerce")
    elsewhere = tmp_path / "safe"
    elsewhere.mkdir()
    path = (house.folder / "postventa.key").rename(elsewhere / "postventa.key")
    (house.folder / "postventa.key").symlink_to(path)
    keys.rotate(house.services)
    assert (house.folder / "postventa.key").is_symlink()
    assert read_key_file(path).current == "k2"


def test_two_rotations_at_once_are_one(make_house: MakeHouse) -> None:
    """Both would add a key of the same name, and one of them would be lost."""
    house = make_house("woocommerce")
    with held(house.folder, Conflict("folder_busy")), pytest.raises(Conflict, match="folder_busy"):
        keys.rotate(house.services)
    assert sealed_with(house) == {"k1"}


def test_keys_that_are_a_setting_cannot_be_rotated(make_house: MakeHouse) -> None:
    house = make_house("woocommerce")
    settings = settings_from(config() | {"keys": {"value": new_key_line(1)}}, house.folder, {})
    with pytest.raises(Misconfigured, match="keys_not_in_file"):
        keys.rotate(type(house.services)(**{**vars(house.services), "settings": settings}))


def test_a_key_that_is_gone_is_named() -> None:
    one, two = parse_keys(new_key_line(1)), parse_keys(f"{new_key_line(1)} {new_key_line(2)}")
    with pytest.raises(Misconfigured, match="key_missing"):
        one.open(two.seal("x"))
    with pytest.raises(Misconfigured, match="wrong_key"):
        one.open(f"k1:{two.seal('x').partition(':')[2]}")


def test_a_key_file_of_another_installation_is_refused_at_the_start(make_house: MakeHouse) -> None:
    house = make_house("woocommerce")
    path = house.folder / "postventa.key"
    path.unlink()
    write_key_file(path)
    with pytest.raises(Misconfigured, match="wrong_key"):
        command(house, "shops", "list")
    path.write_text(new_key_line(7), "ascii")
    with pytest.raises(Misconfigured, match="key_missing"):
        command(house, "shops", "list")


def test_keys_are_never_printed(house: House) -> None:
    command(house, "keys", "rotate")
    secrets = [line.partition(":")[2] for line in (house.folder / "postventa.key").read_text("ascii").split()]
    shown = command(house, "keys", "list") + command(house, "keys", "list", "--json")
    assert "k1" in shown
    assert "k2" in shown
    assert [secret for secret in secrets if secret in shown + repr(house.services.vault)] == []


def test_a_lock_ends_with_its_process(tmp_path: Path) -> None:
    code = "import sys, os; from pathlib import Path; from integration.files import held\n"
    code += "with held(Path(sys.argv[1]), SystemExit('taken')): os._exit(7)"
    run = [sys.executable, "-c", code, str(tmp_path / "lock")]
    assert [subprocess.run(run, check=False).returncode for _ in range(2)] == [7, 7]


def test_a_lock_may_be_shared(tmp_path: Path) -> None:
    taken = Conflict("folder_busy")
    shared = held(tmp_path, taken, shared=True)
    with shared, held(tmp_path, taken, shared=True), pytest.raises(Conflict), held(tmp_path, taken):
        pass
    with held(tmp_path, taken), pytest.raises(Conflict), held(tmp_path, taken, shared=True):
        pass


def test_a_vault_without_a_file_knows_only_its_keys() -> None:
    vault = Vault({"k1": b"x" * 32})
    with pytest.raises(Misconfigured, match="key_missing"):
        vault.derive("links", "k2")


def test_a_label_opens_after_a_rotation_and_not_when_it_was_changed(house: House) -> None:
    house.deliver()
    [label] = house.rows(LabelRow)
    assert label.pdf
    assert b"%PDF" not in label.pdf
    keys.rotate(house.services)
    vault = read_key_file(house.folder / "postventa.key")
    assert vault.open_bytes(label.pdf).startswith(b"%PDF")
    for changed in (label.pdf[:-1], label.pdf[:-1] + bytes([label.pdf[-1] ^ 1]), b"k2" + label.pdf[2:]):
        with pytest.raises(Misconfigured):
            vault.open_bytes(changed)
    assert house.client.get(f"{house.link('label', 'r')}/label.pdf").data.startswith(b"%PDF")
