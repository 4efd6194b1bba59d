"""Looks at all that decides whether our mails arrive: the way out, the sender's domain, and what it says (A6, A8)."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from email.utils import parseaddr
from urllib.parse import urlsplit

from emails import mail_hosts, records, spf
from integration.domain.errors import SinkError, Temporary
from integration.flows import mail_doors
from integration.flows.services import Services

_RETURN_PATH, _POSTMARK = "pm-bounces", "pm.mtasv.net"
_STEPS = ("server", "encryption", "login")
_STEP_OF = {
    "mail_server_untrusted": "encryption",
    "mail_api_untrusted": "encryption",
    "mail_login_refused": "login",
    "mail_token_refused": "login",
}


@dataclass(frozen=True, slots=True)
class Record:
    """A line for the page where the domain's DNS is kept, ready to copy."""

    name: str
    type: str
    value: str


@dataclass(frozen=True, slots=True)
class Look:
    """One thing looked at. Words are in `mailcheck` under `<check>.<problem>`, or `<check>.<told>` when all is well.

    A problem that is an error's code has its words there.
    """

    check: str
    problem: str = ""
    params: Mapping[str, object] = field(default_factory=dict)
    record: Record | None = None
    told: str = "ok"

    @property
    def ok(self) -> bool:
        """Whether nothing has to be done."""
        return not self.problem


def look(services: Services) -> list[Look]:
    """Everything, most basic first; what no name server answers to is a problem of its own, not the end."""
    sender = _domain(services.settings.shop.from_)
    looks = [*_way_out(services), _checked("from", lambda: _from(services, sender)),
             _checked("replies", lambda: _replies(services))]  # fmt: skip
    if mail_hosts.is_free_mail(sender):
        return looks  # what stands there is its provider's, and nothing of it can be changed
    return [*looks, *_domain_looks(services, sender), _bounces(services)]


def _domain(mailbox: str) -> str:
    return parseaddr(mailbox)[1].rpartition("@")[2].lower()


def _checked(check: str, looked: Callable[[], Look]) -> Look:
    try:
        return looked()
    except Temporary as error:
        return Look(check, error.code, error.params)


def _way_out(services: Services) -> Iterator[Look]:
    own = services.settings.mail
    if own.transport == "folder":
        yield Look("server", "folder", {"folder": own.folder})
        return
    try:
        found = services.transport.probe()
    except SinkError as error:
        failed = _STEP_OF.get(error.code, "server")
        place = {"place": own.host if own.transport == "smtp" else own.api_url}
        yield from (Look(step, params=place) for step in _STEPS[: _STEPS.index(failed)])
        yield Look(failed, error.code, error.params)
        return
    params = {"place": found.place}
    yield Look("server", "" if found.delivers else "sandbox", params)
    yield Look("encryption", params=params) if found.encrypted else Look("encryption", told="ok_plain", params=params)
    yield Look("login", params=params, told="ok" if found.logged_in else "ok_none")


def _from(services: Services, domain: str) -> Look:
    params = {"domain": domain}
    if mail_hosts.is_free_mail(domain):
        return Look("from", "free", params)
    return Look("from", "" if _exists(services, domain) else "unknown", params)


def _replies(services: Services) -> Look:
    domain = _domain(services.settings.shop.reply_to)
    takes = domain and (services.look_up(domain, "MX") or services.look_up(domain, "A"))
    return Look("replies", "" if takes else "unknown", {"domain": domain})


def _exists(services: Services, domain: str) -> bool:
    return any(services.look_up(domain, kind) for kind in ("MX", "A", "TXT"))


def _domain_looks(services: Services, sender: str) -> Iterator[Look]:
    sender_policy = _checked("spf", lambda: _spf(services, _domain(services.settings.mail.bounces_to) or sender))
    key = _checked("dkim", lambda: _dkim(services, sender))
    policy = _checked("dmarc", lambda: _dmarc(services, sender))
    yield from (sender_policy, key, policy)
    yield _checked("alignment", lambda: _alignment(services, sender, sender_policy, key))


