"""The owner's case page: everything to decide on one page, and one thing to do next."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from integration.domain.errors import BadForm, Conflict
from integration.web.dashboard.cases import primary
from tests.web.conftest import TOKEN, Flows, case

CASE = f"/admin/case/{TOKEN}"


def test_looking_decides_nothing(client: FlaskClient, flows: Flows) -> None:
    assert [client.get(CASE).status_code, client.head(CASE).status_code, flows.calls] == [200, 200, []]


def test_figures_words_order_advice_and_the_next_step_come_in_this_order(client: FlaskClient, flows: Flows) -> None:
    html = client.get(CASE).text
    story = ["$60.960", "La suela llegó despegada.", "Plantilla de cuero", "Para esta causa: Enviarlo", "Lo siguiente"]
    places = [html.index(words) for words in story]
    assert places == sorted(places)


def test_the_suggested_fix_is_picked_and_the_extra_says_its_worth(client: FlaskClient, flows: Flows) -> None:
    html = client.get(CASE).text
    assert '<option value="resend" selected>' in html
    assert "10 % de descuento en su próxima compra" in html
    flows.case = case(extra_offer="fixed 5000")
    assert "$5.000 para su próxima compra" in client.get(CASE).text
    flows.case = case(extra_offer="free_shipping 0")
    assert "envío gratis en su próxima compra" in client.get(CASE).text
    flows.case = case(extra_offer="")
    assert 'name="extra"' not in client.get(CASE).text


@pytest.mark.parametrize(
    ("suggested", "actions", "first"),
    [
        ("resend", ("grant", "answer", "refuse", "close"), "grant"),
        ("person", ("grant", "answer", "refuse", "close"), "answer"),
        ("", ("grant", "answer", "refuse", "close"), "answer"),
        ("resend", ("answer", "fixed", "close"), "fixed"),
        ("resend", ("answer", "close"), "close"),
        ("resend", ("answer",), "answer"),
        ("resend", (), ""),
    ],
)
def test_one_action_comes_first(suggested: str, actions: tuple[str, ...], first: str) -> None:
    assert primary(case(suggested_fix=suggested, open_actions=actions)) == first


def test_a_case_with_nothing_to_do_shows_no_form(client: FlaskClient, flows: Flows) -> None:
    flows.case = case(open_actions=())
    assert "<form" not in client.get(CASE).text


@pytest.mark.parametrize("action", ["answer", "grant", "refuse", "fixed", "close"])
def test_what_she_did_is_confirmed(client: FlaskClient, flows: Flows, action: str) -> None:
    sent = {"action": action, "expected_state": "in_progress", "text": "Hola", "fix": "resend", "extra": "yes"}
    page = client.post(CASE, data=sent)
    assert page.status_code == 200
    assert flows.calls == [("act", sent)]
    assert '<p class="done" role="status">' in page.text


def test_every_form_names_the_state_she_saw(client: FlaskClient, flows: Flows) -> None:
    html = client.get(CASE).text
    assert html.count('name="expected_state" value="in_progress"') == html.count("<form") == 4


def test_a_case_that_moved_is_shown_as_it_is_and_her_words_are_kept(client: FlaskClient, flows: Flows) -> None:
    flows.failing = Conflict("case_moved", state="decided")
    flows.case = case(state="decided", fix="resend", open_actions=("answer", "fixed", "close"))
    page = client.post(CASE, data={"action": "answer", "expected_state": "received", "text": "Sam, mañana sale"})
    assert page.status_code == 409
    assert "El caso cambió mientras lo leías" in page.text
    assert "Sam, mañana sale" in page.text
    assert '<details class="again" open>' in page.text


def test_a_case_of_somebody_erased_says_so(client: FlaskClient, flows: Flows) -> None:
    flows.failing = Conflict("erased")
    page = client.post(CASE, data={"action": "close", "expected_state": "in_progress"})
    assert page.status_code == 409
    assert "Los datos de este pedido se borraron" in page.text


def test_words_for_an_action_that_is_gone_move_to_the_answer(client: FlaskClient, flows: Flows) -> None:
    flows.failing = Conflict("case_moved", state="decided")
    flows.case = case(state="decided", fix="resend", open_actions=("answer", "fixed", "close"))
    page = client.post(CASE, data={"action": "refuse", "expected_state": "received", "text": "Lo siento, Sam"})
    assert page.text.index('id="text-answer"') < page.text.index("Lo siento, Sam")
    assert '<details class="again" open>' in page.text


def test_an_empty_answer_is_told_beside_its_box_only(client: FlaskClient, flows: Flows) -> None:
    flows.failing = BadForm("text_missing", field="text")
    page = client.post(CASE, data={"action": "refuse", "expected_state": "in_progress", "text": " "})
    assert page.status_code == 400
    assert page.text.count("Escribe un texto antes de enviarlo.") == 1
    assert 'id="error-text-refuse"' in page.text
    assert page.text.count("autofocus") == 1


def test_an_action_that_is_no_longer_open_is_told(client: FlaskClient, flows: Flows) -> None:
    flows.failing = BadForm("bad_action", field="action", action="grant")
    flows.case = case(state="decided", fix="resend", open_actions=("answer", "fixed", "close"))
    page = client.post(CASE, data={"action": "grant", "expected_state": "decided"})
    assert page.status_code == 400
    assert '<p class="error" role="alert">Eso ya no se puede hacer con este caso.' in page.text


def test_she_reads_why_she_is_asked_as_in_the_mail(client: FlaskClient, flows: Flows) -> None:
    flows.case = case(reasons=("over_customer_max", "brand_new", "brand_newer"))
    html = client.get(CASE).text
    assert "Esta persona ya recibió un código hace poco" in html
    assert html.count("Tus reglas piden que lo decida una persona") == 1
    assert "brand_new" not in html


def test_danger_is_marked_urgent(client: FlaskClient, flows: Flows) -> None:
    flows.case = case(severity="urgent", cause="danger")
    assert "Urgente: puede haber peligro" in client.get(CASE).text


def test_closing_with_an_extra_and_no_fix_warns(client: FlaskClient, flows: Flows) -> None:
    warning = "Diste un extra, pero nada se arregló."
    assert warning not in client.get(CASE).text
    flows.case = case(state="decided", extra="percent", fix="", open_actions=("answer", "close"))
    assert warning in client.get(CASE).text


def test_a_case_without_words_says_so(client: FlaskClient, flows: Flows) -> None:
    flows.case = case(text="", wish="", fix="refund", extra="percent", code_state="mailed")
    html = client.get(CASE).text
    assert "No escribió nada." in html
    assert "Decidido: Devolver el dinero." in html
    assert "Código de este pedido: enviado." in html
