"""`postventa print`: the files that stand around the service are accepted by the programs they are for."""

from __future__ import annotations

import pwd
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner

from integration.cli import postventa
from integration.cli.printing import FILES
from integration.domain.errors import Misconfigured
from integration.i18n import Words

DOMAIN = "posventa.mia.example"


@pytest.fixture
def config(tmp_path: Path) -> Path:
    file = tmp_path / "config.toml"
    file.write_text(f'[server]\npublic_url = "https://{DOMAIN}"\n[shop]\nfrom = "a@mia.example"\n')
    return file


def printed(what: str, config: Path) -> str:
    result = CliRunner().invoke(postventa, ["print", what, "--config", str(config)], catch_exceptions=False)
    assert result.exit_code == 0
    return result.output


def program(name: str) -> str:
    fetched = Path(__file__).parents[2] / ".cache" / "servers" / "usr"
    found = shutil.which(name) or shutil.which(name, path=f"/usr/sbin:{fetched}/bin:{fetched}/sbin")
    return found or pytest.fail(f"No {name} here: run `make servers`, which fetches Debian's.")


@pytest.mark.parametrize("what", FILES)
def test_every_file_names_the_domain_or_the_folder_and_leaves_no_gap(config: Path, what: str) -> None:
    text = printed(what, config)
    assert DOMAIN in text or str(config.parent) in text
    for gap in (
        "{domain}",
        "{port}",
        "{folder}",
        "{config}",
        "{program}",
        "{user}",
        "{home}",
        "{version}",
        "{language}",
    ):
        assert gap not in text


def test_caddy_takes_its_file(config: Path, tmp_path: Path) -> None:
    file = tmp_path / "Caddyfile"
    file.write_text(printed("caddy", config))
    command = [program("caddy"), "validate", "--adapter", "caddyfile", "--config", str(file)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, env={"HOME": str(tmp_path)}, check=False)
    assert done.returncode == 0, done.stderr


def test_nginx_takes_its_file(config: Path, tmp_path: Path) -> None:
    key, certificate = tmp_path / "key.pem", tmp_path / "chain.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", f"/CN={DOMAIN}",
         "-keyout", str(key), "-out", str(certificate)], check=True, capture_output=True,
    )  # fmt: skip
    site = printed("nginx", config)
    assert site.count("server {") == site.count("access_log off;")  # addresses of shoppers' pages are keys
    site = site.replace(f"/etc/letsencrypt/live/{DOMAIN}/fullchain.pem", str(certificate))
    site = site.replace(f"/etc/letsencrypt/live/{DOMAIN}/privkey.pem", str(key))
    main = tmp_path / "nginx.conf"
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    own = "".join(f"{kind}_temp_path {tmp_path}/{kind};\n" for kind in kinds)  # Debian's are made when it is installed
    main.write_text(
        f"pid {tmp_path}/nginx.pid;\nerror_log stderr;\nevents {{}}\nhttp {{\naccess_log off;\n{own}{site}\n}}\n"
    )
    done = subprocess.run(
        [program("nginx"), "-t", "-c", str(main)], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr


def test_systemd_takes_its_file(config: Path, tmp_path: Path) -> None:
    unit = tmp_path / "postventa.service"
    text = printed("systemd", config)
    start = next(line for line in text.splitlines() if line.startswith("ExecStart="))
    unit.write_text(text.replace(start, "ExecStart=/bin/true serve"))  # the program need not be installed here
    command = [program("systemd-analyze"), "verify", "--man=no", str(unit)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert "postventa.service" not in done.stderr, done.stderr
    assert start.endswith(f'serve --config "{config}"')


def test_systemd_takes_a_folder_with_a_space_and_a_percent_sign(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "my shop 5%n"
    folder.mkdir()
    stub = folder / "postventa"
    stub.write_text("#!/bin/sh\n")
    stub.chmod(0o755)
    (folder / "config.toml").write_text(f'[server]\npublic_url = "https://{DOMAIN}"\n')
    monkeypatch.setattr("integration.cli.printing.shutil.which", lambda name: str(stub))
    text = printed("systemd", folder / "config.toml")
    monkeypatch.undo()
    written = str(folder).replace("%", "%%")
    assert f'ExecStart="{written}/postventa" serve --config "{written}/config.toml"\n' in text
    assert f"WorkingDirectory={written}\n" in text
    assert f'ReadWritePaths="{written}"\n' in text
    unit = tmp_path / "postventa.service"
    unit.write_text(text)
    command = [program("systemd-analyze"), "verify", "--man=no", str(unit)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert "postventa.service" not in done.stderr, done.stderr


@pytest.mark.parametrize(("user", "runs_as"), [("root", "postventa"), ("daemon", "daemon")])
def test_the_service_never_runs_as_root(config: Path, monkeypatch: pytest.MonkeyPatch, user: str, runs_as: str) -> None:
    monkeypatch.setattr("integration.cli.printing.os.geteuid", lambda: pwd.getpwnam(user).pw_uid)
    text = printed("systemd", config)
    assert f"\nUser={runs_as}\n" in text
    assert ("useradd" in text) == (user == "root")


def test_the_service_speaks_the_language_of_whom_printed_its_file(
    config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("integration.cli.printing.words", Words("es"))
    assert "\nEnvironment=LANG=es\n" in printed("systemd", config)


@pytest.mark.parametrize("what", ["compose", "cloudflared"])
def test_what_was_not_run_by_us_says_so_and_has_the_shape_of_its_kind(config: Path, what: str) -> None:
    lines = printed(what, config).splitlines()
    assert "not run by us" in " ".join(line for line in lines[:4] if line.startswith("#"))
    assert all(re.match(r"\s*(#|- |[\w./-]+:|$)", line) for line in lines), lines
    assert not any("\t" in line for line in lines)


def test_without_a_domain_it_says_which_setting_is_missing(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text("")
    result = CliRunner().invoke(postventa, ["print", "caddy", "--config", str(file)])
    assert isinstance(result.exception, Misconfigured)
    assert result.exception.code == "no_domain"
