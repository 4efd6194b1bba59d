"""The HTTP door: what each kind of good and bad answer becomes."""

from __future__ import annotations

import gzip
import socket
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import responses

from connectors.http import Http, HttpLimits
from integration.domain.errors import Ambiguous, SinkError, Temporary
from tests.connectors.raw_server import RawServer, answer

PUBLIC = "93.184.215.14"
OPEN = HttpLimits(allow_private_hosts=True, connect_timeout=10, read_timeout=10, max_bytes=1000)
HASTY = replace(OPEN, read_timeout=0.5)  # towards whoever says nothing, or too slowly


def test_an_answer_comes_whole_with_lower_case_headers_and_no_query_in_its_url() -> None:
    with RawServer(answer(b'{"a":1}', X_Total="3")) as server:
        got = Http(OPEN).request("GET", server.url + "/x", params={"consumer_secret": "cs"})
    assert (got.status, got.body, got.headers["x-total"]) == (200, b'{"a":1}', "3")
    assert got.url == server.url + "/x"


def test_we_say_who_we_are_and_send_basic_auth_and_json() -> None:
    with RawServer(answer(b"{}")) as server:
        Http(OPEN).request("POST", server.url, json={"a": "ñ"}, auth=("ñandú", "cs"))
    sent = server.requests[0]
    assert b"User-Agent: Postventa/" in sent
    assert b"Authorization: Basic w7FhbmTDujpjcw==" in sent
    assert sent.endswith(b'{"a": "\\u00f1"}')


def test_proxies_and_netrc_of_the_environment_are_ignored(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login eve password forged\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    with RawServer(answer(b"{}")) as server:
        Http(OPEN).request("GET", server.url)
    assert b"Authorization" not in server.requests[0]


def test_cookies_are_not_kept() -> None:
    with RawServer(answer(b"{}", set_cookie="eve=1")) as server:
        http = Http(OPEN)
        http.request("GET", server.url)
        http.request("GET", server.url)
    assert b"Cookie" not in server.requests[1]


def test_a_redirect_is_an_answer_and_is_not_followed() -> None:
    with RawServer(answer(b"", "302 Found", location="http://169.254.169.254/")) as server:
        got = Http(OPEN).request("GET", server.url)
    assert got.status == 302
    assert len(server.requests) == 1


CHANGING = ["POST", "PUT", "PATCH", "DELETE"]
SHORT = answer(b'{"id":1}', content_length="500")
BAD_ANSWERS = {
    "hangs": (b"", True),
    "hangs up": (b"", False),
    "hangs within the body": (SHORT, True),
    "is cut": (SHORT, False),
    "is no http": (b"SSH-2.0-OpenSSH\r\n", False),
    "is broken gzip": (answer(b"rubbish", content_encoding="gzip"), False),
}


@pytest.mark.parametrize(("said", "hold"), BAD_ANSWERS.values(), ids=BAD_ANSWERS.keys())
@pytest.mark.parametrize("method", [*CHANGING, "GET"])
def test_a_lost_answer_is_ambiguous_only_for_what_changes_something(method: str, said: bytes, hold: bool) -> None:
    with RawServer(said, hold=hold) as server, pytest.raises(SinkError, match="no_answer") as caught:
        Http(HASTY if hold else OPEN).request(method, server.url)
    assert type(caught.value) is (Temporary if method == "GET" else Ambiguous)
    assert len(server.requests) == 1


@pytest.mark.parametrize(("method", "kind"), [("GET", Temporary), ("POST", Ambiguous)])
def test_an_answer_beyond_the_cap_is_not_read_on(method: str, kind: type[SinkError]) -> None:
    bomb = gzip.compress(bytes(5_000_000))
    for said in (answer(b"x" * 5000), answer(bomb, content_encoding="gzip")):
        with RawServer(said) as server, pytest.raises(kind, match="answer_too_large"):
            Http(OPEN).request(method, server.url)


@pytest.mark.parametrize("begun", [answer(b"", content_length="999"), b"HTTP/1.1 200 OK\r\nX-A: ", b"HTTP/1.1 2"])
def test_an_answer_that_drips_is_given_up(begun: bytes) -> None:
    with RawServer(begun, drip=0.03) as server, pytest.raises(Temporary, match="no_answer"):
        Http(HASTY).request("GET", server.url)


def test_an_answer_in_chunks_is_read_whole_and_a_cut_chunk_is_noticed() -> None:
    head = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"
    with RawServer(head + b'3\r\n{"a\r\n4\r\n":1}\r\n0\r\n\r\n') as server:
        assert Http(OPEN).request("GET", server.url).body == b'{"a":1}'
    with RawServer(head + b"ff\r\n{") as server, pytest.raises(Ambiguous, match="no_answer"):
        Http(OPEN).request("POST", server.url)


def test_a_closed_port_is_unreachable_and_nothing_was_sent() -> None:
    with RawServer(b"") as server:
        url = server.url
    with pytest.raises(Temporary, match="unreachable"):
        Http(OPEN).request("POST", url)


def test_a_name_without_address_is_unreachable() -> None:
    def nowhere(host: str, port: int) -> list[str]:
        raise socket.gaierror(-2, "Name or service not known")

    with pytest.raises(Temporary, match=r"unreachable.*name"):
        Http(OPEN, resolver=nowhere).request("POST", "http://shop.example/")


def test_the_next_address_is_tried_when_the_first_does_not_answer() -> None:
    def connect(address: tuple[str, int], *more: Any) -> socket.socket:
        if address[0] == PUBLIC:
            raise TimeoutError
        return socket.create_connection(address, 2)

    with RawServer(answer(b"{}")) as server:
        http = Http(OPEN, resolver=lambda host, port: [PUBLIC, "127.0.0.1"], connect=connect)
        assert http.request("GET", f"http://shop.example:{server.port}/").status == 200
    assert f"Host: shop.example:{server.port}".encode() in server.requests[0]


def test_one_door_serves_many_threads() -> None:
    with RawServer(answer(b"{}")) as server:
        http = Http(OPEN)
        seen: list[int] = []
        threads = [
            threading.Thread(target=lambda: seen.append(http.request("GET", server.url).status)) for _ in range(8)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert seen == [200] * 8


def test_recorded_answers_of_other_tests_pass_the_same_door() -> None:
    with responses.RequestsMock() as recorded:
        recorded.get("https://shop.example/", json={"a": 1})
        assert Http(HttpLimits()).request("GET", "https://shop.example/").body == b'{"a": 1}'
