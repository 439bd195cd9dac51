"""Reads the tables of a plain-text PostgreSQL dump: its COPY blocks, as rows of typed JSON values.

The file is read twice and never held: once for a map of it (types, columns, offsets, row counts; a
dump that is cut off is refused here, before anything is imported), then block by block in the
order that the caller wants, because pg_dump sorts tables by name and an importer needs them by
dependency. It knows PostgreSQL's text format and nothing of exams.
"""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

from oep_local.errors import RunnerError

Convert = Callable[[str], Any]
Row = dict[str, Any]

_NAME = r'(?:"(?:[^"]|"")+"|[\w$]+)'
_COPY = re.compile(rf"^COPY (?:{_NAME}\.)?({_NAME}) \((.*)\) FROM stdin;$")
_CREATE_TABLE = re.compile(rf"^CREATE (?:UNLOGGED )?TABLE (?:{_NAME}\.)?({_NAME}) \($")
_CREATE_ENUM = re.compile(rf"^CREATE TYPE ((?:{_NAME}\.)?{_NAME}) AS ENUM \($")
_COLUMN = re.compile(rf"^\s+({_NAME}) (.+?)(?: COLLATE .+| DEFAULT .+| NOT NULL| GENERATED .+)*,?$")
_COLUMN_NAME = re.compile(_NAME)
_ENCODING = re.compile(r"^SET client_encoding = '(.+)';$")

_ESCAPE = re.compile(rb"\\(?:x([0-9A-Fa-f]{1,2})|([0-7]{1,3})|(.))", re.DOTALL)
_CONTROL = {b"b": b"\b", b"f": b"\f", b"n": b"\n", b"r": b"\r", b"t": b"\t", b"v": b"\v"}
_INTEGERS = {"smallint", "integer", "bigint"}
_FLOATS = {"real", "double precision", "numeric"}


class DumpError(RunnerError):
    """The file cannot be read as a dump; the text says what to do about it."""


@dataclass(frozen=True)
class Block:
    """One COPY block; `offset` and `line` are where its first row begins."""

    table: str
    columns: tuple[str, ...]
    offset: int
    line: int
    row_count: int


@dataclass
class Dump:
    """The map of a dump: its blocks by table, its enum types, the declared type of each column."""

    path: Path
    blocks: dict[str, Block] = field(default_factory=dict)
    enums: set[str] = field(default_factory=set)
    types: dict[str, dict[str, str]] = field(default_factory=dict)

    def rows(self, table: str) -> Iterator[Row]:
        """Read the rows of `table` in the order of the file; none when it has no such block."""
        block = self.blocks.get(table)
        if block is None:
            return
        converts = self._converts(block)
        with self.path.open("rb") as file:
            file.seek(block.offset)
            for number in range(block.line, block.line + block.row_count):
                yield _row(block, converts, file.readline(), number)

    def _converts(self, block: Block) -> list[Convert]:
        types = self.types.get(block.table)
        if types is None:
            raise DumpError(
                f"The dump has rows of {block.table} but not its CREATE TABLE, so their types are"
                " unknown. Dump again without --data-only."
            )
        missing = [name for name in block.columns if name not in types]
        if missing:
            raise DumpError(f"The dump's CREATE TABLE {block.table} lacks the columns {missing}.")
        return [converter(types[name], self.enums) for name in block.columns]


def read_dump(path: Path) -> Dump:
    """Map the dump at `path`; raises `DumpError` when it is missing, something else, or cut off."""
    try:
        with path.open("rb") as file:
            _refuse_other_formats(path, file)
            dump = _scan(path, file)
    except FileNotFoundError:
        raise DumpError(
            f"{path} does not exist. Give the path of a plain-text pg_dump file."
        ) from None
    except (IsADirectoryError, PermissionError) as error:
        raise DumpError(f"{path} cannot be read: {error.strerror}.") from None
    if not dump.blocks:
        raise DumpError(
            f"{path} has no COPY block: it is no plain-text dump, or was made with --inserts or"
            " --schema-only. Dump again with: pg_dump --format=plain DATABASE"
        )
    return dump


def _refuse_other_formats(path: Path, file: BinaryIO) -> None:
    head = file.read(5)
    file.seek(0)
    if head == b"PGDMP":
        raise DumpError(
            f"{path} is in custom format. Make it plain text with: pg_restore -f plain.sql {path}"
        )
    if head[:2] == b"\x1f\x8b":
        raise DumpError(f"{path} is compressed. Unpack it with: gunzip {path}")


