"""Survey answers: what counts as one, when it opens a complaint, and what all of them say."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import sqrt

from integration.domain.errors import BadForm
from integration.domain.policy import CAUSES, Cause

LONGEST_TEXT = 4000
_SCORES = {str(score): score for score in range(1, 6)}
_CAUSES: Mapping[str, Cause] = {cause: cause for cause in CAUSES}
_EDITABLE = timedelta(hours=24)
_FEWEST = 5
_Z = 1.959963984540054  # 95 % of a normal distribution lie within


@dataclass(frozen=True, slots=True)
class Answer:
    """One shopper's answer: 1 (very bad) to 5, what went wrong if anything, and her words."""

    score: int
    cause: Cause | None
    text: str


@dataclass(frozen=True, slots=True)
class Csat:
    """The share of scores 4 and 5 among `n` answers, and its Wilson 95 % interval; all between 0 and 1."""

    share: float
    n: int
    low: float
    high: float


def read_answer(form: Mapping[str, str]) -> Answer:
    """The form's `score`, `cause` and `text`; `BadForm("bad_answer", field=…)` names what is wrong."""
    score = _SCORES.get(form.get("score", "").strip())
    if score is None:
        raise BadForm("bad_answer", field="score")
    return Answer(score, read_cause(form), read_text(form))


def read_cause(form: Mapping[str, str]) -> Cause | None:
    """The form's `cause`, `None` if she gave none; `bad_answer` for one that is not ours."""
    named = form.get("cause", "").strip()
    if named and named not in _CAUSES:
        raise BadForm("bad_answer", field="cause")
    return _CAUSES.get(named)


def read_text(form: Mapping[str, str]) -> str:
    """The form's `text` without signs that nobody typed; `bad_answer` beyond `LONGEST_TEXT`, never cut."""
    text = "".join(sign for sign in form.get("text", "") if _typed(sign)).strip()
    if len(text) > LONGEST_TEXT:
        raise BadForm("bad_answer", field="text", most=LONGEST_TEXT)
    return text


def _typed(sign: str) -> bool:
    # No controls (so CRLF becomes LF), lone surrogates, or marks that turn text around; joiners of an emoji may stay.
    turns = "\u202a" <= sign <= "\u202e" or "\u2066" <= sign <= "\u2069"
    return sign in ("\n", "\t") or not (turns or unicodedata.category(sign) in ("Cc", "Cs"))


def opens_complaint(answer: Answer, previous: Answer | None = None) -> Cause | None:
    """The cause of the complaint that this answer opens, if it does (decision 2).

    A cause opens one at any score, a score of 1 or 2 one without a cause. An edit of an answer that opened one
    opens no second, and none closes it.
    """
    if previous is not None and opens_complaint(previous):
        return None
    return answer.cause or ("other" if answer.score <= 2 else None)


def can_edit(first_answered_at: datetime, now: datetime) -> bool:
    """Whether a second sending still changes the answer (B5): for 24 hours."""
    return now - first_answered_at <= _EDITABLE


def csat(scores: Iterable[int]) -> Csat | None:
    """How many are satisfied (B12); `None` below five answers, which say nothing."""
    happy = [score >= 4 for score in scores]
    n = len(happy)
    if n < _FEWEST:
        return None
    share = sum(happy) / n
    middle = (share + _Z**2 / (2 * n)) / (1 + _Z**2 / n)
    reach = _Z / (1 + _Z**2 / n) * sqrt(share * (1 - share) / n + _Z**2 / (4 * n**2))
    return Csat(share, n, max(0.0, middle - reach), min(1.0, middle + reach))
