"""What students read of an exam: the same as if it were printed for each of them, and never old."""

import json
from dataclasses import replace

import pytest
from attempts.authoring import Authoring
from attempts.composing import Composing
from attempts.errors import ExamNotFound
from attempts.exam import ExamPaper, Sight
from attempts.papers import LIFE_SECONDS, Papers, printed
from attempts.question import QuestionType, Void, without_key
from attempts.schemas.exams import ExamWithQuestionsBody
from attempts.shuffling import laid_out
from hypothesis import given
from hypothesis import strategies as st

words = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=20)
letters = st.dictionaries(st.sampled_from("ABCDEFGH"), words, min_size=1, max_size=6)


@pytest.fixture(scope="session")
def questions(question_of):
    """Return a strategy that makes questions of every kind."""

    @st.composite
    def make(draw, number: int):
        options = draw(st.none() | letters)
        kind = draw(st.sampled_from(QuestionType))
        keys = sorted(options or {}) or ["x"]
        return question_of(
            id=number,
            question_text=draw(words | st.just('"options":null')),
            question_type=kind,
            options=options,
            correct_answer=tuple(draw(st.lists(st.sampled_from([*keys, " A "]), max_size=3))),
            explanation=draw(st.none() | words),
            tags=draw(st.none() | st.tuples(words)),
            void=draw(st.none() | st.sampled_from(Void)),
        )

    return make


@given(data=st.data(), attempt_id=st.none() | st.integers(1, 2**63 - 1))
def test_what_is_printed_once_is_what_each_would_be_given(
    data, attempt_id, questions, exam_like, question_of
):
    moves = data.draw(st.tuples(st.booleans(), st.booleans()))
    asked = [data.draw(questions(number)) for number in range(data.draw(st.integers(0, 5)))]
    its_exam = exam_like(
        title='Ünïcode \u2028 "quoted"',
        end_time=question_of().created_at,
        shuffle_questions=moves[0],
        shuffle_options=moves[1],
    )
    paper = ExamPaper(its_exam, tuple(asked))
    shown = json.loads(printed(paper).laid_out(attempt_id))
    assert shown == written_out(paper, attempt_id)


def written_out(paper: ExamPaper, attempt_id: int | None) -> dict:
    """Return the page as it is told from the objects, for one attempt and by no cache."""
    laid = paper if attempt_id is None else laid_out(paper, attempt_id)
    keyless = replace(laid, questions=tuple(without_key(q) for q in laid.questions))
    body = ExamWithQuestionsBody.of_paper(keyless)
    for question, told in zip(laid.questions, body.questions, strict=True):
        told.question_type = question.widget
    return json.loads(body.model_dump_json())


def test_no_key_is_kept(exam_like, question_of):
    its_exam = exam_like(shuffle_questions=True, shuffle_options=True)
    secret = question_of(correct_answer=("secret-key",), explanation="secret-reason")
    assert "secret" not in repr(printed(ExamPaper(its_exam, (secret,))))


@pytest.fixture
def counting(world):
    """Return papers, and a list that grows by each exam that is read whole."""
    read: list[int] = []

    class Counted:
        def paper(self, exam_id: int) -> ExamPaper:
            read.append(exam_id)
            return world.reading.paper(exam_id)

    def make(**given) -> Papers:
        return Papers(world.db, Counted(), **given)

    return make, read


def test_a_hall_reads_an_exam_once(world, counting):
    make, read = counting
    papers = make()
    for student in range(40):
        world.attempt(student=student)
        papers.shown(world.objective, Sight(student))
    assert read == [world.objective]


def text_of(papers: Papers, exam_id: int, question_id: int) -> dict:
    body = json.loads(papers.shown(exam_id, Sight(1000)))
    return next(question for question in body["questions"] if question["id"] == question_id)


@pytest.mark.parametrize("changes", [{"question_text": "Another?"}, {"tags": ["another"]}])
def test_a_changed_question_is_seen_at_once(world, exam_of, counting, changes):
    exam_id = exam_of({world.unseen: 4}, status="active")
    make, _ = counting
    papers = make()
    before = text_of(papers, exam_id, world.unseen)
    stored = world.reading.question(world.unseen, None)
    authoring = Authoring(world.db)
    try:
        authoring.change_question(world.unseen, changes)
        [(name, value)] = changes.items()
        assert text_of(papers, exam_id, world.unseen)[name] == value != before[name]
    finally:
        authoring.change_question(world.unseen, {name: getattr(stored, name) for name in changes})


def test_a_changed_exam_and_trade_are_seen_at_once(world, exam_of, counting):
    exam_id = exam_of({world.choice: 20}, status="active")
    make, _ = counting
    papers = make()
    assert json.loads(papers.shown(exam_id, Sight(1000)))["title"] == "Made"
    Composing(world.db, list).change(exam_id, {"title": "Named anew"}, None)
    assert json.loads(papers.shown(exam_id, Sight(1000)))["title"] == "Named anew"
    authoring = Authoring(world.db)
    authoring.change_trade(1, {"description": "Wires"})
    try:
        assert json.loads(papers.shown(exam_id, Sight(1000)))["trade"]["description"] == "Wires"
    finally:
        authoring.change_trade(1, {"description": None})


def test_what_was_written_past_the_service_is_seen_when_its_life_is_over(world, exam_of, counting):
    exam_id = exam_of({world.choice: 4}, status="active")
    now = [0.0]
    make, _ = counting
    papers = make(clock=lambda: now[0])
    papers.shown(exam_id, Sight(1000))
    world.run(
        "UPDATE attempts.exam_questions SET marks_override = 9 WHERE exam_id = :id", id=exam_id
    )
    assert text_of(papers, exam_id, world.choice)["marks"] == 4, "nobody said that it has changed"
    now[0] = LIFE_SECONDS
    assert text_of(papers, exam_id, world.choice)["marks"] == 9


def test_what_was_not_asked_for_longest_goes_when_there_is_no_room(world, exam_of, counting):
    first, second, third = (exam_of({world.choice: 4}, status="active") for _ in range(3))
    make, read = counting
    size = printed(world.reading.paper(first)).size
    papers = make(most_bytes=2 * size + size // 2)
    for exam_id in (first, second, first, third, first, second):
        papers.shown(exam_id, Sight(1000))
    assert read == [first, second, third, second]


def test_an_exam_that_does_not_fit_is_shown_and_not_kept(world, counting):
    make, read = counting
    papers = make(most_bytes=10)
    for _ in range(2):
        assert json.loads(papers.shown(world.objective, Sight(world.student)))["id"]
    assert read == [world.objective] * 2


def test_who_may_not_see_an_exam_is_told_that_there_is_none(world, counting):
    make, read = counting
    papers = make()
    papers.shown(world.draft, Sight(7, assigned=frozenset({world.draft})))
    for sight in (Sight(7), Sight(7, sees_open=False)):
        with pytest.raises(ExamNotFound):
            papers.shown(world.draft, sight)
    with pytest.raises(ExamNotFound):
        papers.shown(world.objective, Sight(7, sees_open=False))
    with pytest.raises(ExamNotFound):
        papers.shown(2**62, Sight(7))
    assert read == [world.draft]
