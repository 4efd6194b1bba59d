"""The service as a WSGI application, for gunicorn, mod_wsgi and kin; POSTVENTA_CONFIG names its config.

It answers and does not work: beside it `postventa work --until-idle` runs from cron, or `postventa work` resident.
"""

from __future__ import annotations

from contextlib import ExitStack

from integration import logs
from integration.app import build_services, create_app
from integration.cli.commands import in_use
from integration.cli.terminal import say_error
from integration.domain.errors import PostventaError
from integration.settings import config_from_environment, load

_held = ExitStack()
"""As long as this process lives: nobody restores under it. Shared, for a server may run several."""

try:
    _settings = load(config_from_environment())
    logs.start(_settings.log)
    _held.enter_context(in_use(_settings))
    app = create_app(build_services(_settings))
except PostventaError as error:
    say_error(error)  # one sentence with the remedy, above the server's own trace
    raise

application = app
"""The name that mod_wsgi looks for."""
