"""Every kind of mail, in every language, with usual, empty and nasty values."""

from __future__ import annotations

import re
from dataclasses import replace
from html import escape, unescape
from html.parser import HTMLParser
from importlib.resources import files
from inspect import getsource
from pathlib import Path
from typing import get_args

import pytest

from emails import contexts
from emails.catalogue import KINDS
from emails.compose import Content, compose
from emails.frames import Contact, Frame
from integration.domain.errors import Permanent
from integration.i18n import catalogue
from integration.rules import compensation, complaints
from tests.emails import inline
from tests.emails.letters import (
    CONTACT,
    EVERY,
    FRAME,
    HOST,
    ITEMS,
    LANGUAGES,
    MARKUP,
    NOW,
    TOKEN,
    USUAL,
    clp,
    words,
)
from tests.emails.mail_linter import faults

HOSTS = frozenset({"postventa.zapateria.example", "zapateria.example"})
MAILS = {mail.kind: mail for mail in USUAL}
SHOPPER = [kind for kind, mail in MAILS.items() if isinstance(mail.frame, Frame)]
TEMPLATES = inline.TEMPLATES
# What a survey must never dangle before an answer (B9), in the languages we write.
PRESENTS = re.compile(
    r"descuento|c[óo]digo|cup[óo]n|regalo|premio|sorteo|compensa|discount|code|coupon|voucher|gift|prize|reward|"
    r"desconto|cupom|brinde|pr[êe]mio|sorteio|%",
    re.IGNORECASE,
)
every = pytest.mark.parametrize("mail", [mail for _, mail in EVERY], ids=[name for name, _ in EVERY])
in_every_language = pytest.mark.parametrize("language", LANGUAGES)


def letter(kind: str, language: str = "es", country: str = "CL", **changes: object) -> Content:
    return compose(replace(MAILS[kind], **changes), words(language, country))


class _Visible(HTMLParser):
    """What a reader sees of html, as one line."""

    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []
        self.quiet = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.quiet = tag if tag in {"style", "title"} else ""

    def handle_data(self, data: str) -> None:
        if not self.quiet:
            self.words += data.split()


def visible(html: str) -> str:
    reader = _Visible()
    reader.feed(html)
    return " ".join(reader.words)


# -- every mail ---------------------------------------------------------------------------------------------


@every
@in_every_language
def test_every_mail_keeps_to_what_mail_programs_show(mail: contexts.MailContext, language: str) -> None:
    content = compose(mail, words(language))
    assert faults(content.html, content.text, HOSTS) == []
    assert f'lang="{language.replace("_", "-")}"' in content.html


@every
def test_no_value_becomes_markup_in_html_or_an_entity_in_text(mail: contexts.MailContext) -> None:
    content = compose(mail, words("es"))
    assert "<script" not in content.html
    assert "49" not in content.subject
    assert not re.search(r"&(amp|lt|gt|#34|#39|quot);", content.text + content.subject)
    assert "\n" not in content.subject
    assert "\n\n\n" not in content.text
    if MARKUP in content.text:
        assert str(escape(MARKUP).replace("&quot;", "&#34;")) in content.html


@every
def test_a_mail_stays_small_enough_to_be_shown_whole(mail: contexts.MailContext) -> None:
    html = compose(mail, words("es")).html
    assert len(html.encode()) <= 40_000
    if KINDS[mail.kind].category == "survey":
        assert len(html[: html.index("?r=5")].encode()) <= 20_000
        assert len(html[: html.index(mail.frame.preferences_url)].encode()) <= 20_000


@every
def test_nothing_hangs_on_the_style_sheet(mail: contexts.MailContext) -> None:
    content = compose(mail, words("es"))
    bare = re.sub(r"<style.*?</style>", "", content.html, flags=re.DOTALL)
    assert visible(bare) == visible(content.html)
    assert faults(bare, content.text, HOSTS) == []


@in_every_language
@pytest.mark.parametrize("kind", KINDS)
def test_a_usual_subject_can_be_read_in_a_list_of_mails(kind: str, language: str) -> None:
    assert len(letter(kind, language).subject) <= 78


def test_every_kind_has_values_to_be_tried_with() -> None:
    assert set(MAILS) == set(KINDS)
    assert set(KINDS) == {folder.name for folder in TEMPLATES.iterdir()} - {"_layout"}


# -- what every mail to a shopper has ------------------------------------------------------------------------


