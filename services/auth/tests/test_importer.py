"""python -m auth import: a small portal of our own, with the traps of contract §13."""

import io
import json
from datetime import date
from functools import partial

import bcrypt
import pytest
from auth.importer import load
from auth.passwords import is_right
from chassis.database import Database
from chassis.importing import run_importer
from chassis.settings import psycopg2_url
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

STAMPS = {"created_at": "2025-10-26T18:37:32.559544Z", "updated_at": "2025-10-26T18:38:04Z"}


def quick_bcrypt(secret):
    return bcrypt.hashpw(secret.encode(), bcrypt.gensalt(4)).decode()


def user(number, **changes):
    return {
        "id": number,
        "email": f"student{number}@example.org",
        "username": f"st{number}",
        "hashed_password": quick_bcrypt("student123"),
        "full_name": f"Student {number}",
        "hall_ticket_number": f"AP{number:08}",
        "date_of_birth": "2001-02-02T00:00:00Z",
        "security_question": "?",
        "security_answer_hash": quick_bcrypt("kumar"),
        "trade_id": 2,
        "center_id": 3,
        "is_active": True,
        "is_verified": False,
        "last_login": None,
        **STAMPS,
        **changes,
    }


NOBODY = {
    "hall_ticket_number": None,
    "date_of_birth": None,
    "security_question": None,
    "security_answer_hash": None,
    "trade_id": None,
    "center_id": None,
}


def portal():
    admin = user(1, username="admin", email="admin@example.org", **NOBODY)
    names = ["admin", "hall_in_charge", "hall_auth", "technician", "student"]
    return {
        "trades": [
            {
                "id": 2,
                "name": "Trade",
                "code": "T",
                "description": None,
                "is_active": True,
                **STAMPS,
            }
        ],
        "centers": [
            {
                "id": 3,
                "name": "Center",
                "code": "C",
                "district": "Guntur",
                "is_active": True,
                **STAMPS,
            }
        ],
        "roles": [
            {"id": n, "name": name, "description": "old", **STAMPS}
            for n, name in enumerate(names, 1)
        ],
        "users": [admin, user(20), user(21)],
        "user_roles": [{"user_id": 20, "role_id": 5}, {"user_id": 21, "role_id": 5}],
    }


class Place:
    """A fresh auth database and its importer."""

    def __init__(self, urls):
        self._database = Database(urls.app_url, pool_size=1)
        self._engine = create_engine(psycopg2_url(urls.app_url), poolclass=NullPool)

    def take(self, tables, **options):
        lines = [
            json.dumps({"table": table, "row": row})
            for table, rows in tables.items()
            for row in rows
        ]
        out = io.StringIO()
        source = io.StringIO("\n".join(lines))
        code = run_importer(self._database, partial(load, **options), source=source, target=out)
        said = [json.loads(line) for line in out.getvalue().splitlines()]
        return code, said

    def report(self, tables, **options):
        code, said = self.take(tables, **options)
        assert code == 0, said
        assert all("progress" in line for line in said[:-1])
        return said[-1]["report"]

    def sql(self, statement, **values):
        with self._engine.begin() as connection:
            result = connection.execute(text(statement), values)
            return list(result) if result.returns_rows else []

    def close(self):
        self._database.dispose()
        self._engine.dispose()


@pytest.fixture
def place(empty_database):
    made = Place(empty_database())
    yield made
    made.close()


def hash_of(place, number):
    return place.sql("SELECT hashed_password FROM users WHERE id = :n", n=number)[0][0]


def test_everything_arrives_with_its_id(place):
    report = place.report(portal())
    assert report["imported"] == {
        "trades": 1, "centers": 1, "roles": 5, "users": 3, "user_roles": 2,
    }  # fmt: skip
    row = place.sql("SELECT * FROM users WHERE id = 20")[0]
    assert (row.username, row.trade_id, row.center_id) == ("st20", 2, 3)
    assert row.created_at.isoformat() == "2025-10-26T18:37:32.559544+00:00"
    assert is_right("student123", row.hashed_password)
    assert is_right("kumar", row.security_answer_hash)


@pytest.mark.contract("3/hall-ticket/calendar-date")
@pytest.mark.parametrize(
    "stored", ["2001-02-02T00:00:00Z", "2001-02-02T00:00:00", "2001-02-02 00:00:00", "2001-02-02"]
)
def test_a_birthday_is_a_date(place, stored):
    place.report(portal() | {"users": [user(20, date_of_birth=stored)], "user_roles": []})
    assert place.sql("SELECT date_of_birth FROM users")[0][0] == date(2001, 2, 2)


def test_the_admin_without_a_role_gets_it_and_a_password_that_is_told_once(place):
    first, second = place.report(portal()), place.report(portal())
    told = " ".join(first["changed"])
    roles = place.sql("SELECT role_id FROM user_roles WHERE user_id = 1")
    assert [row.role_id for row in roles] == [1]
    password = told.split("the new one is ")[1].split(" ")[0]
    assert len(password) >= 16
    assert is_right(password, hash_of(place, 1))
    assert not is_right("admin123", hash_of(place, 1))
    assert password not in json.dumps(second)
    assert second["changed"] == []


