"""What answers are worth (contract §9.3)."""

import pytest
from attempts.grading import grade, judge, recognised_options
from attempts.question import QuestionType
from hypothesis import given
from hypothesis import strategies as st

OPTIONS = {"A": "Earth wire", "B": "Neutral wire", "C": "Line wire", "D": "None of these"}


@pytest.mark.contract("9.3/automatic", "9.3/choice/exact", "9.3/right")
def test_a_choice_by_its_exact_text_earns_the_marks(choice):
    judged = judge(choice(OPTIONS, "B"), ["Neutral wire"])
    assert (judged.is_correct, judged.marks) == (True, 4.0)


@pytest.mark.contract(
    "9.3/choice/forms", "9.3/choice/loose", "9.3/choice/key", "9.3/choice/duplicates"
)
@pytest.mark.parametrize("value", ["Neutral wire", "B", ["B"], " neutral WIRE ", ["B", "B"], " B "])
def test_text_letter_string_and_array_say_the_same(choice, value):
    assert judge(choice(OPTIONS, "B"), value).is_correct is True


@pytest.mark.contract("9.3/choice/unknown-dropped")
def test_stray_texts_of_other_questions_are_dropped(choice):
    value = ["Copper", "Neutral wire", "It is switched off first", 7, None, {"A": 1}]
    assert judge(choice(OPTIONS, "B"), value).is_correct is True


@pytest.mark.contract("9.3/wrong")
def test_a_wrong_choice_costs_the_negative_marks(choice):
    judged = judge(choice(OPTIONS, "B"), "A")
    assert (judged.is_correct, judged.marks) == (False, -1.0)


@pytest.mark.contract("9.3/choice/too-many")
def test_several_valid_options_on_a_question_with_one_key_are_wrong(choice):
    assert judge(choice(OPTIONS, "B"), ["Neutral wire", "Earth wire"]).is_correct is False


@pytest.mark.contract("9.3/choice/whole-set")
def test_a_choice_of_several_needs_the_whole_set(choice):
    question = choice(OPTIONS, "A", "C")
    assert judge(question, ["C", "A"]).is_correct is True
    assert judge(question, ["A"]).is_correct is False
    assert judge(question, ["A", "B", "C"]).is_correct is False


@pytest.mark.contract("9.3/empty")
@pytest.mark.parametrize("value", [None, "", []])
def test_an_empty_answer_is_unattempted_and_earns_nothing(choice, value):
    judged = judge(choice(OPTIONS, "B"), value)
    assert (judged.is_attempted, judged.is_correct, judged.marks) == (False, None, 0.0)


@pytest.mark.contract("9.3/choice/nothing-left")
@pytest.mark.parametrize("value", ["Copper", ["Copper", "Iron"], False, 3, {"A": True}, "b c"])
def test_nothing_recognisable_is_unattempted(choice, value):
    judged = judge(choice(OPTIONS, "B"), value)
    assert (judged.is_attempted, judged.marks) == (False, 0.0)


@pytest.mark.contract("9.3/choice/exact", "9.3/choice/loose")
def test_texts_alike_but_for_case_need_the_exact_text(choice):
    question = choice({"A": "mA", "B": "MA", "C": "kA"}, "B")
    assert judge(question, "MA").is_correct is True
    assert judge(question, "mA").is_correct is False
    assert judge(question, "ma").is_attempted is False


@pytest.mark.contract("9.3/choice/key")
def test_an_option_text_that_is_anothers_letter_counts_as_text(choice):
    question = choice({"A": "B", "B": "A"}, "B")
    assert judge(question, "A").is_correct is True, "the text A belongs to option B"


@pytest.mark.contract("9.3/true-false", "9.3/automatic")
@pytest.mark.parametrize("value", [False, "false", "FALSE", " False ", ["false"], [False]])
def test_false_is_an_answer(truth, value):
    assert judge(truth(False), value).is_correct is True
    assert judge(truth(True), value).marks == -1.0


@pytest.mark.parametrize("value", ["yes", ["true", "false"], 0, 1, {"a": 1}, "1"])
def test_what_is_no_truth_value_is_unattempted(truth, value):
    assert judge(truth(True), value).is_attempted is False


