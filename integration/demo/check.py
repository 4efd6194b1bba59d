"""`postventa demo --check`: the main job, unattended, one line per step; a step that did not happen is a failure."""

from __future__ import annotations

import io
import re
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

from integration.clock import system_clock
from integration.demo import outbox
from integration.demo.sides import Side, post
from integration.demo.world import CONFIG, World
from integration.durations import parse_duration
from integration.i18n import Words

PATIENCE = timedelta(seconds=60)  # for a worker that hangs: what does not happen is seen as soon as it rests
SOON = timedelta(seconds=20)  # less than any task waits to be tried again
SIGNATURES = ("X-WC-Webhook-Signature", "X-Shopify-Hmac-Sha256")
WORDS = Words("es", "ES")
SAID = "La caja llegó rota"
Step = tuple[str, Callable[[], None]]


class StepFailed(Exception):
    """What was expected and what was there instead."""


class Journey:
    """One order's life on one platform, step by step; each step sees what the one before it left."""

    def __init__(self, world: World, side: Side) -> None:
        self.world, self.side = world, side
        self.order = ""
        self.told: tuple[object, bytes] = ({}, b"")
        self.mails: dict[str, outbox.Sent] = {}
        self.complaint = ""

    def steps(self) -> Iterator[Step]:
        """The line, in order; the names are keys of `demo.steps`."""
        for step in (
            self.shop_connected, self.forgery_refused, self.delivery_told, self.label_mailed, self.returns_page_live,
            self.survey_mailed, self.scanner_changes_nothing, self.cause_answered, self.acknowledged, self.fix_asked,
            self.code_made, self.code_mailed, self.repeats_do_nothing, self.way_to_complain, self.unsubscribed,
        ):  # fmt: skip
            yield step.__name__, step

    def shop_connected(self) -> None:
        """The shop is there and every check of its connector held."""
        expect(self.side.name in self.world.shop_names(), "the shop is not connected")
        self.order = self.side.sell()

    def forgery_refused(self) -> None:
        """Eve's body does not get in, signed for another one or not at all."""
        headers, body = self.side.arrive(self.side.sell(email="eve@example.com"))
        equal(self.side.post(headers, body + b" "), 401)
        unsigned = {name: value for name, value in headers.items() if name not in SIGNATURES}
        equal(self.side.post(unsigned, body), 401)

    def delivery_told(self) -> None:
        """The signed webhook is kept and answered 200."""
        headers, body = self.side.arrive(self.order)
        self.told = (headers, body)
        equal(self.side.post(headers, body), 200)

    def label_mailed(self) -> None:
        """The label mail, its PDF attached."""
        mail = self._await("label")
        pdfs = [content for name, content in mail.attachments.items() if name.endswith(".pdf")]
        expect(len(pdfs) == 1 and pdfs[0].startswith(b"%PDF"), "the label mail has no PDF")
        expect(mail.link("r").encode() in pdfs[0], "the label does not lead to the returns page of this order")

    def returns_page_live(self) -> None:
        """The link on the slip opens."""
        equal(fetch(self.mails["label"].link("r"))[0], 200)
        equal(fetch(self.mails["label"].link("r") + "/label.pdf")[0], 200)

    def survey_mailed(self) -> None:
        """The survey mail: five answers to choose from, a way to opt out."""
        mail = self._await("survey")
        equal(len(set(re.findall(r"\?r=[1-5]", mail.text))), 5)
        expect(bool(mail.link("u")), "the survey mail has no way to opt out")

    def scanner_changes_nothing(self) -> None:
        """A scanner opens every link of the survey mail: no answer, no opt-out, no complaint, no code."""
        survey = self.mails["survey"]
        for link in re.findall(r"http://127[^\s<>]+", survey.text):
            fetch(link)
        self._settled()
        equal(self.side.codes(), [])
        equal(self._kinds_to("sam@example.com"), ["label", "survey"])
        expect(WORDS("pages.survey.answered") not in fetch(survey.link("s"))[1], "the scanner has answered the survey")
        expect(WORDS("pages.preferences.is_on") in fetch(survey.link("u"))[1], "the scanner has opted out")

    def cause_answered(self) -> None:
        """Sam answers: 2 of 5, the parcel came damaged."""
        survey = self.mails["survey"].link("s")
        self.complaint = complaint_of(*fetch(survey, {"score": "2", "cause": "damaged", "text": SAID}))
        kept = re.findall(r"<dd[^>]*>(.+?)</dd>", fetch(survey)[1])
        equal(kept, [WORDS("pages.scores.2"), WORDS("pages.causes.damaged"), SAID])

    def acknowledged(self) -> None:
        """The acknowledgement names the complaint."""
        mail = self._await("complaint_ack")
        expect(self.complaint in mail.text, "the acknowledgement does not name the complaint")

    def fix_asked(self) -> None:
        """What was promised is on the owner's list."""
        expect(self.complaint in str(self._await("owner_fix").message["Subject"]), "the owner is told another case")

    def code_made(self) -> None:
        """The store itself holds exactly one code, with every limit that the policy asks for."""
        self._until(self.side.codes, "no code in the store")
        [code, *more] = self.side.codes()
        equal(more, [])
        equal((code.usage_limit, code.bound_to, code.alone), (1, (self.side.buyer(self.order),), True))
        asked = CONFIG["policy"]["compensation"]
        share = self.side.goods(self.order) * asked["value"] / 100
        equal(Decimal(code.value), min(share, Decimal(asked["per_code_max"])))
        equal(Decimal(code.minimum), Decimal(asked["min_subtotal"]))
        expect((code.expires or "")[:10] in days_in(parse_duration(asked["expires"])), "the code ends on another day")

    def code_mailed(self) -> None:
        """The code mail says first what is being fixed, then this very code."""
        mail = self._await("discount_code")
        code = self.side.codes()[0].code
        expect(code in mail.text.upper(), "the mail holds another code than the store")
        place = mail.text.find(WORDS("mail.fix.resend.title"))
        expect(0 <= place < mail.text.upper().find(code), "the code comes before the fix")

    def repeats_do_nothing(self) -> None:
        """The same delivery three times more, and the answer again, the second time another: nothing is doubled."""
        self._settled()
        kinds = self._kinds()
        for _ in range(3):
            headers, body = self.told
            equal(self.side.post(dict(headers), body), 200)  # type: ignore[call-overload]
        for cause in ("damaged", "late"):
            equal(fetch(self.mails["survey"].link("s"), {"score": "1", "cause": cause, "text": SAID})[0], 200)
        self._settled()
        equal(self._kinds(), kinds)
        equal(len(self.side.codes()), 1)

    def way_to_complain(self) -> None:
        """ "Something went wrong?" works from the label mail, too; what the owner must decide reaches her."""
        form = {"cause": "service", "text": "Nadie contesta", "wish": "answer"}
        complaint = complaint_of(*fetch(self.mails["label"].link("c"), form))
        expect(complaint != self.complaint, "the form opened no case of its own")
        self._await("owner_case", complaint)
        self._await("complaint_ack", complaint)

    def unsubscribed(self) -> None:
        """One click, as mail programs do it; from the next parcel on there is a label and no survey."""
        lou = "lou@example.com"
        self._receive(lou)
        url = self._await("survey", lou).link("u")
        kind = {"Content-Type": "application/x-www-form-urlencoded"}
        equal(post(url, kind, b"List-Unsubscribe=One-Click"), 200)
        self._receive(lou)
        self._settled()
        equal(self._kinds_to(lou), ["label", "label", "survey"])

    def _receive(self, email: str) -> None:
        equal(self.side.post(*self.side.arrive(self.side.sell(email=email))), 200)

    def _await(self, kind: str, about: str = "") -> outbox.Sent:
        def found() -> list[outbox.Sent]:
            return [mail for mail in self._mine() if mail.kind == kind and mail.is_about(about)]

        self._until(found, f"no {kind} mail")
        return self.mails.setdefault(kind, found()[0]) if not about else found()[0]

    def _until(self, look: Callable[[], object], otherwise: str) -> None:
        """Look until there is something, or until nothing is left to do that could bring it."""
        wait_for(lambda: look() or self.world.idle(SOON), "the worker does not come to rest")
        expect(bool(look()), otherwise)

    def _mine(self) -> list[outbox.Sent]:
        """Mails about this shop, told apart by the shop's id in Feedback-ID."""
        sender = self.world.shop_id(self.side.name)
        return [mail for mail in outbox.read(self.world.outbox) if sender in str(mail.message["Feedback-ID"])]

    def _kinds(self) -> list[str]:
        return sorted(mail.kind for mail in self._mine())

    def _kinds_to(self, address: str) -> list[str]:
        return sorted(mail.kind for mail in self._mine() if address in str(mail.message["To"]))

    def _settled(self) -> None:
        wait_for(lambda: self.world.idle(SOON), "the worker does not come to rest")


