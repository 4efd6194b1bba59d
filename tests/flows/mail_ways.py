"""Houses whose mails leave by a real way: the SMTP server or the mail API of the tests."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from email import message_from_bytes
from email.policy import default
from typing import Any

from connectors.http import Http, HttpLimits
from emails.transports import MailServer, transport
from integration.settings import Mail
from tests.emails.api_server import TOKEN, ApiDesk, api_server
from tests.emails.mail_server import MailDesk, mail_server
from tests.flows.house import House


@contextmanager
def smtp_house(house: House, desk: MailDesk, patience: float = 60, **mail: Any) -> Iterator[House]:
    """The house with its mails going to `desk`, waited for `patience` seconds; `mail` as in `[mail]`."""
    with mail_server(desk):
        own = Mail(transport="smtp", host="127.0.0.1", port=desk.port, **mail)
        yield from _with(house, own, _waited_for(own, patience))


@contextmanager
def impatient(house: House, seconds: float) -> Iterator[None]:
    """For as long as the block such a house waits for its mail server no longer than this."""
    before = house.services
    hasty = transport(_waited_for(before.settings.mail, seconds), before.http.request)
    house.services = replace(before, transport=hasty)
    try:
        yield
    finally:
        hasty.close()
        house.services = before


def _waited_for(own: Mail, seconds: float) -> MailServer:
    return MailServer(transport="smtp", host=own.host, port=own.port, timeout=seconds, verdict_timeout=seconds,
                      bounces_to=own.bounces_to)  # fmt: skip


@contextmanager
def api_house(house: House, desk: ApiDesk, **mail: Any) -> Iterator[House]:
    """The house with its mails going to the API at `desk`."""
    with api_server(desk):
        own = Mail(transport="api", api_url=desk.url, api_token=TOKEN, **mail)
        yield from _with(house, own, MailServer(transport="api", api_url=desk.url, api_token=TOKEN))


def _with(house: House, own: Mail, server: MailServer) -> Iterator[House]:
    way_out = transport(server, Http(HttpLimits(allow_private_hosts=True)).request)
    before = house.services
    settings = replace(before.settings, mail=own)
    house.services = replace(before, settings=settings, transport=way_out)
    house.app.extensions["postventa"] = house.services
    try:
        yield house
    finally:
        way_out.close()
        house.services = before
        house.app.extensions["postventa"] = before


def kinds(desk: MailDesk) -> list[str]:
    """What arrived, by the kind that its Feedback-ID names."""
    return [str(message_from_bytes(mail.content, policy=default)["Feedback-ID"]).split(":")[0] for mail in desk.mails]
