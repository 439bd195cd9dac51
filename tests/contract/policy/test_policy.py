"""The table of who may what (`abuse.policy`) is whole, and every cell of it holds."""

import pytest
from abuse import policy
from abuse.policy import EVERYBODY, OWNER, ROWS, SIGNED_IN, SOCKETS
from realtime.sockets import PATHS


async def test_every_operation_of_every_service_has_its_row(scene):
    found = await policy.operations(scene)
    rows = {policy.named(row) for row in ROWS}
    assert found - rows == set(), "these say nothing of who may: write their rows"
    assert rows - found == set(), "these rows are of operations that are not there"
    assert len(rows) == len(ROWS)


def test_every_socket_has_its_row():
    assert set(PATHS) == {policy.full(path) for path in SOCKETS}


@pytest.mark.contract(
    "2.3/nothing-foreign", "5.1/cancel/who", "5.1/marks/who", "8.3/audit/who", "8.3/request/who"
)
@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.operation)
async def test_an_operation_is_for_whom_the_table_says(scene, described, row):
    assert row.may | row.hidden <= EVERYBODY
    assert set(scene.actors) == EVERYBODY
    cells = [cell async for cell in policy.cells(scene, described, row)]
    assert len(cells) == len(EVERYBODY)
    assert [cell for cell in cells if cell.wrong] == []


async def test_of_a_batch_nothing_is_taken_for_somebody_elses_attempt(scene):
    [row] = [row for row in ROWS if row.operation == "POST /proctoring/events/batch"]
    for name in SIGNED_IN:
        answer = await policy.asked(scene, row, name)
        [result] = answer.json()["results"]
        assert result["status"] == (201 if name == OWNER else 404), name


@pytest.mark.parametrize("path", SOCKETS)
async def test_a_socket_is_for_whom_the_table_says(scene, path):
    cells = [cell async for cell in policy.socket_cells(scene, path)]
    assert len(cells) >= len(EVERYBODY)
    assert [cell for cell in cells if cell.wrong] == []
