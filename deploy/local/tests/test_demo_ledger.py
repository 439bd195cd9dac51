import pytest
from oep_local.demo_ledger import Ledger
from oep_local.demo_script import VISITS, VISITS_SECONDS, choose_answer, legacy_student
from oep_local.seed_rows import BASE_ID


def ledger():
    return Ledger(
        1, 2, events={"a": "tab_switch", "b": "window_blur"}, answers={5: ["x"], 6: False}
    )


def test_a_kept_promise_is_clean():
    assert str(ledger().judge_events(["b", "a"])) == "2 accepted, 2 stored, 0 lost, 0 doubled"


def test_a_missing_event_is_lost_and_a_repeated_one_doubled():
    verdict = ledger().judge_events(["a", "a", "stranger"])
    assert (verdict.lost, verdict.doubled, verdict.foreign_count) == (("b",), ("a",), 1)
    assert not verdict.is_clean


def test_an_answer_with_another_content_is_lost():
    assert ledger().judge_answers([(5, ["y"]), (6, False)]).lost == ("question 5",)


def test_an_answer_that_is_false_counts_as_an_answer():
    assert ledger().judge_answers([(5, ["x"]), (6, False), (7, None)]).is_clean


def test_two_rows_for_one_question_are_doubled():
    assert ledger().judge_answers([(5, ["x"]), (6, False), (6, False)]).doubled == ("question 6",)


def test_a_ledger_that_was_never_compared_is_not_clean():
    assert not ledger().is_clean


def test_three_visits_add_up_whether_or_not_the_server_knows_visit_ids():
    lasts = [visit[-1] for visit in VISITS]
    assert sum(lasts) == VISITS_SECONDS
    # a new visit is recognised without an id because it begins more than 2 s lower
    starts = [visit[0] for visit in VISITS[1:]]
    assert all(start < last - 2 for start, last in zip(starts, lasts, strict=False))


@pytest.mark.parametrize(
    ("ticket", "born"),
    [
        ("AP20250001", "02/02/2001"),
        ("AP20250002", "03/03/2002"),
        ("AP20250005", "06/06/2000"),
        ("AP20250010", "11/11/2000"),
    ],
)
def test_the_known_legacy_students_need_no_further_options(ticket, born):
    student = legacy_student(ticket, None, None)
    assert (student.date_of_birth, student.security_answer) == (born, "kumar")


def test_other_students_must_say_who_they_are():
    with pytest.raises(ValueError, match="--date-of-birth"):
        legacy_student("HB20250001", None, "meadow")
    assert legacy_student("HB20250001", "29/02/2004", "meadow").date_of_birth == "29/02/2004"


def question(number, kind, **options):
    return {"id": number, "question_type": kind, "options": options or None}


def test_answers_go_out_in_the_form_of_the_exam_page():
    single = question(7, "mcq_single", A="Air", B="Water")
    assert choose_answer(single) == "Water"
    assert choose_answer(question(8, "mcq_multiple", A="Air", B="Water")) == ["Air", "Water"]
    assert choose_answer(question(9, "true_false")) is True
    assert choose_answer(question(BASE_ID + 4, "true_false")) is False
    assert isinstance(choose_answer(question(9, "long_answer")), str)
