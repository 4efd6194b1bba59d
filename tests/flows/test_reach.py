"""`doctor` calls the service by its public address and names what is in the way."""

from __future__ import annotations

import hashlib
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from connectors.http import Http, HttpLimits
from integration.app import create_app
from integration.flows import doctor, reach
from integration.flows.services import Services
from integration.vault import add_key
from tests.flows.conftest import MakeHouse
from tests.flows.fronts import Front, certificate_for, front_of
from tests.flows.house import House

Opened = Callable[..., tuple[Services, Front]]


@pytest.fixture
def house(make_house: MakeHouse) -> House:
    return make_house()


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return certificate_for(tmp_path_factory.mktemp("tls"), "127.0.0.1")


@pytest.fixture
def opened(house: House, certificate: Path) -> Iterator[Opened]:
    """`opened(trusted_proxies, front=...)`: the services of an installation behind a TLS front, and the front."""
    with ExitStack() as fronts:

        def open_(trusted: int = 1, front: Front | None = None, **limits: Any) -> tuple[Services, Front]:
            front = front or Front()
            fronts.enter_context(front_of(front, certificate))
            limits = {"allow_private_hosts": True, "ca_file": str(certificate), "read_timeout": 5, **limits}
            before = house.services.settings
            server = replace(before.server, public_url=f"https://127.0.0.1:{front.port}", trusted_proxies=trusted)
            services = replace(
                house.services, settings=replace(before, server=server), http=Http(HttpLimits(**limits)), clock=now
            )
            if not front.page:
                front.app = create_app(services)
            return services, front

        yield open_


def now() -> datetime:
    return datetime.now(UTC)


def wrong(services: Services) -> dict[str, dict[str, object]]:
    return {one.check: dict(one.params) for one in reach.look(services) if not one.ok}


def test_a_service_that_is_reached_as_it_should_be_says_so(opened: Opened) -> None:
    services, front = opened()
    found = reach.look(services)
    assert [(one.check, one.ok) for one in found] == [
        ("reach_body", True), ("reach_proxies", True), ("reach_scheme", True), ("reach_clock", True),
    ]  # fmt: skip
    [(path, body)] = front.asked
    assert path == "/healthz/echo"
    assert len(body) < 2000


def test_a_service_that_has_not_met_the_newest_key_is_still_ours(opened: Opened, house: House) -> None:
    services, _ = opened()
    asking = replace(services, vault=add_key(house.folder / "postventa.key"))
    assert asking.vault.current not in services.vault.key_ids
    assert [finding.check for finding in reach.look(asking) if not finding.ok] == []


@pytest.mark.parametrize(
    "change",
    [
        lambda body: body.replace(b"  ", b" "),
        lambda body: body.replace(b"<b>", b""),
        lambda body: body + b"\n",
        lambda body: body.replace(b"\\u00f1", "ñ".encode()),
        lambda body: b"",
    ],
)
def test_a_body_that_is_changed_on_the_way_is_noticed(opened: Opened, change: Callable[[bytes], bytes]) -> None:
    services, _ = opened(front=Front(change=change))
    assert list(wrong(services)) == ["reach_body"]


@pytest.mark.parametrize(("hops", "trusted"), [(0, 1), (2, 1), (1, 2)])
def test_the_servers_in_front_are_counted(opened: Opened, hops: int, trusted: int) -> None:
    services, _ = opened(trusted, Front(hops=hops))
    found = wrong(services)
    assert found["reach_proxies"] == {"hops": hops, "trusted": trusted}


def test_a_front_that_does_not_say_https_is_named(opened: Opened) -> None:
    services, _ = opened(front=Front(proto="http"))
    assert wrong(services) == {"reach_scheme": {"scheme": "http"}}


def test_a_redirect_is_named_with_where_it_leads(opened: Opened) -> None:
    services, front = opened(front=Front(redirect="https://www.mia.example/login?next=/x#token=secret"))
    [(check, params)] = wrong(services).items()
    assert (check, params["there"]) == ("reach_redirect", "https://www.mia.example")
    front.redirect = "/es/healthz/echo"
    assert wrong(services)["reach_redirect"]["there"] == "/es/healthz/echo"


@pytest.mark.parametrize(
    "page", [b"<html>It works</html>", b"{}", b"[]", b'{"digest": "x", "at": "y", "hops": 1, "signature": "z"}']
)
def test_another_program_at_our_address_is_no_answer_of_ours(opened: Opened, page: bytes) -> None:
    services, _ = opened(front=Front(page=page))
    assert list(wrong(services)) == ["reach_stranger"]


def test_another_installation_at_our_address_is_noticed(opened: Opened, make_house: MakeHouse) -> None:
    services, front = opened()
    front.app = make_house().app
    assert list(wrong(services)) == ["reach_stranger"]


def test_a_certificate_that_nobody_knows_is_named_with_the_reason(opened: Opened) -> None:
    services, _ = opened(ca_file="")
    [(check, params)] = wrong(services).items()
    assert check == "reach_certificate"
    assert "self-signed" in str(params["why"]).replace("self signed", "self-signed")


