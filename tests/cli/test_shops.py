"""`shops` and `policy`: connected, paused, alive again; a policy kept in versions."""

from __future__ import annotations

import io
import json
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

from integration.db.tables import MailRow, Task
from integration.demo.sides import ShopifySide
from integration.flows.shops import policy_of
from integration.settings import spelled
from tests.cli.conftest import Postventa
from tests.flows.house import House

FACE = ["shop", "key", "webhook_url", "webhook_secret"]


def added(postventa: Postventa, house: House, *words: str, name: str = "Mia Dos") -> dict[str, Any]:
    """What `shops add --json` says of a second shop at the same store."""
    store: Any = house.side.store  # type: ignore[attr-defined]
    address = ("--platform", "woocommerce", "--url", store.url)
    ended = postventa("shops", "add", name, *address, "--json", *words)
    assert ended.code == 0, ended.err
    said: dict[str, Any] = json.loads(ended.out)
    return said


def test_a_shop_is_added_and_its_webhooks_are_taken_under_the_secret_that_was_told(
    postventa: Postventa, house: House
) -> None:
    said = added(postventa, house, "--consumer-key", "ck_demo", "--consumer-secret", "cs_demo")
    assert list(said) == FACE
    assert said["shop"] == "Mia Dos"
    assert said["webhook_url"] == f"https://mia.example/webhooks/woocommerce/{said['key']}"
    store: Any = house.side.store  # type: ignore[attr-defined]
    path = said["webhook_url"].removeprefix("https://mia.example")
    headers, body = store.signed_webhook(int(house.side.sell()), "order.updated", said["webhook_secret"])
    assert house.client.post(path, headers=headers, data=body).status_code == 200
    assert house.client.post(path, headers=headers, data=body + b" ").status_code == 401


