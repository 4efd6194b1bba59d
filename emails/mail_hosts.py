"""Who runs a mail server, by its name: what its senders put into their SPF record, and where it puts its DKIM keys."""

from __future__ import annotations

import re
from dataclasses import dataclass

COMMON_SELECTORS = ("default", "dkim", "mail", "k1", "s1", "s2", "selector1", "selector2", "google", "smtp", "mx")


@dataclass(frozen=True, slots=True)
class MailHost:
    """A provider: the domain to include in SPF, and the selectors that it usually gives."""

    include: str = ""
    selectors: tuple[str, ...] = COMMON_SELECTORS


# Each from the provider's own page on setting up a domain.
_HOSTS: tuple[tuple[str, MailHost], ...] = (
    ("gmail.com", MailHost("_spf.google.com", ("google",))),
    ("office365.com", MailHost("spf.protection.outlook.com", ("selector1", "selector2"))),
    ("mail.protection.outlook.com", MailHost("spf.protection.outlook.com", ("selector1", "selector2"))),
    ("sendgrid.net", MailHost("sendgrid.net", ("s1", "s2"))),
    ("mailgun.org", MailHost("mailgun.org", ("k1", "mx", "pic", "smtp", "mailo"))),
    ("amazonaws.com", MailHost("amazonses.com")),
    ("fastmail.com", MailHost("spf.messagingengine.com", ("fm1", "fm2", "fm3"))),
    ("ovh.net", MailHost("mx.ovh.com")),
    ("hostinger.com", MailHost("_spf.mail.hostinger.com", ("hostingermail-a", "hostingermail-b", "hostingermail-c"))),
    ("postmarkapp.com", MailHost("spf.mtasv.net")),
)

# Nobody but their provider may send for these domains, and no shop can put a record there (A8).
_FREE = frozenset(
    """
    aol.com arnet.com.ar bol.com.br fastmail.com fibertel.com.ar free.fr freenet.de globo.com globomail.com icloud.com
    ig.com.br laposte.net libero.it mac.com mail.com mail.ru me.com movistar.es msn.com orange.es orange.fr pm.me
    prodigy.net.mx proton.me protonmail.com qq.com r7.com rocketmail.com sapo.pt sfr.fr t-online.de telefonica.net
    terra.com.br terra.es tutanota.com uol.com.br vtr.net wanadoo.es wanadoo.fr web.de ymail.com
    """.split()
)
_FREE_EVERYWHERE = re.compile(r"(gmail|googlemail|gmx|hotmail|live|outlook|yahoo|yandex)\.[a-z]{2,3}(\.[a-z]{2})?")


def mail_host(host: str) -> MailHost:
    """The provider of a mail server, or one of which nothing is known."""
    return next((known for suffix, known in _HOSTS if f".{host.lower()}".endswith(f".{suffix}")), MailHost())


def is_free_mail(domain: str) -> bool:
    """Whether anybody can have a mailbox there, and no shop owns it."""
    return domain.lower() in _FREE or bool(_FREE_EVERYWHERE.fullmatch(domain.lower()))
