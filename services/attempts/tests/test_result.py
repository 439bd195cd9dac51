"""How answers and keys look in the result (contract §5.3)."""

import pytest
from attempts.question import QuestionType, without_key
from attempts.result import disclosed_key, shown_answer, shown_key

OPTIONS = {"A": "Earth wire", "B": "Neutral wire", "C": "Line wire"}


@pytest.mark.contract("5.3/form/one")
def test_one_choice_is_shown_as_its_text(choice):
    question = choice(OPTIONS, "B")
    assert question.widget == "mcq_single"
    assert shown_answer(question, ["B", "Copper"]) == "Neutral wire"
    assert shown_key(question) == "Neutral wire"


def test_two_choices_on_one_key_equal_no_option(choice):
    question = choice(OPTIONS, "B")
    assert shown_answer(question, ["B", "A"]) == "Neutral wire, Earth wire"


@pytest.mark.contract("5.3/form/several")
def test_several_choices_are_shown_as_texts(choice):
    question = choice(OPTIONS, "C", "A")
    assert question.widget == "mcq_multiple"
    assert shown_answer(question, ["line wire"]) == ["Line wire"]
    assert shown_answer(question, None) == []
    assert shown_key(question) == ["Earth wire", "Line wire"]


@pytest.mark.contract("5.3/form/true-false")
def test_truth_is_shown_as_a_boolean(truth):
    assert shown_answer(truth(True), "TRUE") is True
    assert shown_answer(truth(True), "maybe") is None
    assert shown_key(truth(False)) is False


@pytest.mark.contract("5.3/form/words", "4.3/type/essay")
def test_written_answers_are_strings_and_never_objects(question):
    essay = question(question_type=QuestionType.ESSAY, options=None, correct_answer=())
    assert essay.widget == "long_answer"
    assert shown_answer(essay, "words") == "words"
    assert shown_answer(essay, {"a": 1}) == '{"a": 1}'
    assert shown_answer(essay, ["x", {"a": 1}]) == ["x", '{"a": 1}']
    assert shown_answer(essay, None) is None
    assert shown_key(essay) is None


@pytest.mark.contract("5.3/form/words")
@pytest.mark.parametrize(("key", "shown"), [(("V",), "V"), (("V", "volt"), ["V", "volt"])])
def test_written_keys_are_a_string_or_strings(question, key, shown):
    asked = question(question_type=QuestionType.SHORT_ANSWER, options=None, correct_answer=key)
    assert shown_key(asked) == shown


@pytest.mark.contract("5.3/no-review")
def test_without_review_only_right_answers_are_repeated(choice):
    one, many = choice(OPTIONS, "B"), choice(OPTIONS, "A", "B")
    assert disclosed_key(one, "B", is_correct=True, may_review=False) == "Neutral wire"
    assert disclosed_key(one, "A", is_correct=False, may_review=False) is None
    assert disclosed_key(many, "A", is_correct=False, may_review=False) == []
    assert disclosed_key(one, "A", is_correct=False, may_review=True) == "Neutral wire"


def test_a_student_sees_neither_key_nor_explanation(choice):
    seen = without_key(choice(OPTIONS, "B", explanation="because"))
    assert seen.correct_answer == ()
    assert seen.explanation is None
    assert seen.options == OPTIONS
