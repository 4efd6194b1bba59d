"""Where the parts meet: services from settings, and the Flask app around them."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

import webhooks.approvals
import webhooks.mail_events
import webhooks.routes
from connectors.http import Http, HttpLimits
from emails.transports import MailServer, Transport, transport
from integration import web
from integration.clock import Clock, system_clock
from integration.db import places
from integration.db.session import Database
from integration.domain.errors import Misconfigured
from integration.flows import keys, upgrading
from integration.flows.services import Services
from integration.flows.shops import check_policy
from integration.settings import Settings
from integration.vault import Vault, parse_keys, read_key_file
from integration.web.health import health
from integration.web.metrics import metrics


def build_services(
    settings: Settings, *, clock: Clock = system_clock, wake: Callable[[], None] = lambda: None
) -> Services:
    """Open the database (migrated), the keys and the ways out; `Misconfigured` says what is wrong."""
    check_sender(settings)
    check_policy(settings.policy)
    vault = open_vault(settings)
    database = _ready_database(settings, vault, clock)
    http = Http(HttpLimits(**dataclasses.asdict(settings.http)))
    return Services(
        settings=settings, db=database, vault=vault, clock=clock, transport=way_out(settings, http),
        http=http, wake=wake, checkpoint=checkpoint_of(settings),
    )  # fmt: skip


def way_out(settings: Settings, http: Http) -> Transport:
    """The transport of `[mail]`; the mail API is called through the one door for HTTP."""
    own = settings.mail
    server = MailServer(
        transport=own.transport, host=own.host, port=own.port, username=own.username, password=own.password,
        starttls=own.starttls, folder=str(settings.path(own.folder)), ca_file=settings.http.ca_file,
        bounces_to=own.bounces_to, api_url=own.api_url, api_token=own.api_token, api_stream=own.api_stream,
    )  # fmt: skip
    return transport(server, http.request)


def open_database(settings: Settings) -> Database:
    """The database, on a disk that it can stay on; `Misconfigured` says why not."""
    places.prepare(settings.database_url)
    return Database(settings.database_url)


def _ready_database(settings: Settings, vault: Vault, clock: Clock) -> Database:
    """The database, of this version and opened by these keys."""
    database = open_database(settings)
    try:
        upgrading.bring_up(settings, database, vault, clock(), checkpoint=checkpoint_of(settings))
        keys.check(database, vault)
    except BaseException:
        database.close()
        raise
    return database


def open_vault(settings: Settings) -> Vault:
    """The keys: from the setting itself, else from the key file."""
    return parse_keys(settings.keys.value) if settings.keys.value else read_key_file(settings.path(settings.keys.file))


def check_sender(settings: Settings) -> None:
    """Nobody is mailed by nobody: From and Reply-To are needed before anything starts."""
    for key, value in (("shop.from", settings.shop.from_), ("shop.reply_to", settings.shop.reply_to)):
        if "@" not in value:
            raise Misconfigured("sender_missing", key=key)


def checkpoint_of(settings: Settings) -> Callable[[str], None]:
    """In tests the process ends at the step that `crash_at` names, as if the plug were pulled."""

    def pass_by(name: str) -> None:
        if name == settings.crash_at:
            os._exit(137)

    return pass_by


def create_app(services: Services) -> Flask:
    """Plain WSGI: the webhook door, the shopper's pages, health."""
    app = Flask("integration.web", static_folder=None)
    app.extensions["postventa"] = services
    app.register_blueprint(webhooks.routes.blueprint)
    app.register_blueprint(webhooks.mail_events.blueprint)
    app.register_blueprint(webhooks.approvals.blueprint)
    app.register_blueprint(health)
    app.register_blueprint(metrics)
    web.register(app)
    hops = services.settings.server.trusted_proxies
    if hops:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]
    return app
