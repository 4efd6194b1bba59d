"""The HTTP door: which addresses it refuses to call, and that it calls the one it checked."""

from __future__ import annotations

import datetime as dt
import socket
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from connectors.http import Http, HttpLimits, is_public, resolve
from integration.domain.errors import Misconfigured, Permanent, Temporary
from tests.connectors.raw_server import RawServer, answer

PUBLIC = "93.184.215.14"


class Dialled(Exception):
    """The guard let a connection through."""


def refuse_to_dial(address: tuple[str, int], *more: Any) -> socket.socket:
    raise Dialled(address)


def numbers_only(host: str, port: int) -> list[str]:
    """What the system makes of an address written as a number; any name is a public shop."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)
    except OSError:
        return ["127.0.0.1"] if host.strip(".").endswith("localhost") else [host if ":" in host else PUBLIC]
    return [str(entry[4][0]) for entry in found]


def guarded(*addresses: str) -> Http:
    resolver = (lambda host, port: list(addresses)) if addresses else numbers_only
    return Http(HttpLimits(), resolver=resolver, connect=refuse_to_dial)


# -- addresses and URLs ---------------------------------------------------------------------------

TRICKS = """
https://127.0.0.1/ https://127.1/ https://2130706433/ https://0x7f000001/ https://0x7f.1/ https://0177.0.0.1/
https://0/ https://0.0.0.0/ https://[::]/ https://[::1]/ https://localhost/ https://localhost./ https://foo.localhost/
https://10.0.0.1/ https://172.16.5.4/ https://192.168.1.1/ https://169.254.169.254/latest/meta-data/
https://2852039166/ https://100.64.0.1/ https://198.18.0.1/ https://224.0.0.1/ https://255.255.255.255/ https://240.0.0.1/
https://[::ffff:127.0.0.1]/ https://[::ffff:a9fe:a9fe]/ https://[::127.0.0.1]/ https://[64:ff9b::7f00:1]/
https://[64:ff9b:1::a00:1]/ https://[2002:7f00:1::]/ https://[2001:0:7f00:1::]/ https://[fe80::1]/ https://[fe80::1%25lo]/
https://[fd00::1]/ https://[fec0::1]/ https://[ff02::1]/ https://127。0。0。1/ https://①②⑦.⓪.⓪.①/
https://127.0.0.1#@shop.example/ https://127.0.0.1?@shop.example/ https://127.0.0.1\\@shop.example/
http://shop.example/ http://shop.example:443/ https://shop.example:22/ https://shop.example:8443/
https://shop.example:99999/ https://mia:pw@shop.example/ https://shop.example@127.0.0.1/ https://:@shop.example/
gopher://shop.example:443/ file:///etc/passwd ftp://shop.example/ dict://127.0.0.1:11211/ data:text/plain,x
https:/// https:// https://.. https://*.example/ //shop.example/ shop.example javascript:alert(1) https://[::1/
""".split()


@pytest.mark.parametrize("url", TRICKS)
def test_no_trick_in_an_address_reaches_a_private_host(url: str) -> None:
    with pytest.raises(Permanent) as caught:
        guarded().request("GET", url)
    assert caught.value.code in ("private_host", "bad_url")


def test_these_are_forty_tricks_or_more() -> None:
    assert len(set(TRICKS)) >= 40


@pytest.mark.parametrize("url", ["https://shop.example/a?b=c", "https://shop.example:443/", "https://ñandú.example/"])
def test_an_honest_https_address_is_dialled_on_port_443(url: str) -> None:
    with pytest.raises(Dialled) as caught:
        guarded().request("GET", url)
    assert caught.value.args == ((PUBLIC, 443),)


def test_a_host_with_letters_beyond_ascii_is_looked_up_in_punycode() -> None:
    asked = []

    def resolver(host: str, port: int) -> list[str]:
        asked.append(host)
        return [PUBLIC]

    with pytest.raises(Dialled):
        Http(HttpLimits(), resolver=resolver, connect=refuse_to_dial).request("GET", "https://ñandú.example/")
    assert asked == ["xn--and-6ma2c.example"]


def test_one_private_address_among_public_ones_is_enough_to_refuse() -> None:
    with pytest.raises(Permanent, match="private_host"):
        guarded(PUBLIC, "10.1.2.3").request("GET", "https://shop.example/")


def test_a_name_that_changes_its_address_is_called_where_it_was_checked() -> None:
    answers = iter([[PUBLIC], ["127.0.0.1"]])
    http = Http(HttpLimits(), resolver=lambda host, port: next(answers), connect=refuse_to_dial)
    with pytest.raises(Dialled) as caught:
        http.request("GET", "https://shop.example/")
    assert caught.value.args == ((PUBLIC, 443),)
    with pytest.raises(Permanent, match="private_host"):
        http.request("GET", "https://shop.example/")


def test_an_error_names_the_host_and_neither_path_nor_query_nor_password() -> None:
    for url in ("https://10.0.0.1/x?consumer_secret=cs_canary", "https://a:cs_canary@shop.example/cs_canary"):
        with pytest.raises(Permanent) as caught:
            guarded().request("GET", url)
        assert "canary" not in str(caught.value)


@pytest.mark.parametrize("address", ["2606:4700::1111", "8.8.8.8", PUBLIC])
def test_the_open_internet_is_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize("address", ["", "shop.example", "::ffff:8.8.8.8", "192.0.2.1", "2001:db8::1", "239.1.1.1"])
def test_what_is_no_plain_internet_address_is_not_public(address: str) -> None:
    assert not is_public(address)


def test_a_number_resolves_to_itself() -> None:
    assert resolve("127.0.0.1", 80) == ["127.0.0.1"]


# -- TLS ------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One file with a key and a self-signed certificate for shop.example."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "shop.example")])
    start = dt.datetime.now(dt.UTC) - dt.timedelta(days=1)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + dt.timedelta(days=9))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("shop.example")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    plain = serialization.NoEncryption()
    file = tmp_path_factory.mktemp("tls") / "shop.pem"
    file.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    return file


@pytest.fixture
def tls_shop(authority: Path) -> Iterator[RawServer]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(authority)
    with RawServer(answer(b"{}"), tls=context) as server:
        yield server


def pinned(server: RawServer, ca_file: str) -> Http:
    """A strict door whose public address leads to the test's server."""

    def connect(address: tuple[str, int], *more: Any) -> socket.socket:
        assert address == (PUBLIC, 443)
        return socket.create_connection(("127.0.0.1", server.port), 2)

    return Http(HttpLimits(ca_file=ca_file), resolver=lambda host, port: [PUBLIC], connect=connect)


def test_the_certificate_is_checked_against_the_name_though_the_address_is_pinned(
    tls_shop: RawServer, authority: Path
) -> None:
    assert pinned(tls_shop, str(authority)).request("GET", "https://shop.example/").status == 200
    assert b"Host: shop.example\r\n" in tls_shop.requests[0]
    with pytest.raises(Permanent, match=r"bad_certificate.*other\.example"):
        pinned(tls_shop, str(authority)).request("POST", "https://other.example/")


def test_an_unknown_authority_is_a_bad_certificate_even_for_a_post(tls_shop: RawServer) -> None:
    with pytest.raises(Permanent, match=r"bad_certificate.*self-signed"):
        pinned(tls_shop, "").request("POST", "https://shop.example/")


def test_plain_http_behind_port_443_is_unreachable() -> None:
    with RawServer(answer(b"{}")) as server, pytest.raises(Temporary, match=r"unreachable.*tls"):
        pinned(server, "").request("POST", "https://shop.example/")


def test_a_missing_authority_file_is_the_owners_mistake() -> None:
    with pytest.raises(Misconfigured, match="no_ca_file"):
        Http(HttpLimits(ca_file="missing.pem"))