def test_the_admins_password_can_be_given_and_is_not_repeated(place):
    report = place.report(portal(), admin_password="given by me")
    assert is_right("given by me", hash_of(place, 1))
    assert "given by me" not in json.dumps(report)


def test_an_admin_with_a_role_is_left_as_he_is(place):
    tables = portal()
    tables["user_roles"].append({"user_id": 1, "role_id": 1})
    before = tables["users"][0]["hashed_password"]
    assert place.report(tables)["changed"] == []
    assert hash_of(place, 1) == before


def test_the_second_time_changes_rows_but_not_secrets_and_not_the_last_login(place):
    place.report(portal())
    place.sql("UPDATE users SET hashed_password = 'own', last_login = now() WHERE id = 20")
    seen = place.sql("SELECT last_login FROM users WHERE id = 20")[0][0]
    tables = portal()
    tables["users"][1]["full_name"] = "New Name"
    report = place.report(tables)
    row = place.sql("SELECT * FROM users WHERE id = 20")[0]
    assert (row.full_name, row.hashed_password, row.last_login) == ("New Name", "own", seen)
    assert place.sql("SELECT count(*) FROM users")[0][0] == 3
    assert any("kept their passwords" in text for text in report["left"])


def test_the_new_roles_stay_and_imported_ids_are_understood_by_name(place):
    tables = portal()
    tables["roles"] = [
        {"id": 5, "name": "admin", **STAMPS},
        {"id": 1, "name": "student", **STAMPS},
        {"id": 40, "name": "librarian", **STAMPS},
    ]
    tables["user_roles"] = [
        {"user_id": 20, "role_id": 1},
        {"user_id": 21, "role_id": 40},
        {"user_id": 1, "role_id": 5},
    ]
    place.report(tables)
    names = dict(
        map(
            tuple,
            place.sql("SELECT user_id, name FROM user_roles JOIN roles ON roles.id = role_id"),
        )
    )
    assert names == {20: "student", 21: "librarian", 1: "admin"}
    found = {row.name for row in place.sql("SELECT name FROM roles")}
    assert {"proctor", "grader", "librarian"} <= found


def test_plain_demo_passwords_and_answers_are_hashed_and_not_again_the_second_time(place):
    tables = portal()
    demo = user(900001, password="demo", security_answer="  RAO ")
    del demo["hashed_password"], demo["security_answer_hash"]
    tables = {"users": [demo], "user_roles": [{"user_id": 900001, "role_id": 5}]}
    tables = {"trades": portal()["trades"], "centers": portal()["centers"], **tables}
    place.report(tables)
    row = place.sql("SELECT * FROM users")[0]
    assert row.hashed_password.startswith("$argon2id$")
    assert is_right("demo", row.hashed_password)
    assert is_right("rao", row.security_answer_hash)
    place.report(tables)
    assert hash_of(place, 900001) == row.hashed_password
    demo["password"] = "changed"
    place.report(tables)
    assert is_right("changed", hash_of(place, 900001))


def test_assignments_arrive_once_and_only_for_people_who_exist(place):
    given = {"exam_id": 7, "role": "grader", "user_id": 20, "assigned_by_id": 1}
    for _ in range(2):
        report = place.report(portal() | {"assignments": [given]})
    assert report["imported"]["assignments"] == 1
    rows = place.sql("SELECT exam_id, role, user_id, assigned_by_id FROM assignments")
    assert [tuple(row) for row in rows] == [(7, "grader", 20, 1)]
    code, said = place.take({"assignments": [given | {"user_id": 4040}]})
    assert (code, "assignments" in said[-1]["error"]) == (1, True)


def test_the_next_id_is_greater_than_all_imported_ones(place):
    place.report(portal())
    made = place.sql("INSERT INTO centers (name, code) VALUES ('n', 'n') RETURNING id")
    assert made[0].id == 4
    made = place.sql("INSERT INTO roles (name) VALUES ('n') RETURNING id")
    assert made[0].id == 8


def test_who_has_no_role_is_named_in_the_report(place):
    tables = portal()
    del tables["user_roles"][1]
    assert any("ids 21" in text for text in place.report(tables)["left"])


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"username": None}, "username"),
        ({"date_of_birth": "yesterday"}, "date_of_birth"),
        ({"hashed_password": None}, "password"),
        ({"id": 0}, "id"),
        ({"trade_id": 77}, "fk_users_trade_id"),
        ({"hall_ticket_number": "AP00000021"}, "uq_users_hall_ticket_number"),
    ],
)
def test_one_bad_row_is_named_and_nothing_is_written(place, change, word):
    tables = portal()
    tables["users"][1] |= change
    code, said = place.take(tables)
    assert code == 1
    assert word in said[-1]["error"]
    assert "$2b$" not in said[-1]["error"]
    assert place.sql("SELECT count(*) FROM users")[0][0] == 0
    assert place.sql("SELECT count(*) FROM centers")[0][0] == 0


def test_tables_of_others_are_reported_as_left(place):
    report = place.report(portal() | {"rubrics": [{"id": 1}]})
    assert report["left"] == ["rubrics: 1 rows; auth has no such table."]


def test_an_empty_import_does_nothing(place):
    assert place.report({})["imported"] == {}
