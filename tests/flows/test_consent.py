"""What the store says of consent never undoes what she told us herself."""

from __future__ import annotations

from integration.db.queries import orders
from integration.db.tables import FollowUpRow, Suppression
from integration.flows.mail_events import address_digest
from tests.flows.conftest import MakeHouse
from tests.flows.stores import store

GERMAN = {"country": "Germany", "country_code": "DE"}


def test_a_box_ticked_in_the_store_is_no_consent_for_who_took_it_back(make_house: MakeHouse) -> None:
    house = make_house("shopify")
    for buyer in ("eve@example.com", "sam@example.com"):
        order = store(house).add_order(email=buyer, buyer_accepts_marketing=True)
        order["shipping_address"] |= GERMAN
        store(house).ship(order["id"])
        if buyer.startswith("sam"):
            digest = address_digest(house.shop_id, buyer)
            with house.services.db.writing() as session:
                session.add(
                    Suppression(
                        id="s1", shop_id=house.shop_id, address_digest=digest, scope="marketing", reason="told us",
                        source="page", created_at=house.clock.now,
                    )
                )  # fmt: skip
        assert house.post(*house.side.arrive(str(order["id"]))) == 200
    house.run()
    with house.services.db.reading() as session:
        of = {orders.get(session, house.shop_id, row.order_id).facts["email"]: row for row in surveys(house)}
    assert {email: (row.state, row.reason) for email, row in of.items()} == {
        "eve@example.com": ("done", ""), "sam@example.com": ("skipped", "consent_required"),
    }  # fmt: skip


def surveys(house: object) -> list[FollowUpRow]:
    return [row for row in house.rows(FollowUpRow) if row.kind == "survey"]  # type: ignore[attr-defined]
