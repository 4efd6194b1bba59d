"""An answer is read strictly, opens at most one complaint, and counts towards CSAT."""

from contextlib import suppress
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integration.domain.errors import BadForm
from integration.domain.policy import CAUSES
from integration.rules.surveys import LONGEST_TEXT, Answer, Csat, can_edit, csat, opens_complaint, read_answer
from tests.rules.cast import DAY, NOON

answers = st.builds(Answer, st.integers(1, 5), st.none() | st.sampled_from(CAUSES), st.just(""))


def test_an_answer_is_a_score_with_or_without_cause_and_words():
    assert read_answer({"score": "4"}) == Answer(4, None, "")
    form = {"score": " 2 ", "cause": " late ", "text": " Llegó tarde \r\n\ty frío.\n", "more": "x"}
    assert read_answer(form) == Answer(2, "late", "Llegó tarde \n\ty frío.")


@pytest.mark.parametrize("score", [1, 2, 3, 4, 5])
def test_every_score_of_the_scale_is_read(score):
    assert read_answer({"score": str(score)}).score == score


@pytest.mark.parametrize("score", ["", "0", "6", "-1", "4.0", "٣", "five", "4\x00", "44"])
def test_a_score_is_one_to_five(score):
    with pytest.raises(BadForm) as error:
        read_answer({"score": score})
    assert (error.value.code, error.value.params) == ("bad_answer", {"field": "score"})


def test_an_answer_without_a_score_is_none():
    with pytest.raises(BadForm):
        read_answer({"cause": "late"})


@pytest.mark.parametrize("cause", CAUSES)
def test_every_cause_of_ours_is_read(cause):
    assert read_answer({"score": "3", "cause": cause}).cause == cause


def test_a_cause_that_is_not_ours_is_refused():
    with pytest.raises(BadForm) as error:
        read_answer({"score": "3", "cause": "boredom"})
    assert (error.value.code, error.value.params) == ("bad_answer", {"field": "cause"})


def test_words_are_kept_but_for_signs_that_nobody_types():
    odd = "a\x00b\x1b\u202ec\u2066d\ud800e\u2069\u202a\u2029<b>👩‍👧</b>\t\n é"
    assert read_answer({"score": "3", "text": odd}).text == "abcde\u2029<b>👩‍👧</b>\t\n é"


def test_words_are_never_cut_but_refused_when_too_many():
    most = "ñ" * LONGEST_TEXT
    assert read_answer({"score": "3", "text": f" {most} "}).text == most
    with pytest.raises(BadForm) as error:
        read_answer({"score": "3", "text": most + "ñ"})
    assert (error.value.code, error.value.params) == ("bad_answer", {"field": "text", "most": 4000})


def test_a_line_end_of_a_form_is_one_sign():
    assert len(read_answer({"score": "3", "text": "a\r\nb\rc"}).text) == 4


@given(st.dictionaries(st.sampled_from(["score", "cause", "text"]), st.text()))
def test_any_form_is_read_or_refused_by_name(form):
    form["score"] = form.get("score", "5")
    with suppress(BadForm):
        answer = read_answer(form)
        assert answer.score in range(1, 6)
        assert answer.cause is None or answer.cause in CAUSES
        answer.text.encode()


# -- complaints ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("score", range(1, 6))
@pytest.mark.parametrize("cause", CAUSES)
def test_a_cause_opens_a_complaint_at_any_score(score, cause):
    assert opens_complaint(Answer(score, cause, "")) == cause


@pytest.mark.parametrize(("score", "cause"), [(1, "other"), (2, "other"), (3, None), (4, None), (5, None)])
def test_a_low_score_without_a_cause_opens_one_about_something_else(score, cause):
    assert opens_complaint(Answer(score, None, "")) == cause


def test_an_edit_may_open_a_complaint():
    assert opens_complaint(Answer(5, "damaged", ""), Answer(5, None, "")) == "damaged"
    assert opens_complaint(Answer(1, None, ""), Answer(3, None, "")) == "other"


@given(answers, answers)
def test_an_answer_and_its_edit_open_one_complaint_at_most(first, edit):
    opened = [opens_complaint(first), opens_complaint(edit, first)]
    assert len([cause for cause in opened if cause]) <= 1
    assert any(opened) == any((opens_complaint(first), opens_complaint(edit)))


# -- edits --------------------------------------------------------------------------------------------


def test_an_answer_can_be_changed_for_a_day():
    assert can_edit(NOON, NOON)
    assert can_edit(NOON, NOON + DAY)
    assert not can_edit(NOON, NOON + DAY + timedelta(seconds=1))


# -- CSAT ---------------------------------------------------------------------------------------------


def test_four_answers_say_nothing():
    assert csat([5, 5, 5, 5]) is None
    assert csat([]) is None


@pytest.mark.parametrize(
    ("happy", "n", "low", "high"),
    # The examples of Newcombe (1998), method 3, and the ends.
    [
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0, 0.1611),
        (1, 29, 0.0061, 0.1718),
        (5, 5, 0.5655, 1),
    ],
)
def test_csat_has_a_wilson_interval(happy, n, low, high):
    result = csat([4] * happy + [3] * (n - happy))
    assert result == Csat(happy / n, n, pytest.approx(low, abs=5e-5), pytest.approx(high, abs=5e-5))


def test_only_fours_and_fives_are_satisfied():
    assert csat([1, 2, 3, 4, 5]).share == 0.4


@given(st.lists(st.integers(1, 5), min_size=5))
def test_the_share_is_within_its_interval(scores):
    result = csat(scores)
    assert 0 <= result.low <= result.share + 1e-12
    assert result.share - 1e-12 <= result.high <= 1
