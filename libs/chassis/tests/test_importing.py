"""Importing: grouped rows, one transaction, a report or a reason without values."""

import io
import json

import pytest
from chassis.errors import Unavailable
from chassis.importing import ImportRefused, read_rows, run_importer
from sqlalchemy import func, insert, select


def lines(*rows: dict) -> io.StringIO:
    return io.StringIO("\n".join(json.dumps({"table": "notes", "row": row}) for row in rows))


def test_rows_are_grouped_by_table_in_order():
    rows = read_rows(['{"table":"a","row":{"id":1}}', "", '{"table":"a","row":{"id":2}}'])
    assert rows == {"a": [{"id": 1}, {"id": 2}]}


@pytest.mark.parametrize("bad", ["no json", "[]", '{"table":"a"}', '{"table":"a","row":7}'])
def test_a_line_of_another_form_is_refused_with_its_number(bad: str):
    with pytest.raises(ImportRefused, match="Line 2"):
        read_rows(['{"table":"a","row":{}}', bad])


@pytest.fixture
def importing(store, outbox):
    """Import rows into the outbox table, which is as good as any other."""

    def load(session, rows, report, progress):
        for row in rows.get("notes", []):
            session.execute(insert(outbox).values(subject="s", payload={}, **row))
            progress(1, len(rows["notes"]))
        report.imported["notes"] = len(rows.get("notes", []))

    async def run(*rows: dict) -> tuple[int, list[dict], int]:
        target = io.StringIO()
        code = await store.run(run_importer, store, load, source=lines(*rows), target=target)

        def count() -> int:
            with store.transaction() as session:
                return session.execute(select(func.count()).select_from(outbox)).scalar_one()

        said = [json.loads(line) for line in target.getvalue().splitlines()]
        return code, said, await store.run(count)

    return run


async def test_what_was_imported_is_reported(importing):
    code, said, stored = await importing({"order_key": 1}, {"order_key": 2})
    assert (code, stored) == (0, 2)
    assert said[-1]["report"]["imported"] == {"notes": 2}
    assert {"progress": 1, "total": 2} in said


@pytest.mark.parametrize(
    ("refusal", "may_repeat"),
    [(ImportRefused("not these"), False), (Unavailable("the seas are rough"), True)],
)
async def test_who_is_refused_is_told_whether_the_same_may_come_again(store, refusal, may_repeat):
    def load(*_):
        raise refusal

    target = io.StringIO()
    code = await store.run(run_importer, store, load, source=lines({}), target=target)
    said = json.loads(target.getvalue())
    assert (code, said) == (1, {"error": str(refusal), "may_repeat": may_repeat})


async def test_a_refused_row_sinks_all_and_the_reason_shows_no_value(importing):
    code, said, stored = await importing({"order_key": 1, "id": 7}, {"order_key": 4711, "id": 7})
    assert (code, stored) == (1, 0)
    assert "outbox violates pk_outbox" in said[-1]["error"] or "outbox_pkey" in said[-1]["error"]
    assert "4711" not in said[-1]["error"]