@pytest.mark.parametrize("kind", SHOPPER)
@in_every_language
def test_a_shopper_sees_a_person_and_a_way_to_complain(kind: str, language: str) -> None:
    content = letter(kind, language)
    for part in (content.text, content.html):
        assert CONTACT.name in part
        assert CONTACT.phone in part
        assert CONTACT.mail in part
        assert CONTACT.whatsapp_url in part
        assert FRAME.complaint_url in part
        assert FRAME.preferences_url in part
        assert "Calzados Ñandú SpA · Av. Condell 1234 · Valparaíso · Chile" in part
    assert {"es": "Respondo de 9 a 18 h", "en": "I answer from 9 am to 6 pm", "pt_BR": "Respondo das 9 às 18 h"}[
        language
    ] in content.html
    assert 'href="tel:+56987654321"' in content.html


@pytest.mark.parametrize("kind", SHOPPER)
@in_every_language
def test_whoever_has_complained_is_asked_only_for_something_else(kind: str, language: str) -> None:
    content, t = letter(kind, language), words(language)
    complained = kind in ("complaint_ack", "decision", "discount_code", "answer")
    for part in (content.text, unescape(content.html)):
        assert (t("mail.frame.more") in part) is complained
        assert (t("mail.frame.wrong") in part) is not complained


@pytest.mark.parametrize("kind", SHOPPER)
def test_a_person_without_photo_or_phone_leaves_no_hole(kind: str) -> None:
    frame = replace(FRAME, contact=Contact(name="Mia"))
    content = letter(kind, frame=frame)
    assert "<img" not in content.html
    assert "tel:" not in content.html
    assert "mailto:" not in content.html
    assert "Mia" in visible(content.html)


@pytest.mark.parametrize("kind", SHOPPER)
def test_a_service_mail_offers_a_choice_and_a_survey_an_end(kind: str) -> None:
    end = "No recibir más encuestas" in letter(kind).text
    assert end == (KINDS[kind].unsubscribe_scope == "survey")


def test_an_owners_own_phrase_for_her_hours_is_kept() -> None:
    frame = replace(FRAME, contact=replace(CONTACT, hours="de lunes a viernes"))
    assert "Respondo de lunes a viernes" in letter("label", frame=frame).text


@pytest.mark.parametrize(
    ("span", "es", "en", "pt"),
    [
        ("09:00-18:00", "de 9 a 18 h", "from 9 am to 6 pm", "das 9 às 18 h"),
        ("9:30 – 13", "de 9:30 a 13 h", "from 9:30 am to 1 pm", "das 9:30 às 13 h"),  # noqa: RUF001 - as people type it
        ("0-24", "de 0 a 24 h", "from 12 am to 12 am", "das 0 às 24 h"),
        (" cuando puedo ", "cuando puedo", "cuando puedo", "cuando puedo"),
    ],
)
def test_hours_are_said_as_people_say_them(span: str, es: str, en: str, pt: str) -> None:
    assert [words(language).hours(span) for language in LANGUAGES] == [es, en, pt]


# -- the rules of the categories -------------------------------------------------------------------------------


def test_only_the_code_mail_can_hold_a_code() -> None:
    """A1: a service mail sells nothing."""
    for kind in KINDS.values():
        sources = "".join(path.read_text("utf-8") for path in (TEMPLATES / kind.name).iterdir())
        talks_of_codes = "mail.code" in sources or "discount" in sources
        assert talks_of_codes == kind.carries_code, kind.name


@in_every_language
@pytest.mark.parametrize("kind", [kind.name for kind in KINDS.values() if kind.category == "survey"])
def test_a_survey_never_speaks_of_a_compensation(kind: str, language: str) -> None:
    content = letter(kind, language, items=())
    text = re.sub(r"https?://\S+", "", content.subject + content.text + visible(content.html))
    assert PRESENTS.findall(text) == []


@pytest.mark.parametrize("what", ["legal_name", "address_lines", "preferences_url"])
@pytest.mark.parametrize("kind", ["survey", "survey_reminder"])
def test_a_survey_without_a_full_sender_does_not_go_out(kind: str, what: str) -> None:
    empty: object = () if what == "address_lines" else ""
    with pytest.raises(Permanent) as caught:
        letter(kind, frame=replace(FRAME, **{what: empty}))
    lacks = {"address_lines": ("no_sender_address", {})}.get(what, ("mail_lacks", {"what": what}))
    assert (caught.value.code, caught.value.params) == lacks


