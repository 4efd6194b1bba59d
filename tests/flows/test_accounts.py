"""Who gets to the desk: invited once, a good password, few tries, and out when it is time (D8, D7)."""

from __future__ import annotations

import re
from datetime import timedelta
from importlib.resources import files
from threading import Thread

import pytest

from integration import passwords
from integration.db.tables import Account, Attempt, DeskSession, Invitation
from integration.domain.errors import BadForm, Conflict, Gone, NotFound, PostventaError, TooMany
from integration.flows import accounts
from integration.flows.accounts import Person
from integration.flows.limits import caller
from tests.flows.conftest import MakeHouse
from tests.flows.house import House

MIA = {"name": "Mia", "email": " Mia@Mia.example ", "password": "correct horse battery"}


def token(link: str) -> str:
    return link.rpartition("/")[2]


def settled(house: House) -> str:
    """Mia used her first link; her session."""
    return accounts.welcome(house.services, token(accounts.setup_link(house.services)), MIA, "es")


def known(house: House, session: str) -> Person:
    person = accounts.person(house.services, session)
    assert person
    return person


def invited(house: House, role: str = "agent", *shops: str, **form: str) -> str:
    with house.services.db.writing() as session:
        link = accounts.invite(session, house.services, role, shops)
    return accounts.welcome(house.services, token(link), MIA | form, "es")


@pytest.fixture
def house(make_house: MakeHouse) -> House:
    return make_house()


def test_the_first_link_makes_an_owner_of_every_shop_and_there_is_no_second(house: House) -> None:
    mia = known(house, settled(house))
    assert (mia.name, mia.email, mia.role, mia.shops) == ("Mia", "mia@mia.example", "owner", (house.shop_id,))
    assert accounts.setup_link(house.services) == ""


def test_a_link_serves_once_and_for_a_day(house: House) -> None:
    link = token(accounts.setup_link(house.services))
    house.clock.advance(hours=24, seconds=1)
    with pytest.raises(Gone):
        accounts.invited(house.services, link)
    link = token(accounts.setup_link(house.services))
    accounts.welcome(house.services, link, MIA, "es")
    with pytest.raises(Gone):
        accounts.welcome(house.services, link, MIA | {"email": "eve@example.com"}, "es")
    with pytest.raises(NotFound):
        accounts.invited(house.services, "AAAAAAAAAAAAAAAAAAAAAA")


