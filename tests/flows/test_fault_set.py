"""The faults of E11, the tests that make them on SQLite and on PostgreSQL, and what the owner sees of each.

| letter | fault | what the owner sees |
|---|---|---|
| a | the plug is pulled at every named step | nothing: every promise is kept after the restart |
| b | random `kill -9` while webhooks arrive (`make soak`) | nothing, ready again in seconds |
| c | another program holds the database for 30 s | `/readyz` red; webhooks and forms 503, pages can be read |
| d | the disk is full | `/readyz` and `disk` red, webhooks 503, no uploads; afterwards nothing is missing |
| e | the mail server is down, slow, greylists, hangs up | nothing, then the paused stream, then what stopped and why |
| f | the store: 429 storm, 500, hang, wrong answers | nothing, then `reading` and `store` red, then the case is hers |
| g | the clock: +1 d, -2 h, DST both ways, year end | `clock` red when it differs from every store's |
| h | told three times, in any order, a year late | why an old delivery brought no mail: `too_old` |
| i | poison: 5 MB, depth, NaN, surrogates, negative prices | a notice and `receipts` red for what could not be read |
| j | SIGTERM in the middle of a mail | nothing: it ends in ten seconds, the mail leaves once more |
"""

from __future__ import annotations

import pytest

from tests.house.conftest import ROOT

MADE_BY = {
    "a": ("flows/test_crash_points.py::test_a_crash_loses_nothing_and_does_nothing_twice",
          "flows/test_every_step.py::test_every_crash_point_of_the_code_is_died_at_by_a_test"),
    "b": ("soak/test_soak.py::test_half_a_minute_of_storm_and_pulled_plugs_breaks_no_promise",
          "webhooks/test_unplugged.py::test_what_was_answered_200_survives_a_pulled_plug"),
    "c": ("flows/test_faults_machine.py::"
          "test_while_another_holds_the_database_all_is_503_or_waits_and_pages_can_be_read",
          "flows/test_faults_machine.py::test_a_worker_whose_database_is_held_goes_on_when_it_is_free"),
    "d": ("db/test_session.py::test_on_a_full_disk_a_webhook_is_503_and_arrives_when_it_is_sent_again",
          "db/test_session.py::test_on_a_full_disk_an_answer_is_503_with_words_and_nothing_half_done",
          "flows/test_faults_machine.py::test_a_disk_that_fills_up_under_the_work_stops_it_and_doubles_nothing",
          "flows/test_faults_machine.py::test_on_a_disk_nearly_full_no_labels_are_uploaded"),
    "e": ("flows/test_faults_mail.py::"
          "test_what_was_surely_not_taken_leaves_a_little_later_and_nobody_is_troubled",
          "flows/test_faults_mail.py::test_in_doubt_a_label_leaves_once_more_after_ten_minutes_and_a_survey_never",
          "flows/test_faults_mail.py::test_a_server_that_thinks_about_a_mail_for_a_minute_gets_it_once",
          "flows/test_faults_mail.py::test_a_closed_port_stops_the_stream_uses_up_no_try_and_the_desk_says_so",
          "flows/test_sender_faults.py::test_a_refused_sender_stops_all_mail_and_loses_none"),
    "f": ("flows/test_faults_store.py::test_a_store_that_cannot_be_read_for_a_while_hides_no_delivery",
          "flows/test_faults_store.py::test_a_store_that_cannot_be_read_for_hours_is_shown_with_its_reason",
          "flows/test_faults_store.py::"
          "test_a_storm_of_429_over_twenty_codes_makes_each_once_and_waits_as_long_as_it_is_told",
          "flows/test_faults_store.py::test_a_bucket_that_leaks_slowly_delays_six_codes_and_doubles_none",
          "flows/test_bad_input.py::test_a_store_that_stays_away_hands_the_case_to_a_person",
          "connectors/test_store_faults.py::test_a_fault_while_making_a_code_leaves_one_code_at_most"),
    "g": ("flows/test_faults_machine.py::test_a_clock_put_forward_by_a_day_sends_nothing_twice",
          "flows/test_faults_machine.py::test_a_clock_put_back_by_two_hours_delays_and_loses_and_doubles_nothing",
          "flows/test_faults_machine.py::test_where_the_hour_changes_a_survey_still_leaves_in_the_shops_hours_once",
          "flows/test_faults_machine.py::test_a_new_year_has_a_budget_of_its_own_and_numbers_go_on",
          "flows/test_machine.py::test_a_clock_that_differs_from_every_stores_is_told"),
    "h": ("flows/test_faults_store.py::"
          "test_a_delivery_told_three_times_in_any_order_with_older_news_between_acts_once",
          "flows/test_faults_store.py::test_a_delivery_of_a_year_ago_mails_nobody_and_says_why",
          "flows/test_missed_webhooks.py::test_a_bad_day_ends_as_a_good_one"),
    "i": ("flows/test_faults_input.py::"
          "test_poison_is_refused_set_aside_or_read_and_the_next_webhook_is_acted_on",
          "webhooks/test_mutated.py::test_ten_thousand_mutated_webhooks_meet_no_fault_of_ours"),
    "j": ("flows/test_faults_input.py::"
          "test_a_stop_in_the_middle_of_a_mail_takes_seconds_and_the_mail_leaves_once_more",
          "worker/test_embedded.py::test_stopping_ends_the_task_at_hand_and_begins_no_other",
          "cli/test_work.py::test_serve_ends_with_0_within_ten_seconds_of_being_told_to"),
}  # fmt: skip


def test_every_letter_of_the_set_is_told() -> None:
    assert __doc__ is not None
    assert [line[2] for line in __doc__.splitlines() if line.startswith("| ") and line[3] == " "] == list("abcdefghij")
    assert list(MADE_BY) == list("abcdefghij")


@pytest.mark.parametrize("place", [place for places in MADE_BY.values() for place in places])
def test_every_fault_is_made_by_the_test_that_is_named(place: str) -> None:
    file, name = place.split("::")
    assert f"def {name}(" in (ROOT / "tests" / file).read_text("utf-8")
