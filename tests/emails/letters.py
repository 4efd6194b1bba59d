"""Every kind of mail with a usual, an empty and a nasty set of values."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from emails import contexts as c
from emails.frames import Contact, Frame, MailItem, OwnerFrame
from integration.domain.money import Money
from integration.i18n import Words

NOW = datetime(2026, 11, 21, 15, 4, 5, tzinfo=UTC)
DAY = timedelta(days=1)
LANGUAGES = ("es", "en", "pt_BR")
HOST = "https://postventa.zapateria.example"
TOKEN = "kJ8s0-Ab3_dEfGhIjKlMnO"
MARKUP = '<script>alert("x")</script> & <b>"Ñandú"</b> {{ 7 * 7 }} {name} %s'
LONG = "Bartolomea Wilhelmina von Hohenlohe-Langenburg y Fernández-O'Neill"
WORD = "W" * 60

CONTACT = Contact(
    name="Mia Fuentes",
    photo_url=f"{HOST}/static/mia.jpg",
    hours="09:00-18:00",
    phone="+56 9 8765 4321",
    whatsapp_url="https://wa.me/56987654321?text=Hola%2C%20escribo%20por%20el%20pedido%201001",
    mail="mia@zapateria.example",
)
FRAME = Frame(
    shop_name="Zapatería Ñandú",
    legal_name="Calzados Ñandú SpA",
    address_lines=("Av. Condell 1234", "Valparaíso", "Chile"),
    contact=CONTACT,
    preferences_url=f"{HOST}/u/{TOKEN}",
    complaint_url=f"{HOST}/c/{TOKEN}",
    order_number="1001",
    first_name="Sam",
)
OWNER = OwnerFrame(shop_name="Zapatería Ñandú")
ITEMS = (MailItem("Botín de cuero «Condell», café, talla 39", 1), MailItem("Cordones encerados, 90 cm", 2))
ADDRESS = ("Calzados Ñandú SpA", "Av. Condell 1234", "2340000 Valparaíso", "CL")
TEXT = "El botín izquierdo llegó con la suela despegada.\n\n¿Me lo pueden cambiar? Lo necesito para el sábado."


def clp(amount: int) -> Money:
    return Money.of(amount, "CLP")


def words(language: str, country: str = "CL") -> Words:
    return Words(language, country, ZoneInfo("America/Santiago"))


USUAL: tuple[c.MailContext, ...] = (
    c.LabelMail(
        frame=FRAME, items=ITEMS, return_url=f"{HOST}/r/{TOKEN}", label_style="attached", method="drop_off_point",
        postage_paid=False, return_address=ADDRESS, number="D-7K3QXM", confidence="carrier",
    ),
    c.SurveyMail(frame=FRAME, survey_url=f"{HOST}/s/{TOKEN}", items=ITEMS),
    c.SurveyReminderMail(frame=FRAME, survey_url=f"{HOST}/s/{TOKEN}", items=ITEMS),
    c.ComplaintAckMail(
        frame=FRAME, number="C-7K3QXM", cause="damaged", text=TEXT, wish="exchange", received_at=NOW,
        promised_at=NOW + 6 * DAY, tracking_url=f"{HOST}/c/{TOKEN}",
    ),
    c.DecisionMail(
        frame=FRAME, number="C-7K3QXM", fix="refund", refund=clp(45_990), due_at=NOW + 4 * DAY,
        tracking_url=f"{HOST}/c/{TOKEN}", note="Siento mucho el mal rato. Ya hablé con el taller.\nMia",
    ),
    c.DiscountCodeMail(
        frame=FRAME, number="C-7K3QXM", fix="resend", fix_due_at=NOW + 4 * DAY, code="GRACIAS-7K3QXM2PBA4",
        extra="percent", percent=Decimal(10), minimum=clp(20_000), expires_at=NOW + 60 * DAY,
        bound_to="sam@example.com", shop_url="https://zapateria.example",
    ),
    c.AnswerMail(
        frame=FRAME, number="C-7K3QXM", text="Ya salió el par nuevo.\n\nLlega el martes.\nCualquier cosa, me escribes.",
        author="Mia", tracking_url=f"{HOST}/c/{TOKEN}",
    ),
    c.ReturnAckMail(
        frame=FRAME, number="D-7K3QXM", items=ITEMS[:1], announced_at=NOW, return_url=f"{HOST}/r/{TOKEN}",
        return_address=ADDRESS, method="drop_off_point", carrier="Chilexpress", postage_paid=True,
        reason="too_small", wish="exchange",
    ),
    c.OwnerCaseMail(
        frame=OWNER, number="C-7K3QXM", order_number="1001", order_total=clp(45_990), cause="damaged", text=TEXT,
        promised_at=NOW + 6 * DAY, case_url=f"{HOST}/admin/case/{TOKEN}", first_name="Sam", wish="exchange",
        reasons=("above_person_limit", "unheard_of"), earlier_cases=1,
    ),
    c.OwnerFixMail(
        frame=OWNER, number="C-7K3QXM", order_number="1001", fix="resend", due_at=NOW + 2 * DAY,
        case_url=f"{HOST}/admin/case/{TOKEN}", items=ITEMS, text=TEXT,
        ship_to=("Sam Rojas", "Calle Larga 12, depto. 4", "2520000 Viña del Mar", "CL"),
    ),
    c.OwnerReturnMail(
        frame=OWNER, number="D-7K3QXM", order_number="1001", items=ITEMS[:1], order_url=f"{HOST}/admin/",
        reason="too_small", wish="exchange", text="Es para un regalo.", first_name="Sam",
    ),
    c.OwnerNoticeMail(
        frame=OWNER, code="no_such_words", params={"host": "smtp.example.com"}, happened_at=NOW,
        dashboard_url=f"{HOST}/admin/",
    ),
    c.TestMail(frame=OWNER, sent_at=NOW, way_out="smtp.zapateria.example"),
    c.OwnerDailyMail(
        frame=OWNER, day=NOW, delivered=7, mailed=7, waiting=0, desk_url=f"{HOST}/admin/",
        needs=(("cases", 3), ("late", 1), ("stopped", 2), ("paused_mail", 1), ("preview", 1)),
    ),
    c.LinksMail(frame=FRAME, return_url=f"{HOST}/r/{TOKEN}"),
)  # fmt: skip

MORE: tuple[c.MailContext, ...] = (
    replace(USUAL[0], postage_paid=True, carrier="Chilexpress", deadline=NOW + 30 * DAY),
    replace(USUAL[0], label_style="link", label_url=f"{HOST}/l/{TOKEN}", confidence="assumed", postage_paid=True),
    replace(USUAL[0], label_style="none", number="", confidence="store"),
    replace(USUAL[0], method="in_store"),
    replace(USUAL[0], method="pickup"),
    replace(USUAL[0], method="drop_off_labelless", carrier="Blue Express", postage_paid=True),
    replace(USUAL[3], cause="danger"),
    *(replace(USUAL[4], fix=fix, refund=None, return_url=f"{HOST}/r/{TOKEN}", note="") for fix in
      ("resend", "exchange", "return_label", "repair", "explanation", "person", None)),
    replace(USUAL[5], extra="fixed", percent=None, amount=clp(5_000), minimum=None, fix=None),
    replace(USUAL[5], percent=Decimal("12.5"), fix="refund", refund=clp(9_990)),
    replace(USUAL[5], extra="free_shipping", percent=None),
    replace(USUAL[8], reasons=()),
)  # fmt: skip

_BARE = Frame(shop_name="N", order_number="1", complaint_url=f"{HOST}/c/x", preferences_url=f"{HOST}/u/x")
_SENDER = replace(_BARE, legal_name="N SL", address_lines=("Calle 1",))
_FEW = (
    replace(USUAL[0], frame=_BARE, items=(), number="", label_style="none", return_address=()),
    replace(USUAL[1], frame=_SENDER, items=()),
    replace(USUAL[2], frame=_SENDER, items=()),
    replace(USUAL[3], frame=_BARE, text="", wish=None),
    replace(USUAL[4], frame=_BARE, fix=None, refund=None, due_at=None, note=""),
    replace(USUAL[5], frame=_BARE, fix=None, fix_due_at=None, extra="free_shipping", percent=None, minimum=None),
    replace(USUAL[6], frame=_BARE, text="", author=""),
    replace(USUAL[7], frame=_BARE, items=(), return_address=(), reason=None, wish=None, carrier=""),
    replace(USUAL[8], first_name="", wish=None, text="", reasons=(), earlier_cases=None),
    replace(USUAL[9], items=(), ship_to=(), text=""),
    replace(USUAL[10], items=(), reason=None, wish=None, text="", first_name=""),
    replace(USUAL[11], params={}),
    replace(USUAL[12], way_out=""),
    replace(USUAL[13], needs=()),
    replace(USUAL[14], frame=_BARE),
)

_WILD = replace(
    FRAME,
    shop_name=f"{WORD} {MARKUP}",
    legal_name=MARKUP,
    address_lines=(LONG, MARKUP, WORD),
    contact=replace(CONTACT, name=LONG, hours=MARKUP, phone=f"+56 {MARKUP}", mail=f'"{"m" * 60}"@{"x" * 60}.example'),
    order_number=f"#{WORD}",
    first_name=f"{MARKUP} {LONG}",
)
_WILD_OWNER = OwnerFrame(shop_name=_WILD.shop_name)
_MANY = tuple(MailItem(f"{LONG} {number} {MARKUP if number % 7 == 0 else WORD}", number * 999) for number in range(30))
_RANT = f"{MARKUP}\r\n\r\n{WORD * 8}\r\n" + "Texto largo. " * 200 + "\u2028fin"
_LINES = (MARKUP, LONG, WORD, "", "ES")
_MANY_WORDS = (
    replace(USUAL[0], frame=_WILD, items=_MANY, number=MARKUP, return_address=_LINES),
    replace(USUAL[1], frame=_WILD, items=_MANY),
    replace(USUAL[2], frame=_WILD, items=_MANY),
    replace(USUAL[3], frame=_WILD, text=_RANT, cause="danger"),
    replace(USUAL[4], frame=_WILD, note=_RANT, return_url=f"{HOST}/r/{TOKEN}"),
    replace(USUAL[5], frame=_WILD, note=_RANT, code=WORD, bound_to=f"{'s' * 60}@{'x' * 60}.example"),
    replace(USUAL[6], frame=_WILD, text=_RANT, author=MARKUP),
    replace(USUAL[7], frame=_WILD, items=_MANY, return_address=_LINES, carrier=MARKUP),
    replace(USUAL[8], frame=_WILD_OWNER, text=_RANT, first_name=MARKUP, order_number=MARKUP),
    replace(USUAL[9], frame=_WILD_OWNER, items=_MANY, ship_to=_LINES, text=_RANT, order_number=MARKUP),
    replace(USUAL[10], frame=_WILD_OWNER, items=_MANY, text=_RANT, first_name=MARKUP, order_number=MARKUP),
    replace(USUAL[11], frame=_WILD_OWNER, code=MARKUP, params={"host": MARKUP}),
    replace(USUAL[12], frame=_WILD_OWNER, way_out=MARKUP),
    replace(USUAL[13], frame=_WILD_OWNER, delivered=10**9, mailed=10**9, waiting=10**9),
    replace(USUAL[14], frame=_WILD),
)

SETS: dict[str, tuple[c.MailContext, ...]] = {"usual": USUAL + MORE, "empty": _FEW, "nasty": _MANY_WORDS}
EVERY = [
    (f"{name}-{number}-{mail.kind}", mail) for name, mails in SETS.items() for number, mail in enumerate(mails)
]  # fmt: skip
Letter = Callable[[], c.MailContext]
