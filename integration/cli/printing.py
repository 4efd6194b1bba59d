"""`postventa print`: files for what stands around the service, filled in with the owner's domain and folder."""

from __future__ import annotations

import os
import pwd
import shutil
import sys
from importlib.resources import files
from pathlib import Path
from urllib.parse import urlsplit

import click

from integration import __version__
from integration.cli.commands import config_option, helped, postventa, settings_at
from integration.cli.terminal import words
from integration.domain.errors import Misconfigured
from integration.settings import Settings

FILES = {
    "caddy": "Caddyfile",
    "nginx": "nginx.conf",
    "systemd": "systemd.service",
    "compose": "compose.yaml",
    "cloudflared": "cloudflared.yml",
}

_NOT_AS_ROOT = """
# Not as root. First: useradd --system postventa; then give it the folder: chown -R postventa: FOLDER
User=postventa
"""


@postventa.command("print", help=helped("print"))
@config_option
@click.argument("what", type=click.Choice(list(FILES)))
def print_file(config_path: Path, what: str) -> None:
    """Write the file to standard output; its first line says where it belongs."""
    print(filled(what, settings_at(config_path), config_path.absolute()), end="")


def filled(what: str, settings: Settings, config_path: Path) -> str:
    """The file with this installation's values; `Misconfigured` when `public_url` has no domain yet."""
    domain = urlsplit(settings.server.public_url).hostname or ""
    if "." not in domain or domain.replace(".", "").isdigit():
        raise Misconfigured("no_domain", url=settings.server.public_url)
    text = files("integration").joinpath("printed", FILES[what]).read_text("utf-8")
    values = {
        "domain": domain,
        "port": str(settings.server.port),
        "version": __version__,
        "program": shutil.which("postventa") or f"{Path(sys.executable).parent}/postventa",
        "config": str(config_path),
        "folder": str(config_path.parent),
        "writable": str(config_path.parent),
        "user": _user(),
        "language": words.language,
        "home": str(Path.home()),
    }
    for name, value in values.items():
        text = text.replace(f"{{{name}}}", _in_unit(name, value) if what == "systemd" else value)
    return text.replace("\nUser=root\n", _NOT_AS_ROOT)


def _user() -> str:
    """Who the service runs as: whoever prints, which for root is the owner of the folder (`files.work_as_owner`)."""
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:  # a number without a name, as in containers
        return str(os.geteuid())


def _in_unit(name: str, value: str) -> str:
    """As systemd.unit(5) and systemd.service(5) read it: `%` begins a specifier, `$` a variable, a space a word."""
    text = value.replace("%", "%%")
    if name not in ("program", "config", "writable"):
        return text
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"' if name == "writable" else '"' + escaped.replace("$", "$$") + '"'
