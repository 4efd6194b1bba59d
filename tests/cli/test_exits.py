"""How commands end, 0, 1 or 2, and that what is wrong is named, with the remedy and without a secret."""

from __future__ import annotations

import io
import os
import pwd
import stat
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from integration.cli.commands import services_at
from integration.db.queries import shops
from integration.i18n import LANGUAGES
from integration.settings import load
from tests.cli.conftest import Postventa
from tests.house.conftest import ROOT

SECRET = "correct-horse-battery"
CONNECT = ("shops", "add", "Mia", "--platform", "woocommerce", "--url", "https://shop.example")


def test_init_writes_the_example_and_a_key_that_only_the_owner_reads(postventa: Postventa, tmp_path: Path) -> None:
    ended = postventa("init")
    assert (ended.code, ended.err) == (0, "")
    assert "postventa.key" in ended.out
    config, key = tmp_path / "config.toml", tmp_path / "postventa.key"
    assert config.read_text("utf-8") == (ROOT / "config.example.toml").read_text("utf-8")
    assert [stat.S_IMODE(path.stat().st_mode) for path in (config, key)] == [0o600, 0o600]


def test_init_fills_in_what_it_is_told(postventa: Postventa, tmp_path: Path) -> None:
    sender = 'Tienda "Mía" <hola@mia.example>'
    ended = postventa("init", "--domain", "posventa.mia.example", "--from", sender, "--reply-to", "hola@mia.example")
    assert (ended.code, ended.err) == (0, "")
    assert "legal_name" in ended.out
    settings = load(tmp_path / "config.toml", {})
    assert (settings.server.public_url, settings.server.trusted_proxies) == ("https://posventa.mia.example", 1)
    assert (settings.shop.from_, settings.shop.reply_to) == (sender, "hola@mia.example")
    assert postventa("shops", "list").code == 0


@pytest.mark.parametrize(
    ("options", "named"),
    [
        (("--domain", "10.0.0.7"), "10.0.0.7"),
        (("--domain", "mia"), "mia"),
        (("--domain", "https://mia.example/shop?x", "--from", "hola"), "hola"),
        (("--reply-to", "a@b"), "a@b"),
    ],
)
def test_init_writes_nothing_when_it_is_told_what_cannot_be(
    postventa: Postventa, tmp_path: Path, options: tuple[str, ...], named: str
) -> None:
    ended = postventa("init", *options)
    assert ended.code == 2
    assert named in ended.err
    assert list(tmp_path.iterdir()) == []


def test_root_works_as_the_one_whom_the_folder_belongs_to(tmp_path: Path) -> None:
    """In a folder of its own right under /tmp, where such a user gets to."""
    daemon = pwd.getpwnam("daemon").pw_uid
    with tempfile.TemporaryDirectory(dir="/tmp") as name:
        folder = Path(name)
        if os.geteuid() == 0:
            os.chown(folder, daemon, daemon)
        before = folder.stat().st_uid
        code = (
            f"from pathlib import Path; from integration.files import *; work_as_owner(Path({name!r}) / 'config.toml')"
        )
        code += f"; open({name!r} + '/new', 'w').close(); print(os.getgroups(), os.getuid())"
        said = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout
        assert (folder / "new").stat().st_uid == before
        if os.geteuid() == 0:
            assert said.split() == ["[]", str(daemon)]


def test_init_never_writes_over_what_is_there(postventa: Postventa, tmp_path: Path) -> None:
    postventa("init")
    before = (tmp_path / "postventa.key").read_text("utf-8")
    ended = postventa("init")
    assert ended.code == 1
    assert "config.toml" in ended.err
    assert (tmp_path / "postventa.key").read_text("utf-8") == before


def test_the_config_that_init_wrote_asks_for_what_only_the_owner_knows(postventa: Postventa) -> None:
    postventa("init")
    ended = postventa("shops", "list")
    assert ended.code == 2
    assert "shop.from" in ended.err


def test_help_and_version_are_no_failure(postventa: Postventa) -> None:
    assert postventa("--help").code == 0
    assert postventa("shops", "add", "--help").code == 0
    assert postventa("--version").out.startswith("postventa 0.")


