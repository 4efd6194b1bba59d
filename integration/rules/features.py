"""What the owner switched on, of what a store may refuse without refusing the rest."""

from __future__ import annotations

from integration.domain.policy import Policy

COURTESIES = frozenset({"notes", "storefront", "advice", "webhooks"})
"""A store that refuses these is connected all the same: nobody was promised them, or the store is read anyway."""


def switched_on(policy: Policy) -> frozenset[str]:
    """`codes` where extras are given, `notes` where orders are annotated, `storefront` where the shop shows our page.

    By these a store's checks are counted; `advice` and `webhooks` are always wanted.
    """
    features = {
        "codes": policy.compensation.enabled, "notes": policy.order_notes, "storefront": policy.storefront,
        "advice": True, "webhooks": True,
    }  # fmt: skip
    return frozenset(name for name, on in features.items() if on)


def counts(feature: str, policy: Policy) -> bool:
    """Whether what serves this feature matters at all; what serves none serves everything."""
    return not feature or feature in switched_on(policy)


def blocks(feature: str, policy: Policy) -> bool:
    """Whether a shop cannot be connected without it."""
    return counts(feature, policy) and feature not in COURTESIES