def test_two_who_use_a_link_at_once_make_one_account(house: House) -> None:
    link, ends = token(accounts.setup_link(house.services)), list[str]()

    def use(name: str) -> None:
        try:
            ends.append(accounts.welcome(house.services, link, MIA | {"email": f"{name}@mia.example"}, "es"))
        except (Conflict, Gone) as error:
            ends.append(error.code)

    threads = [Thread(target=use, args=(name,)) for name in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(house.rows(Account)) == len(house.rows(DeskSession)) == 1
    assert len(set(ends) & {"link_used", "link_expired"}) >= 1


def test_a_new_first_link_ends_the_one_before(house: House) -> None:
    before = token(accounts.setup_link(house.services))
    accounts.setup_link(house.services)
    with pytest.raises(NotFound):
        accounts.invited(house.services, before)


def test_only_digests_are_kept(house: House) -> None:
    link = token(accounts.setup_link(house.services))
    session = accounts.welcome(house.services, link, MIA, "es")
    kept = "".join(str(row) for table in (Account, DeskSession, Invitation) for row in house.rows(table))
    assert len(session) >= 22
    assert not [secret for secret in (link, session, MIA["password"]) if secret in kept]
    assert house.rows(Account)[0].password_hash.startswith("$argon2id$v=19$m=19456,t=2,p=1$")


@pytest.mark.parametrize(
    ("wrong", "field", "code"),
    [
        ({"name": " "}, "name", "name_missing"),
        ({"name": "M" * 81}, "name", "name_missing"),
        ({"email": "mia"}, "email", "email_wrong"),
        ({"email": "mia@mia"}, "email", "email_wrong"),
        ({"email": "a b@mia.example"}, "email", "email_wrong"),
        ({"email": "m" * 250 + "@mia.example"}, "email", "email_wrong"),
        ({"password": "seven77"}, "password", "password_short"),
        ({"password": "x" * 257}, "password", "password_long"),
        ({"password": "Contraseña123"}, "password", "password_common"),
        ({"password": "mia@mia.example"}, "password", "password_common"),
        ({"password": "abababababababab"}, "password", "password_common"),
    ],
)
def test_what_is_wrong_with_the_form_is_said_beside_its_field(
    house: House, wrong: dict[str, str], field: str, code: str
) -> None:
    link = token(accounts.setup_link(house.services))
    with pytest.raises(BadForm) as refused:
        accounts.welcome(house.services, link, MIA | wrong, "es")
    assert (refused.value.code, refused.value.params["field"]) == (code, field)
    assert accounts.welcome(house.services, link, MIA, "es")


@pytest.mark.parametrize(
    "good", ["tres gatos en la azotea", "ñandú volador", "🐈🐕🐎🐄🐖🐑🐐🐓", "x9$Kp2!q", "12345679a!"]
)
def test_a_good_password_has_eight_signs_of_any_kind(good: str) -> None:
    assert passwords.weakness(good, "mia@mia.example", "Mia") == ""


def test_a_password_is_compared_whole(house: House) -> None:
    long = MIA | {"password": "a horse " * 32}
    assert len(long["password"]) == passwords.LONGEST
    accounts.welcome(house.services, token(accounts.setup_link(house.services)), long, "es")
    assert accounts.log_in(house.services, long, "1")
    for other in (long["password"] + "x", long["password"][:-1], long["password"].upper(), f" {long['password']}"):
        with pytest.raises(BadForm):
            accounts.log_in(house.services, long | {"password": other}, "1")


def test_a_password_is_the_same_however_its_accents_are_typed() -> None:
    assert passwords.matches(passwords.hashed("ñandú volador"), "ñandú volador")


def test_the_list_of_known_passwords_is_read_as_it_is_compared() -> None:
    listed = passwords._common()
    assert len(listed) >= 200
    assert [word for word in listed if word != word.casefold() or len(word) < passwords.SHORTEST] == []


def test_the_three_thousand_most_used_passwords_are_refused() -> None:
    lines = files("integration").joinpath("known_passwords.txt").read_text("utf-8").splitlines()
    assert len({line for line in lines if re.fullmatch("[0-9a-f]{10}", line)}) == 3000
    for known in ("trustno1", "1qaz2wsx", "Samantha1", "STARWARS"):
        assert passwords.weakness(known, "mia@mia.example", "Mia") == "password_common"
    assert passwords.weakness("a few words in a row", "mia@mia.example", "Mia") == ""


def test_an_agent_sees_the_shops_she_was_invited_for(house: House) -> None:
    settled(house)
    with house.services.db.reading() as session:
        name = house.shop(session).name
    ana = known(house, invited(house, "agent", name, email="ana@mia.example"))
    assert (ana.role, ana.owns, ana.shops) == ("agent", False, (house.shop_id,))
    with pytest.raises(NotFound):
        invited(house, "agent", "Nobody's", email="eve@example.com")


def test_an_address_has_one_account(house: House) -> None:
    settled(house)
    with pytest.raises(BadForm) as refused:
        invited(house, "agent")
    assert refused.value.code == "email_taken"


def test_logging_in_makes_a_new_session_each_time(house: House) -> None:
    first = settled(house)
    second = accounts.log_in(house.services, {"email": "MIA@mia.example", "password": MIA["password"]}, "192.0.2.1")
    assert first != second
    assert known(house, second).id == known(house, first).id


def test_a_wrong_address_looks_like_a_wrong_password(house: House) -> None:
    settled(house)
    told = []
    for email in ("mia@mia.example", "nobody@mia.example"):
        with pytest.raises(BadForm) as refused:
            accounts.log_in(house.services, {"email": email, "password": "wrong horse"}, "192.0.2.1")
        told.append((refused.value.code, refused.value.params))
    assert told[0] == told[1]


def tries(house: House, times: int, address: str = "192.0.2.7", email: str = "mia@mia.example") -> PostventaError:
    """The last of so many wrong tries."""
    last: PostventaError
    for _ in range(times):
        with pytest.raises((BadForm, TooMany)) as refused:
            accounts.log_in(house.services, {"email": email, "password": "wrong horse"}, address)
        last = refused.value
    return last


def test_the_eleventh_wrong_try_of_an_address_waits_and_a_restart_forgets_nothing(house: House) -> None:
    settled(house)
    assert tries(house, 10).code == "login_wrong"
    house.clock.advance(minutes=5)
    blocked = tries(house, 1)
    assert (blocked.code, blocked.params) == ("too_many_tries", {"seconds": 600})
    with pytest.raises(TooMany):
        accounts.log_in(house.services, MIA, "192.0.2.7")
    assert len(house.rows(Attempt)) == 30
    house.clock.advance(minutes=10, seconds=1)
    assert accounts.log_in(house.services, {**MIA, "email": "mia@mia.example"}, "192.0.2.7")


def test_whoever_has_a_whole_network_of_ipv6_has_no_more_tries(house: House) -> None:
    settled(house)
    for place in range(10):
        assert tries(house, 1, f"2001:db8::{place}", f"a{place}@mia.example").code == "login_wrong"
    assert tries(house, 1, "2001:db8::ffff", "b@mia.example").code == "too_many_tries"
    assert tries(house, 1, "2001:db8:0:1::1", "b@mia.example").code == "login_wrong"


@pytest.mark.parametrize(
    ("address", "counted"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3::4", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", ""),
        ("unknown", ""),
        ("192.0.2.7:5001", "192.0.2.7"),
        ("[2001:db8:1:2:3::4]:5001", "2001:db8:1:2::/64"),
        ("[2001:db8:1:2:3::4]", "2001:db8:1:2::/64"),
    ],
)
def test_whom_an_address_counts_as(address: str, counted: str) -> None:
    assert caller(address) == counted


