"""Unsubscribing by a mail program's button and by ours (A10 to A13, RFC 8058)."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from tests.web.conftest import TOKEN, Flows

PREFERENCES = f"/u/{TOKEN}"
URLENCODED = "application/x-www-form-urlencoded"
PARTS = b'--frontier\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\nOne-Click\r\n--frontier--\r\n'
ONE_CLICKS = [
    (URLENCODED, b"List-Unsubscribe=One-Click"),
    (f"{URLENCODED}; charset=UTF-8", b"List-Unsubscribe=One-Click&x=1"),
    ("multipart/form-data; boundary=frontier", PARTS),
    ('Multipart/Form-Data; boundary="frontier"', PARTS),
]


@pytest.mark.parametrize(("kind", "body"), ONE_CLICKS)
def test_a_mail_program_s_one_click_unsubscribes_however_often(
    client: FlaskClient, flows: Flows, kind: str, body: bytes
) -> None:
    headers = {"Sec-Fetch-Site": "cross-site", "Origin": "https://mail.example"}
    for _ in range(3):
        answer = client.post(PREFERENCES, data=body, content_type=kind, headers=headers)
        assert answer.status_code == 200
        assert "Location" not in answer.headers
        assert "Set-Cookie" not in answer.headers
    assert flows.calls == [("unsubscribe", "header")] * 3


def test_looking_changes_nothing(client: FlaskClient, flows: Flows) -> None:
    for _ in range(100):
        assert client.get(PREFERENCES).status_code == 200
    assert client.head(PREFERENCES).status_code == 200
    assert flows.calls == []


def test_her_button_stops_surveys_and_another_brings_them_back(client: FlaskClient, flows: Flows) -> None:
    assert 'value="unsubscribe"' in client.get(PREFERENCES).text
    stopped = client.post(PREFERENCES, data={"action": "unsubscribe"})
    assert "no recibirás más encuestas" in stopped.text
    assert 'value="subscribe"' in stopped.text
    assert "Volverás a recibir encuestas" in client.post(PREFERENCES, data={"action": "subscribe"}).text
    assert flows.calls == [("unsubscribe", "page"), ("subscribe",)]


def test_the_page_says_which_mails_still_come(client: FlaskClient, flows: Flows) -> None:
    assert "te seguirán llegando" in client.get(PREFERENCES).text


@pytest.mark.parametrize("body", [{}, {"action": "delete"}, {"List-Unsubscribe": "Two-Click"}])
def test_a_post_that_asks_for_nothing_changes_nothing(client: FlaskClient, flows: Flows, body: dict[str, str]) -> None:
    assert client.post(PREFERENCES, data=body).status_code == 400
    assert flows.calls == []


def test_another_site_cannot_press_her_button(client: FlaskClient, flows: Flows) -> None:
    headers = {"Sec-Fetch-Site": "cross-site"}
    assert client.post(PREFERENCES, data={"action": "subscribe"}, headers=headers).status_code == 403
    assert flows.calls == []