def test_each_kind_declares_its_headers() -> None:
    """A.1: the table of categories."""
    assert {kind.name: (kind.category, kind.auto_submitted, kind.unsubscribe_scope) for kind in KINDS.values()} == {
        "label": ("service", "auto-generated", ""),
        "survey": ("survey", "auto-generated", "survey"),
        "survey_reminder": ("survey", "auto-generated", "survey"),
        "complaint_ack": ("service", "auto-replied", ""),
        "decision": ("service", "auto-generated", ""),
        "discount_code": ("service", "auto-generated", ""),
        "answer": ("service", "no", ""),
        "return_ack": ("service", "auto-generated", ""),
        "links": ("service", "auto-generated", ""),
        **dict.fromkeys(
            ("owner_case", "owner_fix", "owner_return", "owner_notice", "owner_daily", "test"),
            ("internal", "auto-generated", ""),
        ),
    }


# -- single mails ----------------------------------------------------------------------------------------------


@in_every_language
def test_the_survey_has_five_labelled_links(language: str) -> None:
    content = letter("survey", language)
    url = f"{HOST}/s/{TOKEN}"
    for part in (content.text, content.html):
        assert [int(score) for score in re.findall(re.escape(url) + r"\?r=(\d)", part)] == [1, 2, 3, 4, 5]
    labels = [catalogue(language)[f"mail.survey.scale_{score}"] for score in range(1, 6)]
    assert " ".join(f"{score} {label}" for score, label in enumerate(labels, 1)) in visible(content.html)


def test_the_label_mail_says_what_is_attached_who_pays_and_where_it_goes() -> None:
    slip = letter("label", country="ES").text
    assert "hoja de devolución en PDF" in slip
    assert "El envío de vuelta no está incluido" in slip
    assert "Av. Condell 1234" in slip
    assert "Botín de cuero «Condell», café, talla 39" in slip
    assert "D-7K3QXM" in slip
    assert "Hasta:" not in slip
    paid = letter("label", country="ES", postage_paid=True, carrier="Correos", deadline=NOW).text
    assert "etiqueta de devolución en PDF" in paid
    assert "El envío de vuelta ya está pagado." in paid
    assert "cualquier punto de Correos" in paid
    assert "Hasta: 21 de noviembre de 2026" in paid
    assert "Dirección de devolución" not in paid


def test_a_label_made_on_request_comes_as_a_link() -> None:
    content = letter("label", label_style="link", label_url=f"{HOST}/r/{TOKEN}/label.pdf")
    assert f"Crear mi etiqueta:\n{HOST}/r/{TOKEN}/label.pdf" in content.text
    assert "PDF" not in content.text
    assert "etiqueta" not in content.subject


def test_an_order_that_is_only_assumed_to_be_there_is_not_said_to_be() -> None:
    assert "ya debería estar contigo" in letter("label", confidence="assumed").text
    assert "ya está contigo" in letter("label", confidence="carrier").text


def test_the_acknowledgement_has_number_promise_words_and_link() -> None:
    content = letter("complaint_ack")
    assert content.subject == "Recibimos tu caso [#C-7K3QXM]"
    assert "Te respondemos a más tardar: viernes, 27 de noviembre" in content.text
    assert "> El botín izquierdo llegó con la suela despegada." in content.text
    assert "Qué pasó: Llegó dañado" in content.text
    assert "boleta" in content.text
    assert "deja de usarlo" not in content.text
    assert "deja de usarlo" in letter("complaint_ack", cause="danger").text


def test_the_code_comes_after_the_fix() -> None:
    content = letter("discount_code")
    for part in (content.text, visible(content.html)):
        places = [
            part.index(words_)
            for words_ in (
                "Te lo enviamos de nuevo", "A más tardar el miércoles, 25 de noviembre", "GRACIAS-7K3QXM2PBA4",
                "10 % de descuento", "$20.000", "20 de enero de 2027", "Solo para sam@example.com: usa este correo",
            )
        ]  # fmt: skip
        assert places == sorted(places)


def test_a_code_says_what_it_is_worth() -> None:
    assert "Vale: $5.000 de descuento" in letter("discount_code", extra="fixed", percent=None, amount=clp(5_000)).text
    assert "Vale: Despacho gratis" in letter("discount_code", extra="free_shipping", percent=None).text
    assert "Vale: Envío gratis" in letter("discount_code", country="ES", extra="free_shipping", percent=None).text
    assert "Para compras desde" not in letter("discount_code", minimum=None).text


def test_a_decision_says_what_and_by_when_and_a_refusal_says_so() -> None:
    content = letter("decision")
    assert "Importe: $45.990." in content.text
    assert "A más tardar el miércoles, 25 de noviembre." in content.text
    refused = letter("decision", fix=None, refund=None, due_at=None)
    assert refused.subject == "Tu caso: nuestra respuesta [#C-7K3QXM]"
    assert "A más tardar" not in refused.text


