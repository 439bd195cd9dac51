"""Shuffled questions and options: another order for each attempt, the same one every time."""

import random
from dataclasses import replace

import pytest
from attempts.exam import ExamPaper
from attempts.grading import judge
from attempts.question import QuestionType
from attempts.shuffling import laid_out, own_letters
from hypothesis import given
from hypothesis import strategies as st

TEXTS = {"A": "one", "B": "two", "C": "three", "D": "four"}
WRITTEN_IN_STONE = [4, 7, 3, 8, 2, 1, 5, 6]
OPTIONS_IN_STONE = {"A": "two", "B": "four", "C": "one", "D": "three"}


@pytest.fixture(scope="session")
def paper_of(choice_of, exam_like):
    def make(*, questions: bool = False, options: bool = False) -> ExamPaper:
        exam = exam_like(shuffle_questions=questions, shuffle_options=options)
        asked = [choice_of(TEXTS, "B", "C", id=number) for number in range(1, 9)]
        return ExamPaper(exam, tuple(asked))

    return make


def ids(paper: ExamPaper) -> list[int]:
    return [question.id for question in paper.questions]


def test_nothing_moves_unless_the_exam_says_so(paper_of):
    assert laid_out(paper_of(), 5) == paper_of()
    assert ids(laid_out(paper_of(options=True), 5)) == ids(paper_of())
    assert laid_out(paper_of(questions=True), 5).questions[0].options == TEXTS


def test_the_order_of_an_attempt_is_written_in_stone(paper_of):
    """These numbers may never change: attempts are running."""
    assert ids(laid_out(paper_of(questions=True), 7)) == WRITTEN_IN_STONE
    assert laid_out(paper_of(options=True), 7).questions[0].options == OPTIONS_IN_STONE


def test_attempts_differ(paper_of):
    orders = {tuple(ids(laid_out(paper_of(questions=True), n))) for n in range(30)}
    assert len(orders) > 25
    firsts = {laid_out(paper_of(options=True), n).questions[0].options["A"] for n in range(30)}
    assert firsts == set(TEXTS.values()), "every text stands first for somebody"


def test_true_and_false_stay_where_they_are(paper_of, choice_of):
    paper = paper_of(options=True)
    question = choice_of({"A": "True", "B": "False"}, "A", question_type=QuestionType.TRUE_FALSE)
    paper = ExamPaper(paper.exam, (question,) * 3)
    assert laid_out(paper, 3).questions == paper.questions


@given(attempt=st.integers(1, 2**40), chosen=st.sets(st.sampled_from(sorted(TEXTS)), min_size=1))
def test_an_answer_is_worth_the_same_wherever_its_options_stand(paper_of, attempt, chosen):
    """By text as by the letter that the student saw."""
    plain = paper_of(options=True)
    shown = laid_out(plain, attempt)
    for before, after in zip(plain.questions, shown.questions, strict=True):
        assert sorted(after.choices) == sorted(TEXTS)
        texts = [TEXTS[key] for key in chosen]
        letters = [key for key, text in after.choices.items() if text in texts]
        expected = judge(before, texts)
        own = own_letters(plain, attempt, before.id)
        for given_answer in (texts, random.sample(letters, len(letters))):
            found = judge(after, given_answer)
            assert replace(found, chosen=()) == replace(expected, chosen=())
            assert {own[key] for key in found.chosen} == chosen


# The whole way


@pytest.fixture
def shuffled(tidy):
    tidy.run(
        "UPDATE attempts.exams SET shuffle_questions = true, shuffle_options = true WHERE id = :i",
        i=tidy.objective,
    )
    yield tidy
    tidy.run("UPDATE attempts.exams SET shuffle_questions = false, shuffle_options = false")


@pytest.mark.contract("4.3/shuffle")
async def test_a_student_sees_the_order_of_his_attempt(api, shuffled):
    path = f"/exams/{shuffled.objective}"
    seen = set()
    for student in range(300, 320):
        shuffled.attempt("not_started", student=student)
        first = (await api(student).get(path)).json()["questions"]
        assert (await api(student).get(path)).json()["questions"] == first
        seen.add(tuple(question["id"] for question in first))
    assert len(seen) > 3
    staff = (await api(7, "admin").get(path)).json()["questions"]
    assert [q["id"] for q in staff] == [shuffled.choice, shuffled.several, shuffled.truth]


async def test_letters_are_judged_and_shown_as_the_student_saw_them(api, shuffled):
    for student in range(300, 312):
        attempt = shuffled.attempt(student=student)
        client = api(student)
        paper = (await client.get(f"/exams/{shuffled.objective}")).json()
        [choice] = [q for q in paper["questions"] if q["id"] == shuffled.choice]
        [letter] = [key for key, text in choice["options"].items() if text == "Neutral wire"]
        await client.post(
            f"/attempts/{attempt}/answers",
            json={"question_id": shuffled.choice, "answer": letter},
        )
        await client.post(f"/attempts/{attempt}/submit", json={"confirm": True})
        result = (await client.get(f"/attempts/{attempt}/result")).json()
        assert result["score"] == 4.0
        assert [a["answer"] for a in result["answers"]] == ["Neutral wire"]
        shown = [question["id"] for question in result["exam"]["questions"]]
        assert shown == [question["id"] for question in paper["questions"]]
