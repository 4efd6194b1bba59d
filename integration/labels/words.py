"""The texts that the slip needs, by name, so that a drawing knows no language."""

from __future__ import annotations

from integration.i18n import Words

STEPS = ("step_1", "step_2", "step_3")
REASONS = (
    "reason_damaged",
    "reason_wrong_item",
    "reason_not_as_described",
    "reason_does_not_fit",
    "reason_changed_mind",
    "reason_other",
)
WORDS: tuple[str, ...] = (
    "title",
    "order",
    "number",
    "from",
    "to",
    "stamp",
    "stamp_hint",
    "scan",
    "cut",
    *STEPS,
    "items",
    "sku",
    "quantity",
    "more",
    "reasons",
    *REASONS,
    "not_postage",
    "page",
)


def slip_words(words: Words) -> dict[str, str]:
    """`LabelRequest.words` in the language of `words`; `{order}` and `{n}` are filled in while drawing."""
    return {name: words(f"label.slip.{name}") for name in WORDS}
