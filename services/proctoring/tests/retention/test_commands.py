"""`python -m proctoring retention run` and `people`: a process of its own, no password."""

import json

import pytest
from oep_local.ports import free_port


@pytest.fixture
def said(commands, environment):
    """Return what runs a command that ends well, and returns the lines that it says."""

    async def run(*words: str) -> list[dict]:
        code, out, err = await commands.run(environment, *words)
        assert (code, err) == (0, "")
        return [json.loads(line) for line in out.splitlines()]

    return run


async def test_a_run_by_command_says_what_it_would_do_and_then_does_it(archive, said):
    sat = await archive.sat(days_ago=181)
    words = ("retention", "run", "--exam", str(sat.exam_id))
    *attempts, dry = await said(*words, "--dry-run")
    assert [each["attempt"]["attempt_id"] for each in attempts] == [sat.attempt_id]
    assert sum((await archive.left(sat)).values()) == 15
    *again, done = await said(*words)
    assert again == attempts
    assert (dry["report"]["dry_run"], done["report"]["dry_run"]) == (True, False)
    [sums] = done["report"]["exams"]
    assert (sums["exam_id"], sums["payload_events"]) == (sat.exam_id, 3)
    assert sum((await archive.left(sat)).values()) == 0
    assert {each["actor"] for each in await archive.records(sat)} == {"command"}


async def test_a_person_is_exported_and_erased_by_command(archive, said):
    sat = await archive.sat()
    [found] = await said("people", "export", str(sat.student_id))
    assert [len(each["events"]) for each in found["attempts"]] == [3]
    words = ("people", "erase", str(sat.student_id), "--reason", "he asked")
    [done] = await said(*words)
    assert done["attempts"][0]["payload_events"] == 3
    assert sum((await archive.left(sat)).values()) == 0
    [record] = await archive.records(sat)
    assert (record["actor"], record["reason"]) == ("command", "he asked")


async def test_without_attempts_the_command_says_so_and_ends_with_1(commands, environment):
    away = environment | {"ATTEMPTS_GRPC": f"127.0.0.1:{free_port()}"}
    code, out, err = await commands.run(away, "people", "erase", "1")
    assert (code, out) == (1, "")
    assert "attempts service does not answer" in err