def expect(held: bool, otherwise: str) -> None:
    """`StepFailed` unless it held."""
    if not held:
        raise StepFailed(otherwise)


def equal(found: object, wanted: object) -> None:
    """`StepFailed` unless they are the same."""
    expect(found == wanted, f"{found!r} instead of {wanted!r}")


def complaint_of(status: int, page: str) -> str:
    """The number of the case that the page names."""
    equal(status, 200)
    found = re.search(r"C-[2-9A-Z]{6}", page)
    expect(found is not None, "the page names no complaint")
    return found.group() if found else ""


def days_in(span: timedelta) -> set[str]:
    """The day that comes after this time, and the one before, should midnight have just gone by."""
    end = system_clock() + span
    return {f"{day:%Y-%m-%d}" for day in (end, end - timedelta(days=1))}


def wait_for(look: Callable[[], object], otherwise: str) -> None:
    """Look until there is something, at most `PATIENCE`."""
    end = time.monotonic() + PATIENCE.total_seconds()
    while not look():
        expect(time.monotonic() < end, otherwise)
        time.sleep(0.02)


def fetch(url: str, form: dict[str, str] | None = None) -> tuple[int, str]:
    """Open a page, or send its form, as a browser without scripts does."""
    data = urllib.parse.urlencode(form).encode() if form else None
    try:
        with urllib.request.urlopen(url, data=data, timeout=20) as answer:  # noqa: S310  loopback
            return int(answer.status), io.TextIOWrapper(answer, "utf-8", errors="replace").read()
    except urllib.error.HTTPError as error:
        return error.code, ""


@contextmanager
def world(port: int = 0) -> Iterator[World]:
    """A world in a temporary folder, gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="postventa-demo-") as folder:
        made = World(Path(folder), port)
        try:
            made.start()
            yield made
        finally:
            made.stop()


def run(words: Words) -> bool:
    """Print one line per step; whether all of them happened."""
    with world() as here:
        results = [_run_side(Journey(here, side), words) for side in here.sides]  # both, whatever the first says
        return all(results)


def _run_side(journey: Journey, words: Words) -> bool:
    for name, act in journey.steps():
        sentence = f"{journey.side.name} ({journey.side.platform}): {words(f'demo.steps.{name}')}"
        try:
            act()
        except StepFailed as error:
            print(f"FAILED  {sentence}: {error}")
            return False
        print(f"ok  {sentence}", flush=True)
    return True