def test_guessing_one_person_from_many_places_is_slow_too(house: House) -> None:
    settled(house)
    for place in range(20):
        assert tries(house, 1, f"192.0.2.{place}").code == "login_wrong"
    assert tries(house, 1, "198.51.100.1").code == "too_many_tries"
    assert tries(house, 1, "198.51.100.1", "ana@mia.example").code == "login_wrong"


def test_right_tries_do_not_count(house: House) -> None:
    settled(house)
    for _ in range(12):
        accounts.log_in(house.services, {"email": "mia@mia.example", "password": MIA["password"]}, "192.0.2.7")
    assert house.rows(Attempt) == []


def test_a_session_ends_after_twelve_idle_hours_and_after_a_week(house: House) -> None:
    session = settled(house)
    house.clock.advance(hours=12)
    assert known(house, session)
    house.clock.advance(hours=12, seconds=1)
    assert accounts.person(house.services, session) is None
    session = accounts.log_in(house.services, {"email": "mia@mia.example", "password": MIA["password"]}, "a")
    for _ in range(14):
        house.clock.advance(hours=12)
        assert known(house, session)
    house.clock.advance(seconds=1)
    assert accounts.person(house.services, session) is None


def test_looking_at_pages_writes_at_most_once_a_minute(house: House) -> None:
    session = settled(house)
    begun = house.clock.now
    house.clock.advance(seconds=59)
    known(house, session)
    assert house.rows(DeskSession)[0].seen_at == begun
    house.clock.advance(seconds=2)
    known(house, session)
    assert house.rows(DeskSession)[0].seen_at == house.clock.now


def test_she_logs_out_here_or_everywhere_else(house: House) -> None:
    form = {"email": "mia@mia.example", "password": MIA["password"]}
    here, phone = settled(house), accounts.log_in(house.services, form, "a")
    assert accounts.places(house.services, known(house, here)) == 2
    accounts.log_out(house.services, known(house, here), others=True)
    assert accounts.person(house.services, phone) is None
    accounts.log_out(house.services, known(house, here))
    assert accounts.person(house.services, here) is None