def test_a_certificate_for_another_name_is_named(opened: Opened, house: House, tmp_path: Path) -> None:
    other = certificate_for(tmp_path, "127.0.0.9")
    services, _ = opened()
    with front_of(Front(), other) as front:
        server = replace(services.settings.server, public_url=f"https://127.0.0.1:{front.port}")
        http = Http(HttpLimits(allow_private_hosts=True, ca_file=str(other)))
        known = replace(services, settings=replace(services.settings, server=server), http=http)
        assert list(wrong(known)) == ["reach_certificate"]


def test_a_closed_port_is_named(opened: Opened) -> None:
    services, _ = opened()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound but not listening: connections are refused
        port = taken.getsockname()[1]
        server = replace(services.settings.server, public_url=f"https://127.0.0.1:{port}")
        found = wrong(replace(services, settings=replace(services.settings, server=server)))
    assert found == {"reach_port": {"host": "127.0.0.1", "port": port, "why": "connect"}}


def test_silence_behind_an_open_port_is_named(opened: Opened) -> None:
    services, _ = opened(front=Front(hangs_up=True))
    assert list(wrong(services)) == ["reach_answer"]


def named(services: Services, url: str, *addresses: str) -> Services:
    def resolver(host: str, port: int) -> list[str]:
        if not addresses:
            raise OSError("no such name")
        return list(addresses)

    server = replace(services.settings.server, public_url=url)
    http = Http(HttpLimits(), resolver=resolver)
    return replace(services, settings=replace(services.settings, server=server), http=http)


def test_a_name_without_an_address_is_named(house: House) -> None:
    found = wrong(named(house.services, "https://mia.example"))
    assert found == {"reach_name": {"host": "mia.example", "port": 443, "why": "name"}}


@pytest.mark.parametrize("address", ["192.168.1.10", "127.0.0.1", "fd00::1"])
def test_a_private_address_is_named(house: House, address: str) -> None:
    assert list(wrong(named(house.services, "https://mia.example", address))) == ["reach_private"]


def test_an_address_with_a_port_is_named(house: House) -> None:
    assert list(wrong(named(house.services, "https://mia.example:8443", "192.0.2.1"))) == ["reach_address"]


def test_without_https_there_is_nothing_to_look_at(house: House) -> None:
    assert reach.look(named(house.services, "http://127.0.0.1:8000")) == []


@pytest.mark.parametrize("minutes", [-10, 10])
def test_a_clock_that_is_wrong_is_named(opened: Opened, minutes: int) -> None:
    services, front = opened()
    front.date = now() + timedelta(minutes=minutes)
    [(check, params)] = wrong(services).items()
    assert check == "reach_clock"
    assert 590 <= int(str(params["seconds"])) <= 615
    front.date = None
    ours = replace(services, clock=lambda: now() - timedelta(minutes=minutes))
    assert list(wrong(ours)) == ["reach_clock"]


def test_doctor_tells_it(opened: Opened) -> None:
    services, _ = opened(trusted=0)
    told = {one.check: one.ok for one in doctor.examine(services)}
    assert told["public_url"]
    assert not told["reach_proxies"]


# -- the door that answers ---------------------------------------------------------------------------------


def asked(services: Services, **changes: str) -> str:
    part = {"stamp": str(int(services.clock().timestamp())), "nonce": "n0nce", **changes}
    signature = reach._sign(services.vault, services.vault.current, part["stamp"], part["nonce"])
    return f"{part['stamp']}.{part['nonce']}.{changes.get('signature', signature)}"


def test_eve_learns_nothing_at_the_door(house: House) -> None:
    right = asked(house.services)
    old = asked(house.services, stamp=str(int(house.clock.now.timestamp()) - 2 * 86400))
    forged = right[:-1] + ("0" if right[-1] != "0" else "1")
    far, foreign = asked(house.services, stamp="9" * 30), asked(house.services, signature="ñ")
    for check in ("", "x", "..", forged, old, far, foreign):
        got = house.client.post(reach.PATH, data=b"<script>", headers={reach.HEADER: check.encode().decode("latin-1")})
        assert (got.status_code, got.get_data()) == (404, b"not found\n")
    assert house.client.get(reach.PATH).status_code == 405


def test_a_right_question_gets_a_digest_and_not_a_word_of_its_body(house: House) -> None:
    got = house.client.post(
        reach.PATH, data=b"<script>alert(1)</script>", headers={reach.HEADER: asked(house.services)}
    )
    assert got.status_code == 200
    assert b"alert" not in got.get_data()
    assert got.content_type == "application/json"
    assert got.json["digest"] == hashlib.sha256(b"<script>alert(1)</script>").hexdigest()


def test_a_large_question_is_not_read(house: House) -> None:
    headers = {reach.HEADER: asked(house.services)}
    assert house.client.post(reach.PATH, data=b"x" * 65_537, headers=headers).status_code == 404
    assert house.client.post(reach.PATH, data=b"x" * 65_536, headers=headers).status_code == 200
