"""Our own keys: a new one is added and everything sealed is sealed anew, while the old ones still open (D11)."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from integration import logs
from integration.db import sealed
from integration.db.session import Database
from integration.domain.errors import Conflict, Misconfigured
from integration.files import held
from integration.flows.services import Services
from integration.vault import Vault, add_key


@dataclass(frozen=True, slots=True)
class KnownKey:
    """A key: how many values are sealed with it, how many links were made with it; the newest seals."""

    id: str
    newest: bool
    sealed: int
    links: int


def known(services: Services) -> list[KnownKey]:
    """The keys of the file, oldest first, then any that the database names and the file lacks."""
    with services.db.reading() as session:
        values, links = sealed.values(session), sealed.links_by_key(session)
    used = Counter(value.partition(":")[0] for value in values)
    newest = services.vault.current
    ids = dict.fromkeys((*services.vault.key_ids, *used, *links))
    return [KnownKey(key, key == newest, used[key], links[key]) for key in ids]


def check(db: Database, vault: Vault) -> None:
    """That this vault opens this database; `Misconfigured("key_missing")`, `("wrong_key")`."""
    with db.reading() as session:
        for value in sealed.values(session):
            vault.open(value)


def rotate(services: Services) -> tuple[str, int]:
    """Add a key and seal everything with it; its id and how many values were sealed anew.

    The file comes first: a service that meets a value of the new key reads its file again. Old keys stay in the
    file, since links, and back-ups, name the key that they were made with.
    """
    settings = services.settings
    if settings.keys.value:
        raise Misconfigured("keys_not_in_file")
    path = settings.path(settings.keys.file).resolve()
    with held(path.parent, Conflict("folder_busy", folder=path.parent.name)):
        vault = add_key(path)
        services.checkpoint("key_added")
        with services.db.writing() as session:
            changed = sealed.reseal(session, lambda value: _sealed_anew(vault, value))
    logs.security("key_rotated", key=vault.current, values=changed)
    return vault.current, changed


def _sealed_anew(vault: Vault, value: str) -> str:
    return value if value.startswith(f"{vault.current}:") else vault.seal(vault.open(value))