@pytest.mark.parametrize(
    ("command", "named"),
    [
        (("shop",), "shop"),
        (("shops", "ad"), "ad"),
        (("shops", "list", "--jsno"), "--jsno"),
        (("shops", "list", "Mia"), "postventa shops list --help"),
        (("shops", "add"), "NAME"),
        (("shops", "add", "Mia"), "--platform"),
        (("shops", "add", "Mia", "--platform", "magento"), "woocommerce"),
        (("serve", "--port", "eighty"), "--port"),
        (("serve", "--port"), "--port"),
        (("policy", "set", "Mia", "--file", "none.toml"), "--file"),
        (("replay", "--state", "lost"), "unreadable"),
        (("shops", "list"), "config.toml"),
    ],
)
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_wrong_command_ends_with_2_and_names_what_is_wrong(
    postventa: Postventa, command: tuple[str, ...], named: str, language: str
) -> None:
    ended = postventa(*command, language=language)
    assert (ended.code, ended.out) == (2, "")
    assert named in ended.err
    assert "Error:" not in ended.err


def test_a_group_without_a_command_shows_its_help(postventa: Postventa) -> None:
    ended = postventa("shops")
    assert (ended.code, ended.out) == (2, "")
    assert "pause" in ended.err


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        (f'[mail]\npasswort = "{SECRET}"', "mail.passwort"),
        (f'[mial]\npassword = "{SECRET}"', "mial"),
        (f'[mail]\npassword = "{SECRET}"\nport = "{SECRET}"', "mail.port"),
        (f'[mail]\npassword = ["{SECRET}"]', "mail.password"),
        (f'[policy]\nsurvey_delay = "{SECRET[:6]}"', "policy.survey_delay"),
        (f'password = "{SECRET}"', "password"),
        (f'[mail]\npassword = "{SECRET}', "config.toml"),
        (f'[shop]\nzone = "{SECRET}"', "shop.zone"),
    ],
)
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_wrong_setting_is_named_and_no_secret_is_printed(
    postventa: Postventa, installed: Path, wrong: str, named: str, language: str
) -> None:
    (installed / "config.toml").write_text(wrong, "utf-8")
    ended = postventa("shops", "list", language=language)
    assert (ended.code, ended.out) == (2, "")
    assert named in ended.err
    assert SECRET not in ended.err


@pytest.mark.usefixtures("installed")
@pytest.mark.parametrize(
    ("key", "wrong"),
    [
        ("survey_hours", "morning"),
        ("promise", "soon"),
        ("delivered_when", "delivered,completed+4"),
        ("carrier", "pigeon"),
        ("label", "always"),
        ("reminder_delay", "later"),
    ],
)
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_policy_that_no_rule_can_read_is_refused_before_a_delivery_needs_it(
    postventa: Postventa, installed: Path, monkeypatch: pytest.MonkeyPatch, key: str, wrong: str, language: str
) -> None:
    assert postventa(*CONNECT, "--consumer-key", "ck", "--consumer-secret", "cs", "--no-check").code == 0
    (installed / "mia.toml").write_text(f"{key} = {[wrong] if key == 'delivered_when' else wrong!r}", "utf-8")
    ended = postventa("policy", "set", "Mia", "--file", "mia.toml", language=language)
    assert (ended.code, ended.out) == (2, "")
    assert f"policy.{key}" in ended.err
    assert "version 0" in postventa("policy", "show", "Mia").out
    monkeypatch.setenv(f"POSTVENTA_POLICY_{key.upper()}", wrong)
    ended = postventa("serve", language=language)
    assert (ended.code, ended.out) == (2, "")
    assert f"policy.{key}" in ended.err


@pytest.mark.usefixtures("installed")
def test_a_policy_that_was_shown_can_be_set(postventa: Postventa, installed: Path) -> None:
    assert postventa(*CONNECT, "--consumer-key", "ck", "--consumer-secret", "cs", "--no-check").code == 0
    (installed / "mia.toml").write_text(postventa("policy", "show", "Mia").out, "utf-8")
    assert postventa("policy", "set", "Mia", "--file", "mia.toml").code == 0
    before, after = (installed / "mia.toml").read_text("utf-8"), postventa("policy", "show", "Mia").out
    assert after == before.replace("version 0", "version 1")