def _scan(path: Path, file: BinaryIO) -> Dump:
    dump = Dump(path)
    number = 0
    while raw := file.readline():
        number += 1
        line = raw.rstrip(b"\r\n").decode("utf-8", errors="replace")
        if match := _COPY.match(line):
            block = _scan_block(match, file, number)
            dump.blocks[block.table] = block
            number += block.row_count + 1
        elif match := _CREATE_TABLE.match(line):
            columns, read = _scan_table(file)
            dump.types[_unquoted(match[1])] = columns
            number += read
        elif match := _CREATE_ENUM.match(line):
            dump.enums.add(match[1])
        elif (match := _ENCODING.match(line)) and match[1] not in {"UTF8", "SQL_ASCII"}:
            raise DumpError(
                f"{path} is written in {match[1]}. Dump again with: pg_dump --encoding=UTF8"
            )
    return dump


def _scan_block(match: re.Match[str], file: BinaryIO, header_line: int) -> Block:
    table = _unquoted(match[1])
    columns = tuple(_unquoted(name) for name in _COLUMN_NAME.findall(match[2]))
    offset = file.tell()
    count = 0
    while raw := file.readline():
        if raw.rstrip(b"\r\n") == b"\\.":
            return Block(table, columns, offset, header_line + 1, count)
        count += 1
    raise DumpError(
        f"The dump is cut off: the block of {table} (line {header_line}) has no end after {count}"
        " rows. Copy or dump the file again; nothing was imported."
    )


def _scan_table(file: BinaryIO) -> tuple[dict[str, str], int]:
    columns: dict[str, str] = {}
    read = 0
    while raw := file.readline():
        read += 1
        line = raw.rstrip(b"\r\n").decode("utf-8", errors="replace")
        if line.startswith(")"):
            break
        if match := _COLUMN.match(line):
            columns[_unquoted(match[1])] = match[2]
    return columns, read


def _unquoted(name: str) -> str:
    return name[1:-1].replace('""', '"') if name.startswith('"') else name


def _row(block: Block, converts: list[Convert], raw: bytes, number: int) -> Row:
    fields = raw.rstrip(b"\r\n").split(b"\t")
    if len(fields) != len(block.columns):
        raise DumpError(
            f"Line {number}: a row of {block.table} has {len(fields)} columns instead of"
            f" {len(block.columns)}. The file was changed or damaged; dump it again."
        )
    row: Row = {}
    for name, convert, text in zip(block.columns, converts, fields, strict=True):
        try:
            value = unescape(text)
            row[name] = None if value is None else convert(value)
        except ValueError as error:
            raise DumpError(
                f"Line {number}: {block.table}.{name} cannot be read: {error}"
            ) from None
    return row


def unescape(text: bytes) -> str | None:
    r"""Return the value of one field of COPY's text format; None for the null marker `\N`."""
    if text == rb"\N":
        return None
    if b"\\" in text:
        text = _ESCAPE.sub(_escaped, text)
    return text.decode("utf-8")


def _escaped(match: re.Match[bytes]) -> bytes:
    hexadecimal, octal, other = match.groups()
    if hexadecimal is not None:
        return bytes([int(hexadecimal, 16)])
    if octal is not None:
        return bytes([int(octal, 8) & 0xFF])
    return _CONTROL.get(other, other)


def converter(sql_type: str, enums: set[str]) -> Convert:
    """Choose how a text of `sql_type` becomes a JSON value: enums in lower case, instants in Z."""
    base = re.sub(r"\(.*?\)", "", sql_type).strip()
    if base in _INTEGERS:
        return int
    if base in _FLOATS:
        return _float
    if base in enums:
        return str.lower
    return _BY_TYPE.get(base, str)


def _float(text: str) -> float:
    value = float(text)
    if value != value or value in {float("inf"), float("-inf")}:  # noqa: PLR0124 - NaN is not itself
        raise ValueError(f"{text} is no finite number")
    return value


def _boolean(text: str) -> bool:
    if text not in {"t", "f"}:
        raise ValueError(f"{text!r} is neither t nor f")
    return text == "t"


def _instant(text: str) -> str:
    # pg_dump writes the shortest form: +00, +05:30, one to six digits of the second
    moment = datetime.fromisoformat(text)
    zoned = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    return zoned.isoformat().replace("+00:00", "Z")


_BY_TYPE: dict[str, Convert] = {
    "boolean": _boolean,
    "json": partial(json.loads, parse_constant=_float),
    "jsonb": partial(json.loads, parse_constant=_float),
    "timestamp without time zone": _instant,
    "timestamp with time zone": _instant,
}
