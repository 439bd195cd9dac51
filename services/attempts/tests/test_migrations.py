"""The migrations make exactly the tables that the code expects."""

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from attempts.tables import METADATA, SCHEMA
from chassis.migrating import migrate
from chassis.settings import psycopg2_url
from sqlalchemy import create_engine, text


def test_the_migrated_schema_is_the_one_in_tables(urls, looking):
    options = {
        "include_schemas": True,
        "include_name": lambda name, kind, _: kind != "schema" or name == SCHEMA,
        "include_object": lambda _, name, *__: name != "alembic_version",
    }
    with looking.connect() as connection:
        context = MigrationContext.configure(connection, opts=options)
        assert compare_metadata(context, METADATA) == []


def test_migrating_again_changes_nothing(urls, looking):
    migrate("attempts", urls.owner_url, SCHEMA)
    with looking.connect() as connection:
        version = text("SELECT version_num FROM attempts.alembic_version")
        assert connection.execute(version).scalars().all() == ["0016"]


def test_no_rule_is_left_in_the_database(looking):
    """Not even one that no version calls any more: a change of it would be a migration (ADR 19)."""
    functions = "SELECT proname FROM pg_proc WHERE pronamespace = CAST('attempts' AS regnamespace)"
    with looking.connect() as connection:
        assert connection.execute(text(functions)).scalars().all() == []


BEFORE_GRADES = """
INSERT INTO attempts.trades (id, name, code) VALUES (1, 'Electrician', 'ELEC');
INSERT INTO attempts.question_banks (id, name, trade_id) VALUES (1, 'Bank', 1);
INSERT INTO attempts.questions (id, question_bank_id, question_text, question_type,
                                correct_answer, difficulty, marks, negative_marks)
VALUES (1, 1, '?', 'true_false', '["true"]', 'easy', 4, 1),
       (2, 1, '?', 'essay', '[]', 'easy', 4, 0), (3, 1, '?', 'essay', '[]', 'easy', 4, 0);
INSERT INTO attempts.exams (id, title, trade_id, exam_code, duration_minutes, total_marks,
                            passing_marks, total_questions, status)
VALUES (1, 'Exam', 1, 'E1', 60, 12, 6, 3, 'published');
INSERT INTO attempts.exam_questions (exam_id, question_id, order_number)
VALUES (1, 1, 1), (1, 2, 2), (1, 3, 3);
INSERT INTO attempts.attempts (id, student_id, exam_id, status, start_time, deadline_at,
                               duration_minutes, encryption_salt, total_marks, marks_obtained,
                               graded_by, submit_reason)
SELECT n, n, 1, s, now(), now(), 60, repeat('A', 24), 12, m, g, r
FROM (VALUES (1, 'graded', 7, 77, 'student'), (2, 'submitted', 4, NULL, 'deadline'),
             (3, 'in_progress', NULL, NULL, NULL)) AS v (n, s, m, g, r);
INSERT INTO attempts.answers (attempt_id, question_id, answer, marks_awarded, auto_graded)
VALUES (1, 1, 'true', 4, true), (1, 2, '"x"', 3, false), (2, 1, 'true', 4, true),
       (2, 3, '"x"', NULL, false), (3, 1, 'true', NULL, false);
"""


def test_what_was_graded_before_there_were_versions_becomes_the_first(database):
    urls = database("attempts")
    migrate("attempts", urls.owner_url, SCHEMA, "0006")
    engine = create_engine(psycopg2_url(urls.admin_url))
    with engine.begin() as connection:
        connection.execute(text(BEFORE_GRADES))
    migrate("attempts", urls.owner_url, SCHEMA)
    with engine.connect() as connection:
        grades = connection.execute(
            text("SELECT * FROM attempts.grades ORDER BY attempt_id")
        ).mappings()
        graded, waiting = grades.all()
        marks = connection.execute(text("SELECT * FROM attempts.hand_marks")).mappings().all()
    engine.dispose()
    assert (graded["attempt_id"], graded["version"], graded["reason"]) == (1, 1, "submit")
    assert (graded["marks_obtained"], graded["graded_by"], graded["missing"]) == (7.0, 77, [])
    assert [(j["marks"], j["source"]) for j in graded["judgements"]] == [
        (4, "auto"),
        (3, "manual"),
    ]
    assert (waiting["reason"], waiting["missing"]) == ("deadline", [3])
    [mark] = marks
    assert (mark["attempt_id"], mark["question_id"], mark["marks"]) == (1, 2, 3.0)
    assert (mark["grader_id"], mark["stage"]) == (77, "first")