def test_any_secret_of_the_owners_is_taken_from_wherever_she_keeps_it(
    postventa: Postventa, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MIA_KEY", "ck_demo")
    (house.folder / "secret").write_text("cs_demo\n", "utf-8")
    monkeypatch.setattr(sys, "stdin", io.StringIO("x\n"))
    given = ("--consumer-key", "env:MIA_KEY", "--consumer-secret", "file:secret", "--webhook-secret", "-")
    assert added(postventa, house, *given)["webhook_secret"] == "x"


def test_a_shopify_shop_signs_with_its_apps_secret(postventa: Postventa, house: House) -> None:
    side = ShopifySide(house.clock)
    new = side.start()
    app = (
        "--client-id", new.credentials["client_id"], "--client-secret", new.credentials["client_secret"],
        "--api-base", new.credentials["api_base"],
    )  # fmt: skip
    ended = postventa("shops", "add", "Mia Hogar", "--platform", "shopify", "--domain", new.address, *app, "--json")
    side.stop()
    said = json.loads(ended.out)
    assert list(said) == FACE
    assert said["webhook_secret"] == new.credentials["client_secret"]


def test_what_a_shop_can_do_without_does_not_stop_it_and_is_told(postventa: Postventa, house: House) -> None:
    side = ShopifySide(house.clock)
    new = side.start()
    side.store.shop.scopes.discard("write_orders")
    app = [word for name, value in new.credentials.items() for word in (f"--{name.replace('_', '-')}", value)]
    ended = postventa("shops", "add", "Mia Hogar", "--platform", "shopify", "--domain", new.address, *app)
    side.stop()
    assert ended.code == 0, ended.err
    assert "✗ The app lacks the permission write_orders" in ended.out


def test_a_name_is_taken_once(postventa: Postventa, house: House) -> None:
    ended = postventa(
        "shops", "add", "Mia Moda", "--platform", "woocommerce", "--url", "https://x.example",
        "--consumer-key", "a", "--consumer-secret", "b", "--no-check",
    )  # fmt: skip
    assert ended.code == 1
    assert "Mia Moda" in ended.err


def test_what_is_connected_is_listed_without_secrets(postventa: Postventa, house: House) -> None:
    for words in (("shops", "list"), ("shops", "list", "--json")):
        ended = postventa(*words)
        assert "Mia Moda" in ended.out
        for secret in ("ck_demo", "cs_demo", house.secret):
            assert secret not in ended.out


def test_nothing_leaves_while_a_shop_is_paused_and_all_of_it_afterwards(postventa: Postventa, house: House) -> None:
    assert postventa("shops", "pause", "Mia Moda").code == 0
    assert house.post(*house.side.arrive(house.side.sell())) == 200
    house.run()
    assert house.kinds() == []
    assert {receipt.state for receipt in house.receipts()} == {"done"}
    assert {task.reason for task in house.rows(Task) if task.due_at > task.created_at} >= {"shop_paused"}
    assert '"state": "paused"' in postventa("shops", "list", "--json").out
    assert postventa("shops", "live", "Mia Moda").code == 0
    house.run()
    assert sorted(house.kinds()) == ["label", "survey"]
    assert {mail.copies for mail in house.rows(MailRow)} == {1}


def test_a_pause_holds_back_a_code_too(postventa: Postventa, house: House) -> None:
    house.deliver()
    assert postventa("shops", "pause", "Mia Moda").code == 0
    assert house.answer(2, "damaged").status_code == 200
    house.run()
    assert house.codes() == []
    assert "complaint_ack" not in house.kinds()
    assert postventa("shops", "live", "Mia Moda").code == 0
    house.run()
    assert len(house.codes()) == 1
    assert "complaint_ack" in house.kinds()


def test_the_policy_that_is_shown_can_be_set_again_and_changes_nothing(postventa: Postventa, house: House) -> None:
    shown = postventa("policy", "show", "Mia Moda")
    Path("policy.toml").write_text(shown.out, "utf-8")
    assert postventa("policy", "set", "Mia Moda", "--file", "policy.toml").code == 0
    again = postventa("policy", "show", "Mia Moda")
    assert tomllib.loads(again.out) == tomllib.loads(shown.out)
    assert again.out.splitlines()[0] == "# Mia Moda, version 1"


def test_a_set_value_holds_over_the_config_and_every_set_is_a_version(postventa: Postventa, house: House) -> None:
    for days, form in ((5, 'survey_delay = "{}d"\n'), (7, '[policy]\nsurvey_delay = "{}d"\n')):
        Path("policy.toml").write_text(form.format(days), "utf-8")
        assert postventa("policy", "set", "Mia Moda", "--file", "policy.toml").code == 0
    with house.services.db.reading() as session:
        version, policy = policy_of(session, house.services, house.shop(session))
    assert (version, spelled(policy)["survey_delay"]) == (2, "7d")


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ('survey_delai = "3d"', "survey_delai"),
        ('survey_delay = "soon"', "survey_delay"),
        ('[compensation]\nday_budget = "much"', "day_budget"),
        ('promise = "some day"', "some day"),
        ('delivered_when = ["when I say so"]', "when I say so"),
        ('survey_hours = "9 to 5"', "9 to 5"),
        ("survey_delay =", "policy.toml"),
    ],
)
def test_a_wrong_policy_is_named_and_not_kept(postventa: Postventa, house: House, text: str, named: str) -> None:
    Path("policy.toml").write_text(text, "utf-8")
    ended = postventa("policy", "set", "Mia Moda", "--file", "policy.toml")
    assert (ended.code, ended.out) == (2, "")
    assert named in ended.err
    assert "version 0" in postventa("policy", "show", "Mia Moda").out


def test_adding_says_whether_mails_leave_from_now_on(postventa: Postventa, house: House) -> None:
    address = ("--platform", "woocommerce", "--url", house.side.store.url)  # type: ignore[attr-defined]
    keys = ("--consumer-key", "ck_demo", "--consumer-secret", "cs_demo")
    assert "live from now on" in postventa("shops", "add", "Mia Dos", *address, *keys).out
    assert "is in preview: no mail leaves" in postventa("shops", "add", "Mia Tres", *address, *keys, "--preview").out


def test_going_live_says_what_it_means_before(postventa: Postventa, house: House) -> None:
    house.side.store.shop.orders.clear()  # type: ignore[attr-defined]
    said = postventa("shops", "live", "Mia Moda").out
    assert "We saw no deliveries in the last 14 days" in said
    house.side.arrive(house.side.sell())
    said = postventa("shops", "live", "Mia Moda").out
    assert said.index("about") < said.index("Your store counts 1 delivery") < said.index("is live")
