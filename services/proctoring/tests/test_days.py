"""Days: events lie in the partition of theirs, made ahead; no test puts one where no day is."""

from proctoring import store
from proctoring.days import Days
from prometheus_client import REGISTRY
from sqlalchemy import text
from structlog.testing import capture_logs

FURTHEST = "(CAST(now() AT TIME ZONE 'UTC' AS date) + 14)"


async def test_days_are_made_ahead_and_no_event_lies_where_no_day_is(rig):
    sat, client = rig.sits()  # the service has looked after its days when it started
    posted = {"attempt_id": sat.attempt_id, "event_type": "tab_switch"}
    assert (await client.post("/events", json=posted)).status_code == 201
    assert await rig.rows(store.keep_days, 14) == 0
    assert not await rig.rows(store.has_unplaced_events)


async def test_a_day_that_is_missing_is_made(rig, owner):
    def drop() -> None:
        with owner.transaction() as session:
            name = text(f"SELECT 'events_' || to_char({FURTHEST}, 'YYYY_MM_DD')")
            session.execute(text(f"DROP TABLE proctoring.{session.execute(name).scalar_one()}"))

    await rig.database.run(drop)
    await rig.database.run(Days(rig.database).look)
    assert await rig.rows(store.keep_days, 14) == 0
    assert REGISTRY.get_sample_value("oep_events_without_day") == 0


def test_an_event_of_no_day_would_be_kept_beside_the_days(owner):
    """Said by Postgres of the partition for what is left; no event of a test is ever put there."""
    asked = text(
        "SELECT partdefid = CAST(:left AS regclass), pg_get_partition_constraintdef(partdefid)"
        " FROM pg_partitioned_table"
        " WHERE partrelid = CAST('proctoring.proctoring_events' AS regclass)"
    )
    with owner.transaction() as session:
        today = session.execute(text("SELECT CAST(now() AT TIME ZONE 'UTC' AS date)")).scalar_one()
        is_for_what_is_left, rule = session.execute(
            asked, {"left": "proctoring.events_of_no_day"}
        ).one()
        fits = text(
            f"SELECT {rule} FROM (SELECT CAST(:day AS date) AS exam_day) AS row"  # noqa: S608
        )
        kept = [session.execute(fits, {"day": day}).scalar_one() for day in ("1999-12-31", today)]
    assert is_for_what_is_left
    assert kept == [True, False], "what has no day, and nothing that has one"


async def test_an_event_of_no_day_is_told(rig, owner):
    """Another table stands in the partition's place while it is looked at."""

    def told() -> bool:
        with owner.transaction() as session:
            session.execute(text("ALTER TABLE proctoring.events_of_no_day RENAME TO aside"))
            session.execute(text("CREATE TABLE proctoring.events_of_no_day AS SELECT 1 AS id"))
            found = store.has_unplaced_events(session)
            session.rollback()
        return found

    assert await rig.database.run(told)
    assert not await rig.rows(store.has_unplaced_events)


def test_of_an_event_of_no_day_a_metric_and_the_log_tell(owner, monkeypatch):
    monkeypatch.setattr(store, "has_unplaced_events", lambda _: True)
    with capture_logs() as logs:
        Days(owner).look()
    assert REGISTRY.get_sample_value("oep_events_without_day") == 1
    assert "days.event_without_day" in {line["event"] for line in logs}
    monkeypatch.undo()
    Days(owner).look()
    assert REGISTRY.get_sample_value("oep_events_without_day") == 0