def test_an_answer_is_a_persons_words_and_her_name() -> None:
    content = letter("answer", text="Uno\r\ndos\r\n\r\n\r\n\r\ntres <b>", author="")
    assert "Uno\ndos\n\ntres <b>\n\nMia Fuentes" in content.text
    assert "Uno<br>dos</p>" in content.html


def test_a_return_is_receipted_with_day_and_hour() -> None:
    assert "Fecha y hora: 21 de noviembre de 2026, 12:04" in letter("return_ack").text


def test_the_owner_reads_numbers_first_and_why_it_is_hers() -> None:
    text = letter("owner_case").text
    assert text.index("Plazo") < text.index("Total: $45.990") < text.index("Pedido: 1001") < text.index("Motivo")
    assert "Supera el monto desde el que quieres decidir tú, Tus reglas piden que lo decida una persona" in text
    assert "Casos anteriores" not in letter("owner_case", earlier_cases=None).text


@in_every_language
def test_every_doubt_of_the_rules_has_its_words(language: str) -> None:
    doubts = set(re.findall(r'"([a-z_]+)": ', getsource(complaints._doubts)))
    people = set(re.findall(r'Person\("([a-z_]+)"', getsource(compensation))) | {
        "over_customer_max", "above_person_limit", "over_day_budget", "over_month_budget",
    }  # fmt: skip
    assert len(doubts) >= 9
    assert [code for code in doubts | people if f"mail.why.{code}" not in catalogue(language)] == []


def test_a_notice_speaks_in_the_words_of_its_error() -> None:
    known = letter("owner_notice", code="mail_folder_unwritable")
    assert catalogue("es")["errors.mail_folder_unwritable"] in known.text
    without_value = letter("owner_notice", code="mail_lacks", params={})
    assert "no sabe contar mejor" in without_value.text
    assert "mail_lacks" in without_value.text
    assert "smtp.example.com" in letter("owner_notice", code="bad_certificate").text


@pytest.mark.parametrize(
    ("kind", "field", "codes"),
    [
        ("complaint_ack", "cause", get_args(contexts.Cause)),
        ("complaint_ack", "wish", get_args(contexts.Wish)),
        ("return_ack", "reason", get_args(contexts.ReturnReason)),
        ("label", "method", get_args(contexts.ReturnMethod)),
        ("decision", "fix", get_args(contexts.Fix)),
        ("owner_fix", "fix", get_args(contexts.Fix)),
    ],
)
@in_every_language
def test_every_code_has_its_words(kind: str, field: str, codes: tuple[str, ...], language: str) -> None:
    for carrier in ("", "Correos") if kind == "label" else (None,):
        changes = {} if carrier is None else {"carrier": carrier}
        said = {letter(kind, language, **{field: code}, **changes).text for code in codes}
        assert len(said) == len(codes)


def test_the_words_of_a_country_are_used() -> None:
    assert "Quién paga el despacho" in letter("label", country="CL").text
    assert "Quién paga el envío" in letter("label", country="ES").text
    assert "factura" in letter("complaint_ack", country="ES").text
    assert "comprobante" in letter("complaint_ack", country="MX").text


# -- how the templates are kept -----------------------------------------------------------------------------------


@pytest.mark.parametrize("path", inline.pages(), ids=lambda path: f"{path.parent.name}/{path.name}")
def test_the_shipped_template_carries_the_style_sheet_inline(path: Path) -> None:
    """If this fails: `python -m tests.emails.inline`."""
    assert inline.inlined(path.read_text("utf-8")) == path.read_text("utf-8")


def test_every_class_is_styled_and_every_style_used() -> None:
    css = (TEMPLATES / "_layout" / "style.css").read_text("utf-8")
    styled = set(re.findall(r"[a-z0-9]\.([a-z]+)", re.sub(r"/\*.*?\*/", "", css, flags=re.DOTALL)))
    used = {
        name
        for path in inline.pages()
        for group in re.findall(r'class="([^"]+)"', path.read_text("utf-8"))
        for name in group.split()
    }
    assert styled == used


def test_no_mail_needs_the_inliner_to_be_composed() -> None:
    package = files("emails")
    sources = [entry.read_text("utf-8") for entry in package.iterdir() if entry.name.endswith(".py")]
    assert not [source for source in sources if "css_inline" in source]


def test_items_beyond_three_are_only_hinted_at_in_a_survey() -> None:
    text = letter("survey", items=ITEMS * 2).text
    assert text.count("Botín de cuero") == 2
    assert "…" in text
