"""The returns page: what goes back and how, who pays, and the label."""

from __future__ import annotations

from flask.testing import FlaskClient

from integration.domain.errors import BadForm, NotFound
from integration.flows.returns import AnnouncedView, LabelView
from tests.web.conftest import TOKEN, Flows

RETURN = f"/r/{TOKEN}"
LABEL = f"{RETURN}/label.pdf"


def test_looking_announces_nothing(client: FlaskClient, flows: Flows) -> None:
    html = client.get(RETURN).text
    assert 'name="item-11" value="1"' in html
    assert 'name="item-12" min="0" max="3" value="0"' in html
    assert flows.calls == []


def test_she_announces_what_goes_back(client: FlaskClient, flows: Flows) -> None:
    sent = {"item-11": "1", "item-12": "2", "reason": "too_big", "wish": "exchange", "text": ""}
    page = client.post(RETURN, data=sent)
    assert page.status_code == 200
    assert flows.calls == [("announce", sent)]
    assert "Tu devolución es la D-9Q2M" in page.text
    assert "Plantilla de cuero</li>" in page.text


def test_a_return_that_was_announced_can_be_changed(client: FlaskClient, flows: Flows) -> None:
    flows.announced = AnnouncedView("D-9Q2M", {"12": 2}, "too_big", "exchange")
    html = client.get(RETURN).text
    assert 'max="3" value="2"' in html
    assert 'value="too_big" checked' in html
    assert html.index("D-9Q2M") < html.index("Cambiar mi devolución")


def test_the_page_says_who_pays_the_postage(client: FlaskClient, flows: Flows) -> None:
    assert "no paga el envío" in client.get(RETURN).text
    flows.label = LabelView("D-9Q2M", "pickup", postage_paid=True)
    html = client.get(RETURN).text
    assert "El envío está pagado" in html
    assert "Pasamos a buscar" in html


def test_too_many_of_an_item_is_told_beside_that_item(client: FlaskClient, flows: Flows) -> None:
    flows.failing = BadForm("bad_quantity", field="item-12", most=3)
    page = client.post(RETURN, data={"item-12": "7", "reason": "other", "wish": "refund"})
    assert page.status_code == 400
    assert '<p class="error" id="error-item-2">Escribe un número entre 0 y 3.</p>' in page.text
    assert 'value="7" aria-invalid="true" aria-describedby="error-item-2" autofocus' in page.text


def test_nothing_chosen_is_told_above_the_items(client: FlaskClient, flows: Flows) -> None:
    flows.failing = BadForm("nothing_chosen", field="items")
    page = client.post(RETURN, data={"reason": "other", "wish": "refund", "text": "todo"})
    assert '<fieldset aria-describedby="error-items">' in page.text
    assert "Elige al menos un artículo." in page.text
    assert page.text.count("autofocus") == 1


def test_the_label_comes_as_a_file_with_its_own_name(client: FlaskClient, flows: Flows) -> None:
    answer = client.get(LABEL)
    assert (answer.status_code, answer.mimetype, answer.data[:4]) == (200, "application/pdf", b"%PDF")
    assert answer.headers["Content-Disposition"] == "attachment; filename=D-9Q2M.pdf"
    assert answer.headers["Cache-Control"] == "no-store"


def test_opening_the_label_s_address_makes_none_but_her_button_does(client: FlaskClient, flows: Flows) -> None:
    flows.label = None
    assert "Crear mi etiqueta" in client.get(RETURN).text
    opened = client.get(LABEL)
    assert (opened.status_code, opened.location, flows.calls) == (303, RETURN, [])
    assert client.post(LABEL, data={"action": "label"}).data.startswith(b"%PDF")
    assert flows.calls == [("label",)]


def test_where_there_is_no_label_the_page_says_what_to_do(client: FlaskClient, flows: Flows) -> None:
    flows.label, flows.label_offered = None, False
    html = client.get(RETURN).text
    assert "Escríbenos antes de enviar nada" in html
    assert "label.pdf" not in html
    flows.failing = NotFound("no_label")
    asked = client.post(LABEL, data={"action": "label"})
    assert (asked.status_code, asked.location) == (303, RETURN)


def test_an_order_without_goods_shows_no_form(client: FlaskClient, flows: Flows) -> None:
    flows.items = ()
    html = client.get(RETURN).text
    assert "no hay artículos" in html
    assert "<form" not in html