def test_a_config_that_is_no_text_is_named(postventa: Postventa, installed: Path) -> None:
    (installed / "config.toml").write_bytes(b'[shop]\nlegal_name = "\xff"')
    ended = postventa("shops", "list")
    assert ended.code == 2
    assert "config.toml" in ended.err


def test_a_key_file_that_others_can_read_is_refused(postventa: Postventa, installed: Path) -> None:
    (installed / "postventa.key").chmod(0o644)
    ended = postventa("shops", "list")
    assert ended.code == 2
    assert "chmod 600 postventa.key" in ended.err


def test_a_lost_key_file_is_named_with_the_way_back(postventa: Postventa, installed: Path) -> None:
    (installed / "postventa.key").unlink()
    ended = postventa("shops", "list", language="es")
    assert ended.code == 2
    assert "postventa.key" in ended.err
    assert "copia" in ended.err


@pytest.mark.usefixtures("installed")
@pytest.mark.parametrize(
    ("command", "named"),
    [
        (("shops", "live", "Eve"), "Eve"),
        (("complaints", "show", "C-1"), "C-1"),
        ((*CONNECT, "--consumer-key", "env:NOT_THERE", "--consumer-secret", SECRET), "NOT_THERE"),
        ((*CONNECT, "--consumer-key", "file:none", "--consumer-secret", SECRET), "none"),
        ((*CONNECT, "--consumer-key", SECRET), "--consumer-secret"),
        (("shops", "add", "Mia", "--platform", "shopify", "--token", SECRET), "--domain"),
    ],
)
def test_what_a_command_was_told_and_cannot_use_is_named(
    postventa: Postventa, command: tuple[str, ...], named: str
) -> None:
    ended = postventa(*command)
    assert ended.code in (1, 2)
    assert named in ended.err
    assert SECRET not in ended.err + ended.out


@pytest.mark.usefixtures("installed")
def test_a_store_that_fails_a_check_is_not_kept_and_the_reason_is_told(postventa: Postventa) -> None:
    address = ("shops", "add", "Mia", "--platform", "woocommerce", "--url", "http://shop.example")
    ended = postventa(*address, "--consumer-key", "ck", "--consumer-secret", SECRET, language="es")
    assert ended.code == 1
    assert "http://shop.example no empieza por https://" in ended.err
    assert postventa("shops", "list").out == ""


@pytest.mark.usefixtures("installed")
def test_secrets_come_from_the_environment_and_from_files(
    postventa: Postventa, installed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MIA_KEY", "ck_1")
    (installed / "secret").write_text("cs_1\n", "utf-8")
    given = ("--consumer-key", "env:MIA_KEY", "--consumer-secret", "file:secret", "--no-check", "--json")
    assert postventa(*CONNECT, *given).code == 0
    assert '"shop": "Mia"' in postventa("shops", "list", "--json").out


def test_secrets_are_typed_line_by_line_in_the_order_of_the_command(
    postventa: Postventa, installed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("ck_1\ncs_1\n"))
    assert postventa(*CONNECT, "--consumer-key", "-", "--consumer-secret", "-", "--no-check").code == 0
    with services_at(installed / "config.toml") as services, services.db.reading() as session:
        kept = shops.connections(session)[0].sealed_credentials
        assert services.vault.open(kept) == '{"consumer_key": "ck_1", "consumer_secret": "cs_1"}'


@pytest.mark.usefixtures("installed")
def test_doctor_ends_with_1_as_long_as_something_is_wrong(postventa: Postventa) -> None:
    ended = postventa("doctor")
    assert (ended.code, ended.err) == (1, "")
    assert "→" in ended.out


@pytest.mark.usefixtures("installed")
def test_a_test_mail_leaves_by_the_transport_of_the_config(postventa: Postventa, installed: Path) -> None:
    assert postventa("mails", "test", "--to", "mia@shop.example").code == 0
    assert [path.suffix for path in (installed / "outbox").iterdir()] == [".eml"]
