"""When an order counts as delivered: what the store's orders of late say, what is proposed, and the owner's yes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from integration.db.queries import shops as rows
from integration.flows import shops as flow
from integration.flows.services import Services
from integration.rules.delivery import Trigger, parse_trigger, propose

LOOKED_AT = timedelta(days=60)


@dataclass(frozen=True, slots=True)
class Proposal:
    """Orders of the last `days` by status; `spelled` are the triggers as the policy has them.

    `taken`: they are in force already. `counts` is empty where parcels tell of deliveries, so nothing is proposed.
    """

    days: int
    counts: Mapping[str, int]
    triggers: tuple[Trigger, ...]
    spelled: tuple[str, ...]
    in_force: tuple[Trigger, ...]
    taken: bool


def proposal(services: Services, shop_id: str) -> Proposal:
    """Counted in the store, now; raises what its connector raises."""
    with services.db.reading() as session:
        shop = rows.shop(session, shop_id)
        connector = flow.connector_of(session, services, shop)
        policy = flow.policy_of(session, services, shop)[1]
    counts = connector.orders_by_status(services.clock() - LOOKED_AT)
    spelled = propose(counts) if counts else ()
    triggers = tuple(map(parse_trigger, spelled))
    in_force = tuple(map(parse_trigger, policy.delivered_when))
    return Proposal(LOOKED_AT.days, counts, triggers, spelled, in_force, set(triggers) == set(in_force))


def take(services: Services, shop_id: str) -> int:
    """What is proposed becomes the shop's policy, beside all else that it says; its version."""
    found = proposal(services, shop_id)
    with services.db.writing() as session:
        shop = rows.shop(session, shop_id)
        version, body = rows.policy_body(session, shop_id)
        if found.taken or not found.spelled:
            return version
        changed = {**body, "delivered_when": list(found.spelled)}
        return flow.set_policy(session, services, shop, changed, services.clock())
