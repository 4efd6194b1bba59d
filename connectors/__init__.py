"""Stores and carriers; a platform is found by the name of its folder."""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules

from connectors.base import StoreConnector
from connectors.carrying import Carrier
from integration.domain.errors import NotFound


def platforms() -> list[str]:
    """Names of the store folders."""
    package = import_module("connectors.stores")
    return sorted(module.name for module in iter_modules(package.__path__) if module.ispkg)


def carrier_names() -> list[str]:
    """Names of the carrier folders; not `carriers`, since importing that package would take the name."""
    package = import_module("connectors.carriers")
    return sorted(module.name for module in iter_modules(package.__path__) if module.ispkg)


def store(platform: str) -> type[StoreConnector]:
    """The connector class in `connectors/stores/<platform>/`; `NotFound("no_platform")`."""
    if platform not in platforms():
        raise NotFound("no_platform", platform=platform[:40], known=", ".join(platforms()))
    connector: type[StoreConnector] = import_module(f"connectors.stores.{platform}").CONNECTOR
    return connector


def carrier(name: str) -> type[Carrier]:
    """The carrier class in `connectors/carriers/<name>/`; `NotFound("no_carrier")`."""
    if name not in carrier_names():
        raise NotFound("no_carrier", carrier=name[:40], known=", ".join(carrier_names()))
    found: type[Carrier] = import_module(f"connectors.carriers.{name}").CARRIER
    return found