def test_a_key_may_name_an_option_of_a_true_false_question(question):
    asked = question(
        question_type=QuestionType.TRUE_FALSE,
        options={"A": "True", "B": "False"},
        correct_answer=("B",),
    )
    assert judge(asked, False).is_correct is True


@pytest.mark.contract("9.3/by-hand", "9.3/by-hand/empty")
@pytest.mark.parametrize("kind", [QuestionType.SHORT_ANSWER, QuestionType.ESSAY])
def test_written_answers_wait_for_a_person_unless_empty(question, kind):
    asked = question(question_type=kind, options=None, correct_answer=("volt",))
    assert judge(asked, "volt").marks is None
    assert judge(asked, "").marks == 0.0


@pytest.mark.contract("9.3/by-hand")
@pytest.mark.parametrize("key", [(), ("Z",)])
def test_a_choice_without_a_usable_key_waits_for_a_person(question, key):
    asked = question(options=OPTIONS, correct_answer=key)
    assert judge(asked, "A").marks is None
    assert judge(asked, None).marks == 0.0


@pytest.mark.contract("9.3/total", "9.3/negative-total", "9.3/percentage", "9.3/unattempted")
def test_the_sum_counts_all_questions_and_may_be_negative(choice):
    questions = [choice(OPTIONS, "B", id=n) for n in (1, 2, 3)]
    graded = grade(questions, {1: "A", 2: "C"}, passing_marks=6)
    assert (graded.total_marks, graded.marks_obtained) == (12.0, -2.0)
    assert graded.percentage == -16.67
    assert graded.is_passed is False
    assert (graded.correct_answers, graded.incorrect_answers, graded.unattempted) == (0, 2, 1)


@pytest.mark.contract("9.3/passed")
def test_exactly_the_passing_marks_pass(choice):
    questions = [choice(OPTIONS, "B", id=n) for n in (1, 2)]
    assert grade(questions, {1: "B"}, passing_marks=4).is_passed is True
    assert grade(questions, {1: "B"}, passing_marks=4.5).is_passed is False


@pytest.mark.contract("9.3/by-hand/missing")
def test_while_marks_are_missing_nobody_has_passed(choice, question):
    essay = question(id=9, question_type=QuestionType.ESSAY, options=None, correct_answer=())
    questions = [choice(OPTIONS, "B", id=1), essay]
    graded = grade(questions, {1: "B", 9: "words"}, passing_marks=1)
    assert not graded.is_complete
    assert graded.is_passed is None
    assert graded.marks_obtained == 4.0


def test_a_persons_marks_complete_the_grade_and_never_overrule_the_machine(choice, question):
    essay = question(id=9, question_type=QuestionType.ESSAY, options=None, correct_answer=())
    questions = [choice(OPTIONS, "B", id=1), essay]
    graded = grade(questions, {1: "A", 9: "words"}, 2, marked={9: 3.5, 1: 100.0})
    assert graded.is_complete
    assert graded.marks_obtained == 2.5
    assert graded.is_passed is True


def test_an_exam_without_questions_has_zero_percent():
    assert grade([], {}, passing_marks=0).percentage == 0.0


@given(st.data())
def test_order_repeats_case_and_strangers_never_change_a_judgement(choice_of, data):
    texts = data.draw(
        st.lists(st.text("abcdef ", min_size=3), min_size=2, max_size=5, unique_by=_plain)
    )
    options = dict(zip("ABCDE", texts, strict=False))
    key = data.draw(st.sets(st.sampled_from(sorted(options)), min_size=1))
    chosen = data.draw(st.sets(st.sampled_from(sorted(options)), min_size=1))
    question = choice_of(options, *sorted(key))
    strangers = data.draw(st.lists(st.text("xyz", min_size=4), max_size=3))
    said = [options[k] for k in chosen] * 2 + strangers
    said = data.draw(st.permutations(said))
    assert judge(question, said).is_correct is (chosen == key)
    assert set(recognised_options(question, said)) == chosen
    assert judge(question, [text.upper() for text in said]).is_correct is (chosen == key)


def _plain(text: str) -> str:
    return text.strip().casefold()
