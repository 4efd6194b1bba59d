"""Everything that can go wrong, as codes; the words are in the catalogue under `errors`.

PostventaError
 ├─ Misconfigured        the owner's settings or command are wrong (exit 2)
 ├─ NotFound             no such shop, order, complaint, link
 ├─ Conflict             the thing moved on: a stale form, a second process
 ├─ BadSignature         a webhook that its platform did not sign
 ├─ TooMany              so many tries that this one was not even looked at
 └─ SinkError            the outside (store, carrier, mail server) did not do it
     ├─ Temporary        try again, not before `retry_after`
     ├─ Refused          our access is refused: pause the stream, use up no attempt
     ├─ Permanent        trying again cannot help
     ├─ Ambiguous        it may have happened: look before repeating
     └─ BadPayload       what came is not what the platform documents
"""

from __future__ import annotations

from datetime import timedelta


def storable(value: object) -> str:
    """As a text that every database and mail takes: without NUL, and `?` for half a surrogate pair."""
    text = str(value).replace("\0", "")
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


class PostventaError(Exception):
    """An error with a code for the catalogue and the values its sentence needs; never a secret."""

    def __init__(self, code: str, **params: object) -> None:
        self.code = code
        self.params = params
        super().__init__(code, params)

    def __str__(self) -> str:
        values = ", ".join(f"{name}={storable(value)}" for name, value in self.params.items())
        return f"{self.code} ({values})" if values else self.code


class Misconfigured(PostventaError):
    """The owner's settings, policy or command are wrong."""


class NotFound(PostventaError):
    """There is no such thing in this shop."""


class Gone(PostventaError):
    """The link was right once; it expired or was revoked."""


class BadForm(PostventaError):
    """A form field holds what it may not; `field` names it."""


class Conflict(PostventaError):
    """The thing has moved on since the caller looked."""


class BadSignature(PostventaError):
    """The body was not signed with a secret of this connection."""


class TooMany(PostventaError):
    """So many tries that this one was not even looked at; `seconds` says when to come back."""


class SinkError(PostventaError):
    """The outside did not do what was asked."""

    def as_temporary(self) -> Temporary:
        """The same news for a sink where asking twice does no harm."""
        return Temporary(self.code, None, **self.params)


class Temporary(SinkError):
    """Worth trying again, not before `retry_after` if that is given."""

    def __init__(self, code: str, retry_after: timedelta | None = None, **params: object) -> None:
        super().__init__(code, **params)
        self.retry_after = retry_after


class Refused(SinkError):
    """Our access or our sender is refused; the stream pauses and no attempt is used up."""


class Permanent(SinkError):
    """Trying again cannot help."""


class Ambiguous(SinkError):
    """It may have happened; repeating blindly could do it twice."""


class BadPayload(SinkError):
    """The body has another shape than its platform documents; `path` says where."""
