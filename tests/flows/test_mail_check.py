"""`mails check` tells a domain whose mails arrive from one whose mails do not, and what to write where (A6, A8)."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from emails.dns import LookUp
from emails.transports import Probe, Transport
from integration.domain.errors import Refused, SinkError
from integration.flows import mail_check
from integration.flows.mail_check import Look
from integration.flows.services import Services
from integration.i18n import LANGUAGES, catalogue
from integration.settings import Mail
from tests.conftest import StandingClock
from tests.emails.api_server import ApiDesk
from tests.emails.mail_server import MailDesk
from tests.emails.zones import FOLDER, silent, zone
from tests.flows.conftest import MakeHouse
from tests.flows.house import House
from tests.flows.mail_ways import api_house, smtp_house


class WayOut(Transport):
    """A way out of which only the look counts."""

    def __init__(self, found: Probe | SinkError) -> None:
        self.found = found

    def send(self, *_: Any, **__: Any) -> None:
        raise AssertionError("nothing is sent by a check")

    def probe(self) -> Probe:
        if isinstance(self.found, SinkError):
            raise self.found
        return self.found

    def close(self) -> None:
        """Nothing is open."""


OFFICE = Mail(transport="smtp", host="smtp.office365.com", username="mia")
REACHED = Probe("mail")
POSTMARK = Mail(transport="api", api_token="t", dkim_selector="20261101pm")


@pytest.fixture
def house(make_house: MakeHouse) -> House:
    return make_house()


def services(
    house: House, look_up: LookUp, mail: Mail = OFFICE, found: Probe | SinkError = REACHED, **shop: str
) -> Services:
    before = house.services.settings
    own = replace(before.shop, **{"from_": "Mia <hola@shop.example>", "reply_to": "hola@shop.example", **shop})
    settings = replace(before, mail=mail, shop=own)
    return replace(house.services, settings=settings, look_up=look_up, transport=WayOut(found))


def problems(looks: list[Look]) -> dict[str, str]:
    return {look.check: look.problem for look in looks if look.problem}


def records(looks: list[Look]) -> dict[str, str]:
    return {f"{look.record.name} {look.record.type}": look.record.value for look in looks if look.record}


def test_every_zone_is_looked_at() -> None:
    assert {path.stem for path in FOLDER.glob("*.zone")} == {*ZONES, "own_server_below", "strict_elsewhere"}


ZONES: dict[str, tuple[Mail, dict[str, str], dict[str, str]]] = {
    "office365__all_well": (OFFICE, {}, {}),
    "postmark__all_well": (POSTMARK, {}, {}),
    "nothing_there": (
        OFFICE,
        {"spf": "missing", "dkim": "unknown_selector", "dmarc": "missing", "alignment": "none"},
        {
            "shop.example TXT": "v=spf1 include:spf.protection.outlook.com ~all",
            "_dmarc.shop.example TXT": "v=DMARC1; p=none; rua=mailto:hola@shop.example",
        },
    ),
    "two_spf_records": (
        OFFICE,
        {"spf": "twice", "dkim": "unknown_selector", "alignment": "none"},
        {"shop.example TXT": "v=spf1 include:spf.protection.outlook.com mx include:_spf.google.com ~all"},
    ),
    "another_provider": (
        OFFICE,
        {"spf": "not_ours", "dkim": "revoked", "dmarc": "garbled", "alignment": "none"},
        {
            "shop.example TXT": "v=spf1 a mx ip4:203.0.113.0/24 include:spf.protection.outlook.com ~all",
            "_dmarc.shop.example TXT": "v=DMARC1; p=none; rua=mailto:hola@shop.example",
        },
    ),
    "too_many_lookups": (
        OFFICE,
        {"spf": "lookups", "dkim": "weak", "dmarc": "twice", "alignment": "none"},
        {"_dmarc.shop.example TXT": "v=DMARC1; p=none; rua=mailto:hola@shop.example"},
    ),
    "open_to_all": (OFFICE, {"spf": "open", "dkim": "garbled", "alignment": "none"}, {}),
}


@pytest.mark.parametrize(("name", "mail", "wrong", "to_copy"), [(name, *rest) for name, rest in ZONES.items()])
def test_a_domain_is_told_what_it_lacks_and_what_to_copy(
    house: House, name: str, mail: Mail, wrong: dict[str, str], to_copy: dict[str, str]
) -> None:
    looks = mail_check.look(services(house, zone(name), mail))
    assert problems(looks) == wrong
    assert records(looks) == to_copy


def test_a_server_of_one_s_own_counts_by_its_address_and_policies_stand_above(house: House) -> None:
    own = Mail(transport="smtp", host="mail.shop.example", dkim_selector="mail")
    looks = mail_check.look(services(house, zone("own_server_below"), own, from_="hola@news.shop.example"))
    assert problems(looks) == {"replies": "unknown"}
    told = {look.check: look.params for look in looks}
    assert told["dmarc"] == {"domain": "shop.example", "policy": "reject"}
    assert told["dkim"] == {"domain": "news.shop.example", "selector": "mail", "bits": 1024}
    assert told["alignment"]["by"] == "SPF + DKIM"


def test_a_server_on_this_machine_is_known_by_its_public_name(house: House) -> None:
    here = Mail(transport="smtp", host="localhost", dkim_selector="mail")
    before = services(house, zone("own_server_below"), here, from_="hola@news.shop.example")
    server = replace(before.settings.server, public_url="https://mail.shop.example")
    known = replace(before, settings=replace(before.settings, server=server))
    assert "spf" not in problems(mail_check.look(known))
    elsewhere = replace(server, public_url="https://other.example")
    unknown = mail_check.look(replace(before, settings=replace(before.settings, server=elsewhere)))
    assert problems(unknown)["spf"] == "not_ours"
    assert records(unknown)["news.shop.example TXT"].endswith(" a:other.example ~all")


def test_bounces_at_a_sister_domain_do_not_stand_for_a_strict_sender(house: House) -> None:
    mail = Mail(transport="smtp", host="relay.example.net", bounces_to="b@bounces.shop.example")
    looks = mail_check.look(services(house, zone("strict_elsewhere"), mail))
    assert problems(looks) == {"dkim": "unknown_selector", "alignment": "none"}
    relaxed = zone("strict_elsewhere")

    def without_strictness(asked: str, kind: Any) -> tuple[str, ...]:
        return tuple(value.replace("; aspf=s", "") for value in relaxed(asked, kind))

    assert "alignment" not in problems(mail_check.look(services(house, without_strictness, mail)))


def test_postmark_without_a_key_shows_the_way_by_its_bounces(house: House) -> None:
    looks = mail_check.look(services(house, zone("nothing_there"), POSTMARK))
    assert problems(looks) == {"dkim": "missing", "dmarc": "missing", "alignment": "none"}
    assert records(looks)["pm-bounces.shop.example CNAME"] == "pm.mtasv.net"
    [events] = [look for look in looks if look.check == "bounces"]
    assert str(events.params["url"]).startswith("https://mia.example/webhooks/mail/postmark/")


@pytest.mark.parametrize(
    "domain", ["gmail.com", "hotmail.es", "outlook.com.ar", "yahoo.com.br", "icloud.com", "uol.com.br", "GMX.de"]
)
def test_free_mail_is_no_sender_s_own(house: House, domain: str) -> None:
    looks = mail_check.look(services(house, zone("nothing_there"), from_=f"mia@{domain}"))
    assert problems(looks) == {"from": "free"}
    assert looks[-1].check == "replies"


def test_a_domain_that_is_none_is_named(house: House) -> None:
    looks = mail_check.look(services(house, zone("nothing_there"), from_="hola@shop.exmaple"))
    assert problems(looks)["from"] == "unknown"


def test_silent_name_servers_are_told_as_that(house: House) -> None:
    looks = mail_check.look(services(house, silent))
    wanted = dict.fromkeys(("from", "replies", "spf", "dkim", "dmarc", "alignment"), "dns_failed")
    assert problems(looks) == wanted


def test_mails_in_a_folder_arrive_nowhere(house: House) -> None:
    looks = mail_check.look(services(house, zone("office365__all_well"), Mail()))
    assert problems(looks)["server"] == "folder"


@pytest.mark.parametrize(
    ("error", "failed", "passed"),
    [
        (Refused("mail_server_unreachable", host="h", port=25), "server", []),
        (Refused("mail_server_untrusted", host="h"), "encryption", ["server"]),
        (Refused("mail_login_refused", reply="535"), "login", ["server", "encryption"]),
        (Refused("mail_server_refused", reply="554"), "server", []),
    ],
)
def test_how_far_we_got_to_the_server_is_told(house: House, error: SinkError, failed: str, passed: list[str]) -> None:
    looks = mail_check.look(services(house, zone("office365__all_well"), OFFICE, error))
    assert problems(looks) == {failed: error.code}
    steps = [look.check for look in looks if look.check in ("server", "encryption", "login")]
    assert steps == [*passed, failed]


def test_a_sandbox_delivers_nothing(house: House) -> None:
    looks = mail_check.look(services(house, zone("postmark__all_well"), POSTMARK, Probe("Mia", delivers=False)))
    assert problems(looks) == {"server": "sandbox"}


def test_the_real_ways_out_are_looked_at_and_get_no_mail(make_house: MakeHouse) -> None:
    desk, api = MailDesk(), ApiDesk()
    with smtp_house(make_house(), desk) as house:
        told = {look.check: look.told for look in mail_check.look(replace(house.services, look_up=silent))}
        assert (told["server"], told["encryption"], told["login"]) == ("ok", "ok_plain", "ok_none")
    with api_house(make_house(), api) as house:
        told = {look.check: look.told for look in mail_check.look(replace(house.services, look_up=silent))}
        assert (told["server"], told["encryption"], told["login"]) == ("ok", "ok", "ok")
    assert (desk.mails, api.mails) == ([], [])


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_problem_has_its_words_and_remedy(house: House, language: str) -> None:
    texts = catalogue(language)
    problems_told = {key for key in texts if key.startswith("mailcheck.") and not key.split(".")[2].startswith("ok")}
    assert {key for key in problems_told if not key.endswith("_remedy") and f"{key}_remedy" not in texts} == set()
    for name, (mail, _, _) in ZONES.items():
        for look in mail_check.look(services(house, zone(name), mail)):
            assert f"mailcheck.{look.check}.{look.problem or look.told}" in texts


@pytest.mark.parametrize("host", ["10.0.0.5", "192.168.1.2", "127.0.0.1"])
def test_no_record_is_proposed_with_an_address_that_nobody_else_reaches(
    tmp_path: Path, clock: StandingClock, host: str
) -> None:
    shop = House(tmp_path, clock)
    before = shop.services.settings
    here = replace(before, server=replace(before.server, public_url=f"http://{host}:8000"))
    shop.services = replace(shop.services, settings=here)
    looks = mail_check.look(services(shop, zone("nothing_there"), Mail(transport="smtp", host=host)))
    shop.close()
    assert problems(looks)["spf"] == "missing"
    assert "shop.example TXT" not in records(looks)
