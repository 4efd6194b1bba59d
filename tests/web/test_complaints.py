"""The complaint page: hers first, the form below, the day in plain words (C2, C4)."""

from __future__ import annotations

from flask.testing import FlaskClient

from integration.domain.errors import BadForm
from tests.web.conftest import NOW, TOKEN, Flows, complaint

COMPLAINT = f"/c/{TOKEN}"


def test_looking_opens_no_complaint(client: FlaskClient, flows: Flows) -> None:
    assert [client.get(COMPLAINT).status_code, client.head(COMPLAINT).status_code, flows.calls] == [200, 200, []]


def test_she_tells_what_happened_and_sees_number_and_day(client: FlaskClient, flows: Flows) -> None:
    sent = {"cause": "damaged", "text": "La suela", "wish": "resend"}
    page = client.post(COMPLAINT, data=sent)
    assert page.status_code == 200
    assert flows.calls == [("complain", sent, "es")]
    for words in ("Lo recibimos", "Caso C-7K3Q", "a más tardar el viernes, 27 de noviembre", "Una persona lo revisa"):
        assert words in page.text


def test_an_open_case_comes_before_the_folded_form(client: FlaskClient, flows: Flows) -> None:
    flows.complaints = (complaint(), complaint(number="C-OLD1", state="closed"))
    html = client.get(COMPLAINT).text
    assert html.index("Caso C-7K3Q") < html.index("Otra cosa salió mal") < html.index("<form") < html.index("C-OLD1")


def test_a_closed_case_does_not_fold_the_form(client: FlaskClient, flows: Flows) -> None:
    flows.complaints = (complaint(state="closed", fix="resend", fixed_at=NOW),)
    html = client.get(COMPLAINT).text
    assert "<details" not in html
    assert "Enviarlo de nuevo" in html
    assert "a más tardar" not in html


def test_a_fix_by_sending_back_leads_to_the_returns_page(client: FlaskClient, flows: Flows) -> None:
    flows.complaints = (complaint(state="decided", fix="return_label"),)
    assert f'href="https://mia.example/r/{TOKEN}?lang=en"' in client.get(f"{COMPLAINT}?lang=en").text


def test_danger_gets_a_calm_line_of_safety(client: FlaskClient, flows: Flows) -> None:
    flows.complaints = (complaint(cause="danger"),)
    assert '<p class="note">Si puede hacer daño' in client.get(COMPLAINT).text


def test_what_a_person_decides_is_not_shown_as_a_fix(client: FlaskClient, flows: Flows) -> None:
    flows.complaints = (complaint(fix="person"),)
    assert "Cómo lo arreglamos" not in client.get(COMPLAINT).text


def test_a_step_without_words_still_reads_as_one(client: FlaskClient, flows: Flows) -> None:
    steps = (*complaint().steps, complaint().steps[0].__class__(NOW, "brand_new_step"))
    flows.complaints = (complaint(steps=steps, state="brand_new"),)
    html = client.get(COMPLAINT).text
    assert "brand_new" not in html
    assert "Novedad" in html


def test_a_missing_cause_is_told_beside_the_choices_in_the_unfolded_form(client: FlaskClient, flows: Flows) -> None:
    flows.complaints = (complaint(),)
    flows.failing = BadForm("cause_missing", field="cause")
    page = client.post(COMPLAINT, data={"text": "Nadie contesta", "wish": "answer"})
    assert page.status_code == 400
    assert "<title>Revisa el formulario: " in page.text
    assert '<details class="again" open>' in page.text
    assert '<fieldset aria-describedby="error-cause">' in page.text
    assert "Elige qué salió mal." in page.text
    assert "Nadie contesta" in page.text
    assert 'value="answer" checked' in page.text


def test_an_error_about_no_field_of_the_page_is_told_on_top(client: FlaskClient, flows: Flows) -> None:
    flows.failing = BadForm("bad_choice", field="elsewhere")
    assert (
        '<p class="error" role="alert">Elige una de las opciones de la lista.</p>'
        in client.post(COMPLAINT, data={"cause": "late"}).text
    )


def test_an_error_that_nobody_put_into_words_reads_as_a_sentence(client: FlaskClient, flows: Flows) -> None:
    for error in (BadForm("brand_new", field="cause"), BadForm("text_too_long", field="cause")):
        flows.failing = error
        page = client.post(COMPLAINT, data={"cause": "late"})
        assert page.status_code == 400
        assert "No pudimos leer el formulario." in page.text
        assert error.code not in page.text
