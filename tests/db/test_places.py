"""An SQLite file lies on a disk of this machine, closed to others, or not at all."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from integration.app import build_services
from integration.db import places
from integration.demo.world import CONFIG
from integration.domain.errors import Misconfigured
from integration.settings import settings_from
from integration.vault import write_key_file


@pytest.fixture
def mounts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What the kernel tells of mounted disks."""
    told = tmp_path / "mounts"
    monkeypatch.setattr(places, "MOUNTS", told)
    return told


@pytest.mark.parametrize("kind", ["nfs", "nfs4", "cifs", "smb3", "smbfs", "ceph", "fuse.sshfs", "fuse.glusterfs"])
def test_a_disk_of_another_machine_is_known(mounts: Path, tmp_path: Path, kind: str) -> None:
    (tmp_path / "shop").mkdir()
    mounts.write_text(f"/dev/vda1 / ext4 rw 0 0\nnas:/x {tmp_path}/shop {kind} rw 0 0\n", "utf-8")
    assert places.on_network(tmp_path / "shop" / "postventa.db")
    assert not places.on_network(tmp_path / "postventa.db")


@pytest.mark.parametrize("kind", ["ext4", "xfs", "btrfs", "zfs", "overlay", "tmpfs", "fuse.lxcfs", "virtiofs"])
def test_a_disk_of_this_machine_is_known(mounts: Path, tmp_path: Path, kind: str) -> None:
    mounts.write_text(f"nas:/ / nfs rw 0 0\n/dev/vdb {tmp_path} {kind} rw 0 0\n", "utf-8")
    assert not places.on_network(tmp_path / "postventa.db")


def test_the_nearest_disk_counts_and_the_last_one_mounted_there(mounts: Path, tmp_path: Path) -> None:
    mounts.write_text(f"a {tmp_path} ext4 rw 0 0\nb {tmp_path} nfs rw 0 0\nc /tmpfoo ext4 rw 0 0\n", "utf-8")
    assert places.on_network(tmp_path / "postventa.db")


def test_a_disk_with_a_blank_in_its_name_is_found(mounts: Path, tmp_path: Path) -> None:
    (tmp_path / "my shop").mkdir()
    mounts.write_text(f"x / ext4 rw 0 0\nnas:/x {tmp_path}/my\\040shop nfs rw 0 0\n", "utf-8")
    assert places.on_network(tmp_path / "my shop" / "postventa.db")


def test_a_link_to_another_machine_is_followed(mounts: Path, tmp_path: Path) -> None:
    (tmp_path / "nas").mkdir()
    (tmp_path / "shop").symlink_to(tmp_path / "nas")
    mounts.write_text(f"x / ext4 rw 0 0\nnas:/x {tmp_path}/nas nfs4 rw 0 0\n", "utf-8")
    assert places.on_network(tmp_path / "shop" / "postventa.db")


def test_where_the_kernel_tells_nothing_nothing_is_refused(mounts: Path, tmp_path: Path) -> None:
    assert places.file_system(tmp_path) == ""
    assert not places.on_network(tmp_path)


def test_the_service_does_not_start_on_another_machines_disk(mounts: Path, tmp_path: Path) -> None:
    mounts.write_text(f"nas:/x {tmp_path} nfs rw 0 0\n", "utf-8")
    write_key_file(tmp_path / "postventa.key")
    with pytest.raises(Misconfigured, match=r"database_on_network.*nfs"):
        build_services(settings_from(CONFIG, tmp_path, {}))
    assert not (tmp_path / "postventa.db").exists()


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match="no_database_folder"):
        places.prepare(f"sqlite:///{tmp_path}/nowhere/postventa.db")


def test_a_new_file_is_closed_to_others(tmp_path: Path) -> None:
    places.prepare(f"sqlite:///{tmp_path}/postventa.db")
    assert stat.S_IMODE((tmp_path / "postventa.db").stat().st_mode) == 0o600


@pytest.mark.parametrize("url", ["postgresql://nobody@127.0.0.1:1/x", "sqlite:///:memory:", "sqlite://", "what?"])
def test_other_databases_have_no_file(url: str) -> None:
    assert places.file_of(url) is None
    places.prepare(url)


def test_the_free_share_of_a_disk_is_between_nothing_and_all(tmp_path: Path) -> None:
    assert 0 < places.free_share(tmp_path) < 1
