"""The survey page: a link only picks, her own button sends (B1 to B6, B8, B11)."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import urlencode

import pytest
from flask.testing import FlaskClient

from integration.domain.errors import BadForm
from integration.flows.surveys import Answered
from integration.i18n import Words
from tests.web.conftest import TOKEN, Flows, complaint, visit

SURVEY = f"/s/{TOKEN}"


def checked(html: str, field: str) -> list[str]:
    """The values of the picked radios of a field."""
    tags = [tag for tag in html.split("<input ") if f'name="{field}"' in tag.split(">")[0]]
    return [tag.split('value="')[1].split('"')[0] for tag in tags if " checked" in tag.split(">")[0]]


def test_opening_every_rating_link_answers_nothing(client: FlaskClient, flows: Flows) -> None:
    for score in range(1, 6):
        page = client.get(f"{SURVEY}?r={score}")
        assert page.status_code == 200
        assert checked(page.text, "score") == [str(score)]
    assert flows.calls == [("intend", score) for score in range(1, 6)]


def test_asking_for_the_head_of_a_rating_link_notes_nothing(client: FlaskClient, flows: Flows) -> None:
    answer = client.head(f"{SURVEY}?r=1")
    assert (answer.status_code, answer.data, flows.calls) == (200, b"", [])


@pytest.mark.parametrize("rating", ["0", "6", "3 OR 1=1", "", "٣"])
def test_a_rating_that_is_none_picks_nothing(client: FlaskClient, flows: Flows, rating: str) -> None:
    page = client.get(f"{SURVEY}?{urlencode({'r': rating})}")
    assert checked(page.text, "score") == []
    assert flows.calls == []


def test_her_button_sends_score_cause_and_words(client: FlaskClient, flows: Flows) -> None:
    sent = {"score": "2", "cause": "damaged", "text": "Llegó\r\nroto"}
    page = client.post(SURVEY, data=sent)
    assert page.status_code == 200
    assert flows.calls == [("answer", sent | {"text": "Llegó\nroto"}, "es")]
    assert "Gracias, Sam" in page.text


def test_the_same_codes_are_sent_in_every_language(client: FlaskClient, flows: Flows) -> None:
    for language in ("es", "en", "pt_BR"):
        html = client.get(f"{SURVEY}?lang={language}").text
        for code in ("late", "damaged", "wrong_item", "not_as_described", "service", "danger", "other", ""):
            assert f'name="cause" value="{code}"' in html


def test_after_a_complaint_she_sees_its_number_its_day_and_where_to_follow_it(
    client: FlaskClient, flows: Flows
) -> None:
    flows.complaint = complaint()
    html = client.post(SURVEY, data={"score": "1", "cause": "damaged"}).text
    assert "C-7K3Q" in html
    assert "viernes, 27 de noviembre" in html
    assert f'href="https://mia.example/c/{TOKEN}"' in html


def test_an_answer_can_be_changed_for_a_day(client: FlaskClient, flows: Flows) -> None:
    flows.answered = Answered(4, "", "Muy <b>bien</b>")
    html = client.get(SURVEY).text
    assert "Ya respondiste" in html
    assert checked(html, "score") == ["4"]
    assert "Muy &lt;b&gt;bien&lt;/b&gt;" in html


def test_a_link_clicked_after_answering_opens_the_form_with_the_new_pick(client: FlaskClient, flows: Flows) -> None:
    flows.answered = Answered(4, "", "")
    html = client.get(f"{SURVEY}?r=1").text
    assert "<details" in html
    assert checked(html, "score") == ["1"]
    assert " open>" in html


def test_after_a_day_the_answer_stands_and_no_form_is_shown(client: FlaskClient, flows: Flows) -> None:
    flows.answered, flows.editable = Answered(4, "", "Bien"), False
    for page in (client.get(f"{SURVEY}?r=1"), client.post(SURVEY, data={"score": "4", "text": "Bien"})):
        assert page.status_code == 200
        assert "Ya respondiste" in page.text
        assert "<form" not in page.text


def test_a_missing_score_is_told_beside_the_scale_and_her_words_stay(client: FlaskClient, flows: Flows) -> None:
    flows.failing = BadForm("bad_answer", field="score")
    page = client.post(SURVEY, data={"text": "Todo <bien>", "cause": "late"})
    assert page.status_code == 400
    assert '<fieldset aria-describedby="error-score">' in page.text
    assert '<p class="error" id="error-score">Elige una de las cinco opciones.</p>' in page.text
    assert "Todo &lt;bien&gt;" in page.text
    assert checked(page.text, "cause") == ["late"]
    assert page.text.count("autofocus") == 1


def test_words_that_are_too_long_are_told_beside_the_box(client: FlaskClient, flows: Flows) -> None:
    flows.failing = BadForm("bad_answer", field="text", most=4000)
    page = client.post(SURVEY, data={"score": "5", "text": "x" * 4001})
    assert 'aria-invalid="true" aria-describedby="error-text" autofocus' in page.text
    assert "4000 caracteres" in page.text


def test_the_page_names_her_by_first_name_and_order_number_only(client: FlaskClient, flows: Flows) -> None:
    html = client.get(SURVEY).text
    assert "Hola, Sam" in html
    assert "Pedido 1042" in html
    assert "sam@example.com" not in html


def test_without_a_first_name_nobody_is_greeted_by_a_blank(client: FlaskClient, flows: Flows) -> None:
    flows.visit = visit(first_name="")
    assert "<h1>Hola</h1>" in client.get(SURVEY).text
    assert "<h1>Gracias</h1>" in client.post(SURVEY, data={"score": "5"}).text


def test_the_order_s_language_comes_first_then_the_browser_s_then_the_shop_s(client: FlaskClient, flows: Flows) -> None:
    portuguese = {"Accept-Language": "fr, pt-PT;q=0.8, en;q=0.5"}
    assert '<html lang="es">' in client.get(SURVEY, headers=portuguese).text
    flows.visit = replace(flows.visit, order_language="")
    assert '<html lang="pt-BR">' in client.get(SURVEY, headers=portuguese).text
    assert '<html lang="es">' in client.get(SURVEY, headers={"Accept-Language": "fr"}).text
    flows.visit = replace(flows.visit, order_language="en_GB")
    assert '<html lang="en">' in client.get(SURVEY, headers=portuguese).text


def test_the_language_picked_on_the_page_wins_and_is_kept_by_form_and_links(client: FlaskClient, flows: Flows) -> None:
    page = client.get(f"{SURVEY}?lang=en&r=4")
    assert page.headers["Content-Language"] == "en"
    assert '<form class="survey" method="post" action="?lang=en">' in page.text
    assert f'href="https://mia.example/c/{TOKEN}?lang=en"' in page.text
    assert '<a href="?lang=pt_BR&amp;r=4" lang="pt-BR" hreflang="pt-BR">Português</a>' in page.text
    client.post(f"{SURVEY}?lang=en", data={"score": "4"})
    assert flows.calls[-1][-1] == "en"


def test_no_page_speaks_of_compensation_before_she_answers(client: FlaskClient, flows: Flows) -> None:
    for language, words in (
        ("es", "descuento cupón código vale"),
        ("en", "discount coupon voucher code"),
        ("pt_BR", "desconto cupom código vale"),
    ):
        html = client.get(f"{SURVEY}?lang={language}&r=1").text.lower()
        assert not [word for word in words.split() if f" {word} " in html]
    assert Words("es")("pages.survey.send") == "Enviar respuesta"
