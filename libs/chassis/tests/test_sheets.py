"""Sheets: which rows there are, and what is wrong with a row or with the whole."""

import pytest
from chassis.sheets import TooManyRows, Unreadable, read


def rows(content: bytes, most_rows: int = 10):
    return list(read(content, needed=["name"], most_rows=most_rows, most_characters=20))


def test_cells_are_named_trimmed_and_counted_from_two():
    found = rows(b"\xef\xbb\xbf Name ,Age\r\n Ann , 4\r\n\r\nBob\r\n")
    assert [(row.number, row.cells) for row in found] == [
        (2, {"name": "Ann", "age": "4"}),
        (4, {"name": "Bob"}),
    ]


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (b"a,b,c", "more cells"),
        (b"a\0b,", "NUL"),
        (b"a" * 21, "longer than 20"),
        (b"x" * 200_000, "not readable as CSV"),
    ],
)
def test_a_bad_row_is_named_and_stops_nobody(row, words):
    good, bad, last = rows(b"name,age\nAnn,1\n" + row + b"\nBob,2\n")
    assert (good.flaw, last.flaw) == (None, None)
    assert words in bad.flaw
    assert (bad.number, last.number) == (3, 4)


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"age\n1\n"])
def test_what_is_no_sheet_is_unreadable(content):
    with pytest.raises(Unreadable):
        rows(content)


def test_a_sheet_has_a_last_row():
    assert len(rows(b"name\n" + b"a\n" * 10)) == 10
    with pytest.raises(TooManyRows):
        rows(b"name\n" + b"a\n" * 11)
