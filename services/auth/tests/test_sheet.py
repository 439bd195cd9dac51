"""What a sheet of students says: good rows, bad rows, and what is no sheet at all."""

from datetime import date

import pytest
from auth.errors import SheetTooLarge, SheetUnreadable
from auth.sheet import COLUMNS, read

HEADER = ",".join(COLUMNS)
GOOD = "asha,asha@e.org,Asha Rao,HT-0001,02/02/2001,Pet?,Kumar,,AP001,ELEC"


def sheet(*rows: str) -> bytes:
    return "\r\n".join((HEADER, *rows)).encode()


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_a_row_becomes_a_student(mark):
    done = read(mark + sheet(GOOD), 10)
    [student] = done.students
    assert (student.row, student.username, student.date_of_birth) == (2, "asha", date(2001, 2, 2))
    assert (student.security_answer, student.password) == ("Kumar", None)
    assert done.refused == ()


@pytest.mark.parametrize("text", ["02/02/2001", "2001-02-02"])
def test_a_birthday_is_written_in_two_ways(text):
    [student] = read(sheet(GOOD.replace("02/02/2001", text)), 10).students
    assert student.date_of_birth == date(2001, 2, 2)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("asha,", ",", "username is required"),
        ("asha,", "x" * 101 + ",", "username must not be longer than 100"),
        ("asha@e.org", "", "email is required"),
        ("asha@e.org", "nobody", "email must be"),
        ("asha@e.org", "a@b@c", "email must be"),
        ("asha@e.org", "a\tb@c", "email must be"),
        ("Asha Rao", "", "full_name is required"),
        ("HT-0001", "HT", "5 to 50 characters"),
        ("02/02/2001", "", "date_of_birth is required"),
        ("02/02/2001", "31/02/2001", "date_of_birth must be a date"),
        ("02/02/2001", "02/02/0001", "date_of_birth must be a date"),
        ("ELEC", "ELEC,surplus", "more cells"),
    ],
)
def test_a_bad_row_is_named_and_stops_nobody(old, new, words):
    last = GOOD.replace("asha", "bina").replace("HT-0001", "HT-0002")
    done = read(sheet(GOOD.replace(old, new, 1), last), 10)
    assert [student.username for student in done.students] == ["bina"]
    [result] = done.refused
    assert result.row == 2
    assert any(words in message for message in result.messages)


def test_everything_that_is_wrong_with_a_row_is_said():
    [result] = read(sheet("asha,,,,,,,,,"), 10).refused
    assert len(result.messages) == 4


@pytest.mark.parametrize(
    ("row", "column"),
    [
        ("asha,b@e.org,B,HT-0002,2001-01-01,,x,,,", "username"),
        ("bina,ASHA@E.ORG,B,HT-0002,2001-01-01,,x,,,", "email"),
        ("bina,b@e.org,B,HT-0001,2001-01-01,,x,,,", "hall_ticket_number"),
    ],
)
def test_a_row_that_repeats_an_earlier_one_is_named(row, column):
    done = read(sheet(GOOD, row), 10)
    assert [student.row for student in done.students] == [2]
    assert done.refused[0].messages == (f"{column} stands in row 2 already",)


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"username,email\na,b\n"])
def test_what_is_no_sheet_is_unreadable(content):
    with pytest.raises(SheetUnreadable) as refusal:
        read(content, 10)
    assert refusal.value.errors[0].pointer == "/file"


def test_a_sheet_has_a_last_row():
    with pytest.raises(SheetTooLarge, match="at most 1 rows"):
        read(sheet(GOOD, GOOD), 1)
