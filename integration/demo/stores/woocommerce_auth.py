"""How a WooCommerce shop gives keys to an app: `wc-auth`, where a person logs in and approves (facts 3.2)."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from html import escape
from typing import Any
from urllib.parse import urlencode, urlsplit

from werkzeug.wrappers import Request, Response

from integration.demo.stores.woocommerce_hooks import encode, post

PATH = "/wc-auth/v1/"
NEEDED = ("app_name", "user_id", "return_url", "callback_url", "scope")
SCOPES = ("read", "write", "read_write")
_COOKIE = "wordpress_logged_in"
_TIMEOUT = 60
_PAGE = '<!doctype html><html lang="es"><meta name="viewport" content="width=device-width"><title>{title}</title>{body}'
_LOGIN = (
    "<h1>{app}</h1><p>Connect to the shop</p>"
    '<form method="post" action="{action}"><label>User <input name="log"></label>'
    '<label>Password <input name="pwd" type="password"></label><button>Log in</button></form>'
)
_APPROVE = (
    "<h1>{app}</h1><p>{app} would like to connect to your shop. This will give {app} {scope} access, "
    "and will share credentials with {host}.</p>"
    '<p><a class="wc-auth-approve" href="{granted}">Approve</a> <a class="wc-auth-deny" href="{denied}">Deny</a></p>'
)


@dataclass(frozen=True)
class WpUser:
    """Somebody with a password; `manages` is the right `manage_woocommerce`."""

    password: str
    manages: bool = True


class Approvals:
    """The pages below `/wc-auth/v1/`. `takes_http` lets a callback be plain http, which no real shop does.

    `grant(permissions)` makes a key pair and gives its id, `revoke(key)` takes it back. `ca_file` is whom the shop
    trusts; a real one has the usual authorities.
    """

    def __init__(self, home: str, grant: Callable[[str], tuple[int, str, str]], revoke: Callable[[str], None]) -> None:
        self.users = {"mia": WpUser("mia"), "sam": WpUser("sam", manages=False)}
        self.takes_http = False
        self.ca_file: str | None = None
        self.permissions = ""
        self._home, self._grant, self._revoke = home, grant, revoke
        self._sessions: dict[str, str] = {}
        self._nonce = secrets.token_hex(5)

    def answer(self, request: Request, step: str) -> Response:
        """`login`, `authorize` or `access_granted`; whatever is wrong is a page "Access denied" with status 401."""
        asked = {name: request.args.get(name, "") for name in NEEDED}
        wrong = self._wrong(asked)
        if wrong:
            return _denied(wrong)
        if step == "login" and request.method == "POST":
            return self._log_in(request, asked)
        user = self.users.get(self._sessions.get(request.cookies.get(_COOKIE, ""), ""))
        if user is None:
            action = escape(f"{PATH}login?{urlencode(asked)}")
            return _page("Log in", _LOGIN.format(app=escape(asked["app_name"]), action=action))
        if not user.manages:
            return _denied("You do not have permission to access this page")
        return self._approved(request, asked) if step == "access_granted" else self._ask(asked)

    def _wrong(self, asked: Mapping[str, str]) -> str:
        for name in NEEDED:
            if not asked[name]:
                return f"Missing parameter {name}"
        if asked["scope"] not in SCOPES:
            return f"Invalid scope {asked['scope']}"
        if not (asked["callback_url"].lower().startswith("https://") or self.takes_http):
            return "The callback_url needs to be over SSL"
        return ""

    def _log_in(self, request: Request, asked: Mapping[str, str]) -> Response:
        name, password = request.form.get("log", ""), request.form.get("pwd", "")
        known = self.users.get(name)
        if known is None or not hmac.compare_digest(known.password.encode(), password.encode()):
            return _denied("Incorrect username or password.")
        session = secrets.token_hex(8)
        self._sessions[session] = name
        answer = Response(status=302, headers={"Location": f"{PATH}authorize?{urlencode(asked)}"})
        answer.set_cookie(_COOKIE, session, httponly=True, samesite="Lax")
        return answer

    def _ask(self, asked: Mapping[str, str]) -> Response:
        granted = f"{PATH}access_granted?{urlencode({**asked, 'wc_auth_nonce': self._nonce})}"
        words = {
            "app": asked["app_name"],
            "scope": asked["scope"],
            "host": urlsplit(asked["callback_url"]).netloc,
            "granted": granted,
            "denied": back(asked, 0),
        }
        return _page("Approve", _APPROVE.format(**{name: escape(text) for name, text in words.items()}))

    def _approved(self, request: Request, asked: Mapping[str, str]) -> Response:
        """The keys go out before the browser comes back; an answer that is not exactly 200 takes them back."""
        if request.args.get("wc_auth_nonce") != self._nonce:
            return _denied("Invalid nonce verification")
        number, key, secret = self._grant(self.permissions or asked["scope"])
        told = {"key_id": number, "user_id": asked["user_id"], "consumer_key": key, "consumer_secret": secret}
        told["key_permissions"] = self.permissions or asked["scope"]
        if self._post(asked["callback_url"], told) != 200:
            self._revoke(key)
            return _denied("An error occurred in the request and at the time were unable to send the consumer data")
        return Response(status=302, headers={"Location": back(asked, 1)})

    def _post(self, url: str, told: dict[str, Any]) -> int:
        headers = {"User-Agent": f"WordPress/6.8.7; {self._home}", "Content-Type": "application/json;charset=utf-8"}
        return post(url, headers, encode(told), _TIMEOUT, self.ca_file)


def back(asked: Mapping[str, str], success: int) -> str:
    """`return_url` with what became of it."""
    url = asked["return_url"]
    return f"{url}{'&' if '?' in url else '?'}{urlencode({'success': success, 'user_id': asked['user_id']})}"


def _page(title: str, body: str, status: int = 200) -> Response:
    return Response(_PAGE.format(title=title, body=body), status, content_type="text/html; charset=UTF-8")


def _denied(why: str) -> Response:
    return _page("Access denied", f"<h1>Access denied</h1><p>Error: {escape(why)}.</p>", 401)
