"""`python -m proctoring replay`: JSON lines, exit codes, a process of its own."""

import json

from chassis.bus import EVENTS

from .conftest import places


async def test_it_says_what_is_missing_and_then_puts_it_back(stream, commands, environment):
    exam_id, [(attempt_id, _)] = await stream.sat(3)
    words = ("replay", "--exam", str(exam_id))
    await stream.lose()
    code, out, _ = await commands.run(environment, *words, "--dry-run")
    sums = {"exams": 1, "stored": 3, "held": 0, "waiting": 0}
    report = {"report": {"dry_run": True, **sums, "rebuilt": 0, "missing": 3}}
    assert (code, json.loads(out.splitlines()[-1])) == (0, report)
    code, out, _ = await commands.run(environment, *words)
    exam, report = (json.loads(line) for line in out.splitlines()[-2:])
    counts = {"stored": 3, "held": 0, "waiting": 0, "rebuilt": 3, "missing": 0}
    assert exam == {"exam": {"exam_id": exam_id, **counts}}
    assert (code, report) == (0, {"report": {"dry_run": False, "exams": 1, **counts}})
    assert places(await stream.said(exam_id), attempt_id) == [1, 2, 3]


async def test_what_the_stream_takes_for_known_is_told_and_fails(stream, commands, environment):
    """Taken out by hand, a message's id stays known for ten minutes: it cannot be put back yet."""
    exam_id, _ = await stream.sat(2)
    await stream.bus.jetstream.purge_stream(EVENTS, subject=f"oep.v1.{exam_id}.>")
    code, out, err = await commands.run(environment, "replay", "--exam", str(exam_id))
    assert (code, json.loads(out.splitlines()[-1])["report"]["missing"]) == (1, 2)
    assert "does not hold everything" in err


async def test_since_leaves_out_what_is_older(stream, commands, environment):
    exam_id, _ = await stream.sat(2)
    await stream.lose()
    words = ("replay", "--exam", str(exam_id), "--since")
    code, out, _ = await commands.run(environment, *words, "2999-01-01T00:00Z", "--dry-run")
    assert (code, json.loads(out)["report"]["stored"]) == (0, 0)
    code, out, _ = await commands.run(environment, *words, "2000-01-01", "--dry-run")
    assert (code, json.loads(out.splitlines()[-1])["report"]["stored"]) == (0, 2)


async def test_words_that_mean_nothing_are_refused(commands, environment):
    for words in (("--exam", "0"), ("--since", "soon"), ("--per-second", "-1")):
        code, out, err = await commands.run(environment, "replay", *words)
        assert (code, out) == (2, "")
        assert words[0] in err


async def test_a_database_that_is_away_is_said(commands, environment):
    away = environment | {"DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none"}
    code, out, err = await commands.run(away, "replay")
    assert (code, out) == (1, "")
    assert "Storage is temporarily unavailable" in err
