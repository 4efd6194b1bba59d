"""What doctor and the checks of a shop say: each has its words, and a failure says why."""

from __future__ import annotations

import ast

import pytest

from integration.cli import terminal
from integration.domain import errors
from integration.domain.errors import Misconfigured, Permanent
from integration.i18n import LANGUAGES, Words, catalogue, placeholders
from tests.house.code import calls, sources


def literal(node: ast.expr) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def given(call: ast.Call) -> set[str] | None:
    """Names of the values written beside a code, `None` where they are put together elsewhere."""
    tables = [node for node in (*call.args, *(word.value for word in call.keywords)) if isinstance(node, ast.Dict)]
    return {literal(key) for key in tables[0].keys if key} if tables else None


def written(name: str, *folders: str) -> dict[str, list[ast.Call]]:
    """`Finding("receipts", …)`, and `Check` or `_check("store_keys", …)`, by their code."""
    found: dict[str, list[ast.Call]] = {}
    for _, tree in sources(*folders):
        for call in calls(tree, {name, f"_{name.lower()}"}):
            if call.args and literal(call.args[0]):
                found.setdefault(literal(call.args[0]), []).append(call)
    return found


def values_of(key: str) -> set[str]:
    text = catalogue("es").get(key, "")
    return set().union(*map(placeholders, text.values() if isinstance(text, dict) else (text,)))


def test_everything_doctor_looks_at_has_its_words() -> None:
    found = written("Finding", "integration")
    words = {key.split(".")[1] for key in catalogue("es") if key.startswith("doctor.")}
    assert set(found) == words
    assert [code for code in found if {f"doctor.{code}.bad", f"doctor.{code}.remedy"} - set(catalogue("es"))] == []


def test_everything_a_store_is_checked_for_has_its_words() -> None:
    found = written("Check", "connectors")
    words = {key.split(".")[1] for key in catalogue("es") if key.startswith("checks.")}
    assert set(found) - words == set()


@pytest.mark.parametrize(
    ("area", "name", "folder"), [("doctor", "Finding", "integration"), ("checks", "Check", "connectors")]
)
def test_every_sentence_gets_its_values(area: str, name: str, folder: str) -> None:
    for code, found in written(name, folder).items():
        asked = values_of(f"{area}.{code}.ok") | values_of(f"{area}.{code}.bad") | values_of(f"{area}.{code}.remedy")
        for call in found:
            names = given(call)
            assert names is None or asked <= names or f"{area}.{code}.ok" not in catalogue("es"), code


def test_every_error_carries_the_values_of_its_sentence() -> None:
    classes = {name for name, kind in vars(errors).items() if isinstance(kind, type) and issubclass(kind, Exception)}
    hungry = []
    for path, tree in sources("integration", "connectors", "webhooks", "emails"):
        for call in calls(tree, classes):
            names = {word.arg for word in call.keywords}
            code = literal(call.args[0]) if call.args else ""
            if None not in names and not values_of(f"errors.{code}") <= names:
                hungry.append(f"{path}:{call.lineno} {code}")
    assert hungry == []


@pytest.fixture(params=LANGUAGES)
def language(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr(terminal, "words", Words(request.param))
    return str(request.param)


def test_a_failed_check_says_what_and_why(language: str) -> None:
    words = Words(language)
    said = terminal.check_words("store_api", ok=False, params={"problem": "no_answer", "host": "shop.example"})
    assert said == f"{words('checks.store_api.bad')} {words('errors.no_answer', host='shop.example')}"


@pytest.mark.parametrize("check", ["store_api", "shopify_access"])
@pytest.mark.parametrize("problem", ["unreachable", "store_busy"])
def test_a_store_that_does_not_answer_is_no_fault_of_its_plugins_or_keys(
    language: str, check: str, problem: str
) -> None:
    words = Words(language)
    said = terminal.check_words(check, ok=False, params={"problem": problem, "host": "shop.example"})
    assert said == words(f"checks.{check}.{problem}", host="shop.example")


def test_a_check_that_held_says_only_that(language: str) -> None:
    params = {"address": "https://shop.example", "problem": "no_woocommerce"}
    assert terminal.check_words("store_api", ok=True, params=params) == Words(language)(
        "checks.store_api.ok", address="https://shop.example"
    )


def test_a_store_that_cannot_be_asked_is_told_like_any_error(language: str) -> None:
    said = terminal.check_words("throttled", ok=False, params={})
    assert said == Words(language)("errors.throttled")


def test_connecting_tells_the_check_that_failed(language: str) -> None:
    error = Permanent("check_failed", check="shopify_scope", scope="write_discounts")
    assert terminal.error_words(error) == Words(language)("checks.shopify_scope.bad", scope="write_discounts")


def test_an_error_without_words_or_values_shows_its_code() -> None:
    assert terminal.error_words(Misconfigured("unheard_of", key="x")) == "unheard_of (key=x)"
    assert terminal.error_words(Misconfigured("unknown_key")) == "unknown_key"