def test_whoever_is_disabled_is_out_at_once_and_cannot_come_back(house: House) -> None:
    settled(house)
    ana = invited(house, email="ana@mia.example")
    accounts.disable(house.services, "Ana@mia.example")
    assert accounts.person(house.services, ana) is None
    with pytest.raises(BadForm):
        accounts.log_in(house.services, MIA | {"email": "ana@mia.example"}, "a")


def test_the_last_owner_cannot_shut_herself_out(house: House) -> None:
    settled(house)
    invited(house, email="ana@mia.example")
    with pytest.raises(Conflict):
        accounts.disable(house.services, "mia@mia.example")
    invited(house, "owner", email="leo@mia.example")
    accounts.disable(house.services, "mia@mia.example")


def test_wrong_old_passwords_are_counted_and_right_ones_are_not(house: House) -> None:
    mia, form = known(house, settled(house)), {"name": "Mia", "locale": "es", "password": "another horse entirely"}
    for _ in range(9):
        with pytest.raises(BadForm, match="password_wrong"):
            accounts.change(house.services, mia, form | {"old": "no"})
    for old, new in ((MIA["password"], form["password"]), (form["password"], MIA["password"])):
        accounts.change(house.services, mia, form | {"old": old, "password": new})
    with pytest.raises(BadForm, match="password_wrong"):
        accounts.change(house.services, mia, form | {"old": "no"})
    with pytest.raises(TooMany):
        accounts.change(house.services, mia, form | {"old": MIA["password"]})
    house.clock.advance(minutes=16)
    accounts.change(house.services, mia, form | {"old": MIA["password"]})


def test_a_new_password_ends_the_other_sessions(house: House) -> None:
    form = {"email": "mia@mia.example", "password": MIA["password"]}
    here, phone = settled(house), accounts.log_in(house.services, form, "a")
    mia, sent = known(house, here), {"name": "Mía", "locale": "en", "password": "another horse entirely"}
    for wrong in ({"old": "no"}, {"old": ""}, {"old": MIA["password"], "password": "password"}):
        with pytest.raises(BadForm):
            accounts.change(house.services, mia, sent | wrong)
    accounts.change(house.services, mia, sent | {"old": MIA["password"]})
    assert (known(house, here).name, known(house, here).locale) == ("Mía", "en")
    assert accounts.person(house.services, phone) is None
    with pytest.raises(BadForm):
        accounts.log_in(house.services, form, "a")
    accounts.change(house.services, mia, {"name": "Mia", "locale": "es"})
    with pytest.raises(BadForm):
        accounts.change(house.services, mia, {"name": "Mia", "locale": "tlh"})


def test_a_link_of_the_console_sets_a_new_password(house: House) -> None:
    before = settled(house)
    first = accounts.reset_link(house.services, "mia@mia.example")
    link = token(accounts.reset_link(house.services, "mia@mia.example"))
    with pytest.raises(NotFound):
        accounts.invited(house.services, token(first))
    assert accounts.invited(house.services, link) == "mia@mia.example"
    after = accounts.welcome(house.services, link, {"password": "another horse entirely"}, "es")
    assert accounts.person(house.services, before) is None
    assert known(house, after).email == "mia@mia.example"
    with pytest.raises(NotFound):
        accounts.reset_link(house.services, "nobody@mia.example")


def test_what_counts_no_more_is_swept_away(house: House) -> None:
    settled(house)
    tries(house, 1)
    house.clock.advance(days=1, seconds=1)
    with house.services.db.writing() as session:
        accounts.tidy(session, house.clock.now)
    assert house.rows(Attempt) == house.rows(DeskSession) == []


def test_a_flood_of_passwords_is_sent_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "PATIENCE", 0.01)
    with passwords._Turn(), passwords._Turn(), pytest.raises(TooMany):
        passwords.hashed("correct horse battery")
    assert timedelta(hours=24) == accounts.INVITED