def _spf(services: Services, domain: str) -> Look:
    own = services.settings.mail
    found = spf.read_spf(services.look_up, domain)
    if own.transport == "api":  # its bounces go to a domain of its own, so that is whose record counts
        problem = found.problem("", ())
        return Look("spf", "" if problem in ("missing", "not_ours") else problem, {"domain": domain}, told="ok_api")
    provider, host = mail_hosts.mail_host(own.host), _sending_host(services)
    problem = found.problem(provider.include, _addresses(services, host))
    params = {"domain": domain, "host": host, "n": found.lookups}
    ours = f"include:{provider.include}" if provider.include else f"{'ip4' if _is_address(host) else 'a'}:{host}"
    record = None if _is_private(host) else _spf_record(domain, found, ours, problem)
    return Look("spf", problem, params, record)


def _sending_host(services: Services) -> str:
    """The mail server, as far as can be told from here; of one on this machine, the name this machine is known by."""
    host = services.settings.mail.host
    if host == "localhost" or _is_loopback(host):
        return urlsplit(services.settings.server.public_url).hostname or host
    return host


def _addresses(services: Services, host: str) -> tuple[str, ...]:
    if _is_address(host):
        return (host,)
    return (*services.look_up(host, "A"), *services.look_up(host, "AAAA")) if host else ()


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _is_loopback(host: str) -> bool:
    return _is_address(host) and ipaddress.ip_address(host).is_loopback


def _is_private(host: str) -> bool:
    """An address that means nothing to anybody else: no record can name it."""
    return _is_address(host) and not ipaddress.ip_address(host).is_global


def _spf_record(domain: str, found: spf.Spf, ours: str, problem: str) -> Record | None:
    """The record as it should be: with our server named, several made one."""
    if problem not in ("missing", "twice", "not_ours"):
        return None
    terms = [term for text in found.texts for term in text.split()[1:]]
    kept = list(dict.fromkeys(term for term in terms if not term.lower().endswith("all")))
    last = next((term for term in terms if term.lower().endswith("all")), "~all")
    return Record(domain, "TXT", " ".join(dict.fromkeys(["v=spf1", *kept, ours, last])))


def _dkim(services: Services, domain: str) -> Look:
    own = services.settings.mail
    host = mail_hosts.mail_host(own.host) if own.transport == "smtp" else mail_hosts.MailHost()
    selectors = (own.dkim_selector,) if own.dkim_selector else host.selectors
    found = records.find_dkim(services.look_up, domain, selectors)
    params = {"domain": domain, "selector": found.selector or selectors[0], "bits": found.bits}
    guessed = found.problem == "missing" and not own.dkim_selector
    return Look("dkim", "unknown_selector" if guessed else found.problem, params)


def _dmarc(services: Services, domain: str) -> Look:
    found = records.find_dmarc(services.look_up, domain)
    params = {"domain": found.domain or domain, "policy": found.policy}
    reports = parseaddr(services.settings.shop.reply_to)[1]
    record = Record(f"_dmarc.{found.domain or domain}", "TXT", f"v=DMARC1; p=none; rua=mailto:{reports}")
    return Look("dmarc", found.problem, params, record if found.problem else None)


def _alignment(services: Services, sender: str, sender_policy: Look, key: Look) -> Look:
    """DMARC passes when one of the two stands for the domain of From."""
    own = services.settings.mail
    policy = records.find_dmarc(services.look_up, sender)
    if own.transport == "api":
        return_path = f"{_RETURN_PATH}.{sender}"
        theirs = _POSTMARK in services.look_up(return_path, "CNAME") and not policy.strict_spf
        record = None if theirs else Record(return_path, "CNAME", _POSTMARK)
    else:
        bounces = _domain(own.bounces_to) or sender
        theirs = sender_policy.ok and records.fits(bounces, sender, policy, strict=policy.strict_spf)
        record = None
    by = " + ".join(name for name, holds in (("SPF", theirs), ("DKIM", key.ok)) if holds)
    return Look("alignment", "" if by else "none", {"domain": sender, "by": by}, None if by else record)


def _bounces(services: Services) -> Look:
    own = services.settings.mail
    if own.transport == "api":
        return Look("bounces", params={"url": mail_doors.address(services, "postmark")}, told="ok_api")
    return Look("bounces", params={"mailbox": own.bounces_to}, told="ok" if own.bounces_to else "ok_none")
