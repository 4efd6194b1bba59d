"""No secret can be read where it lies: not in the database file, its log, an export, a back-up, or a page (D11)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from integration import links
from integration.db import exports
from integration.db.queries import shops
from integration.flows import accounts, backups, keys
from tests.conftest import StandingClock
from tests.flows.house import House

MIA = {"name": "Mia", "email": "mia@mia.example", "password": "a horse that nobody knows"}
HTTPS = "https://mia.example"


@pytest.fixture(params=["woocommerce", "shopify"])
def house(request: pytest.FixtureRequest, tmp_path: Path, clock: StandingClock) -> Iterator[House]:
    """A shop on SQLite, after a whole line with a complaint, a code and somebody at the desk."""
    made = House(tmp_path, clock, request.param)
    made.deliver()
    made.answer(2, "damaged", "La caja llegó rota")
    made.run()
    yield made
    made.close()


def credentials(house: House) -> set[str]:
    """What opens the store, unsealed, and the secret that signs its webhooks."""
    with house.services.db.reading() as session:
        connection = shops.connection_of(session, house.shop(session))
    held = json.loads(house.services.vault.open(connection.sealed_credentials))
    found = {str(value) for name, value in held.items() if re.search("key|secret|token", name)}
    return found | {house.secret}


def in_mails(house: House) -> set[str]:
    """Every link token that left by mail."""
    return {
        token for mail in house.mails() for token in re.findall(r"example/(?:[scru]|admin/case)/([\w-]{22})", mail.text)
    }


def of_the_desk(house: House) -> set[str]:
    """A one-time link, a session and a password."""
    link = accounts.setup_link(house.services).rpartition("/")[2]
    spare = accounts.welcome(house.services, link, MIA, "es")
    unused = accounts.reset_link(house.services, MIA["email"]).rpartition("/")[2]
    return {link, spare, unused, MIA["password"]}


def key_lines(house: House) -> set[str]:
    text = (house.folder / "postventa.key").read_text("ascii")
    return {line.partition(":")[2] for line in text.split()}


def found_in(secrets: set[str], *files: Path) -> list[str]:
    raw = b"".join(file.read_bytes() for file in files)
    return [secret for secret in secrets if secret.encode() in raw]


def test_the_database_file_its_log_and_back_ups_show_none(house: House) -> None:
    secrets = credentials(house) | in_mails(house) | of_the_desk(house) | key_lines(house)
    assert len(credentials(house)) >= (3 if house.side.platform == "woocommerce" else 1)
    assert len(in_mails(house)) >= 4
    files = sorted(house.folder.glob("postventa.db*"))
    assert b"SQLite format" in files[0].read_bytes()
    assert found_in({"sam@example.com"}, *files) == ["sam@example.com"]  # so the search does find what is there
    assert found_in(secrets, *files) == []
    services = house.services
    made = backups.make(services.settings, services.db, services.vault, house.clock.now)
    assert found_in(secrets | {"sam@example.com"}, made) == []


def test_an_export_holds_none(house: House, tmp_path: Path) -> None:
    secrets = credentials(house) | in_mails(house) | of_the_desk(house) | key_lines(house)
    folder = tmp_path / "export"
    folder.mkdir()
    exports.write(house.services.db, folder)
    files = sorted(folder.iterdir())
    assert found_in({"sam@example.com"}, *files)
    assert found_in(secrets, *files) == []


def test_after_a_rotation_there_are_none_either(house: House) -> None:
    keys.rotate(house.services)
    secrets = credentials(house) | key_lines(house)
    assert found_in(secrets, *sorted(house.folder.glob("postventa.db*"))) == []


def test_no_page_of_the_desk_shows_one(house: House) -> None:
    secrets = credentials(house) | in_mails(house) | key_lines(house)
    client = house.app.test_client()
    link = accounts.setup_link(house.services).removeprefix(HTTPS)
    client.post(link, data=MIA, base_url=HTTPS)
    rooms = ("", "cases", "orders", "shops", f"shops/{house.shop_id}", "stopped", "health", "people", "account")
    pages = "".join(client.get(f"/admin/{room}", base_url=HTTPS).text for room in rooms)
    assert house.side.name in pages
    assert [secret for secret in secrets if secret in pages] == []


def test_only_a_digest_of_a_link_is_kept(house: House) -> None:
    raw = b"".join(file.read_bytes() for file in house.folder.glob("postventa.db*"))
    assert all(links.digest(token).encode() in raw for token in in_mails(house))
