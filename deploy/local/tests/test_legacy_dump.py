import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from oep_local.legacy_dump import DumpError, converter, read_dump, unescape

SMALL = Path(__file__).parent / "data" / "legacy_small.sql"

HEADER = """SET client_encoding = 'UTF8';
CREATE TYPE public.mood AS ENUM (
    'GOOD',
    'BAD'
);
CREATE TABLE public.notes (
    id integer NOT NULL,
    body text,
    "order" bigint DEFAULT 0,
    size numeric(10,2),
    mood public.mood,
    kept boolean,
    extra jsonb,
    at timestamp without time zone,
    zoned timestamp with time zone,
    CONSTRAINT notes_check CHECK ((id > 0))
);
COPY public.notes (id, body, "order", size, mood, kept, extra, at, zoned) FROM stdin;
"""


def dump_of(tmp_path, text):
    path = tmp_path / "dump.sql"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def escaped(value):
    """COPY's own escaping, written a second time the way PostgreSQL's documentation has it."""
    if value is None:
        return rb"\N"
    names = {8: rb"\b", 12: rb"\f", 10: rb"\n", 13: rb"\r", 9: rb"\t", 11: rb"\v", 92: rb"\\"}
    return b"".join(names.get(byte, bytes([byte])) for byte in value.encode())


# what a text column of PostgreSQL can hold: no NUL, no lone surrogates
texts = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))


@given(st.lists(st.tuples(st.none() | texts, st.none() | texts), max_size=20))
def test_every_text_survives_the_way_through_a_copy_block(tmp_path_factory, rows):
    lines = [b"\t".join(map(escaped, row)) for row in rows]
    head = b"CREATE TABLE public.t (\n    a text,\n    b text\n);\nCOPY public.t (a, b) FROM stdin;"
    path = tmp_path_factory.mktemp("dump") / "dump.sql"
    path.write_bytes(b"\n".join([head, *lines, b"\\.", b""]))
    read = [(row["a"], row["b"]) for row in read_dump(path).rows("t")]
    assert read == rows


@pytest.mark.parametrize(
    ("field", "value"),
    [
        (rb"\N", None),
        (rb"\\N", r"\N"),
        (rb"\x41\x4a", "AJ"),
        (rb"\101\60", "A0"),
        (rb"\q\.", "q."),
        (rb"a\\nb", r"a\nb"),
        (rb"\303\251", "é"),
    ],
)
def test_escapes_that_pg_dump_itself_never_writes_are_understood(field, value):
    assert unescape(field) == value


def test_values_get_the_types_of_their_columns(tmp_path):
    row = '7\tx\t9000000000\t1.50\tBAD\tt\t{"a": [1, null]}\t2025-01-02 03:04:05.6\t2025-01-02 03:04:05+05:30'  # noqa: E501 - one row is one line
    dump = read_dump(dump_of(tmp_path, HEADER + row + "\n\\.\n"))
    assert list(dump.rows("notes")) == [
        {
            "id": 7,
            "body": "x",
            "order": 9_000_000_000,
            "size": 1.5,
            "mood": "bad",
            "kept": True,
            "extra": {"a": [1, None]},
            "at": "2025-01-02T03:04:05.600000Z",
            "zoned": "2025-01-01T21:34:05Z",
        }
    ]


def test_only_enum_columns_become_lower_case(tmp_path):
    dump = read_dump(dump_of(tmp_path, HEADER + "1\tGOOD\t0" + "\t\\N" * 6 + "\n\\.\n"))
    assert next(dump.rows("notes"))["body"] == "GOOD"


def test_columns_are_taken_by_the_names_of_the_header_in_any_order(tmp_path):
    copy = "COPY public.notes (kept, id) FROM stdin;\nf\t3\n\\.\n"
    dump = read_dump(dump_of(tmp_path, HEADER + "\\.\n" + copy))
    assert list(dump.rows("notes")) == [{"kept": False, "id": 3}]


def test_a_dump_with_windows_line_ends_reads_the_same(tmp_path):
    windows = SMALL.read_bytes().replace(b"\n", b"\r\n")
    dump, same = read_dump(SMALL), read_dump(dump_of(tmp_path, windows))
    assert list(same.blocks) == list(dump.blocks)
    for table in dump.blocks:
        assert list(same.rows(table)) == list(dump.rows(table))


def test_a_table_that_the_dump_lacks_has_no_rows(tmp_path):
    assert list(read_dump(dump_of(tmp_path, HEADER + "\\.\n")).rows("absent")) == []


NULLS = "\t\\N" * 6


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (HEADER + "1\tx\t0" + NULLS + "\n", ["cut off", "notes", "after 1 rows"]),
        ("hello\n", ["no COPY block", "pg_dump --format=plain"]),
        (b"PGDMP\x01\x0e", ["custom format", "pg_restore"]),
        (b"\x1f\x8b\x08", ["compressed", "gunzip"]),
        ("SET client_encoding = 'LATIN1';\n", ["LATIN1", "--encoding=UTF8"]),
    ],
)
def test_a_file_that_cannot_be_imported_is_refused_before_any_row(tmp_path, content, words):
    with pytest.raises(DumpError) as refusal:
        read_dump(dump_of(tmp_path, content))
    assert all(word in str(refusal.value) for word in words)


def test_a_missing_file_and_a_folder_are_named(tmp_path):
    with pytest.raises(DumpError, match="does not exist"):
        read_dump(tmp_path / "nothing.sql")
    with pytest.raises(DumpError, match="cannot be read"):
        read_dump(tmp_path)


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("1\tx", ["Line 19", "2 columns instead of 9"]),
        ("one\tx\t0" + NULLS, ["Line 19", "notes.id"]),
        ("1\tx\t0\tNaN" + "\t\\N" * 5, ["notes.size", "NaN"]),
        ("1\tx\t0\t\\N\t\\N\tyes\t\\N\t\\N\t\\N", ["notes.kept", "'yes'"]),
        ("1\tx\t0\t\\N\t\\N\t\\N\t{oops\t\\N\t\\N", ["notes.extra"]),
        ("1\tx\t0\t\\N\t\\N\t\\N\t\\N\tinfinity\t\\N", ["notes.at"]),
        (b"1\t\xff\t0" + NULLS.encode(), ["notes.body", "utf-8"]),
    ],
)
def test_a_damaged_row_is_named_by_line_and_column(tmp_path, row, words):
    raw = row.encode() if isinstance(row, str) else row
    dump = read_dump(dump_of(tmp_path, HEADER.encode() + raw + b"\n\\.\n"))
    with pytest.raises(DumpError) as refusal:
        list(dump.rows("notes"))
    assert all(word in str(refusal.value) for word in words)


def test_rows_without_their_create_table_are_refused_with_the_option_to_leave_out(tmp_path):
    dump = read_dump(dump_of(tmp_path, "COPY public.t (a) FROM stdin;\n1\n\\.\n"))
    with pytest.raises(DumpError, match="--data-only"):
        list(dump.rows("t"))


@given(st.recursive(st.none() | st.booleans() | st.integers() | texts, st.lists))
def test_json_columns_keep_their_value(value):
    assert converter("json", set())(json.dumps(value)) == value
