"""A chained audit in a real table: appended side by side, verified, and flaws found."""

import argparse
import json
import threading
from dataclasses import dataclass
from typing import ClassVar

import pytest
from chassis import audit
from chassis.audit_store import Audit, AuditColumns, Wanted
from chassis.database import Database
from chassis.settings import DatabaseSettings, psycopg2_url
from chassis.store_commands import Audit as AuditVerb
from pydantic import SecretStr
from sqlalchemy import MetaData, UniqueConstraint, create_engine, text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    metadata = MetaData(schema="auth")


class AuditRow(AuditColumns, Base):
    __tablename__ = "audit_logs"
    __table_args__ = (UniqueConstraint("chain", "place"),)

    thing_id: Mapped[int | None] = mapped_column()


@dataclass(frozen=True)
class Entry(audit.Entry):
    ABOUT: ClassVar[tuple[str, ...]] = ("thing_id",)

    thing_id: int | None = None

    @property
    def chain(self) -> str:
        return f"thing:{self.thing_id}"


KEPT = Audit(AuditRow, Entry)


def of_thing(number: int, event: str = "done", **more) -> Entry:
    return Entry(event, "test", "Done", thing_id=number, **more)


@pytest.fixture(scope="module")
def urls(database):
    made = database("auth")
    engine = create_engine(psycopg2_url(made.owner_url))
    Base.metadata.create_all(engine)
    engine.dispose()
    return made


@pytest.fixture
def storage(urls):
    owner = create_engine(psycopg2_url(urls.owner_url))
    with owner.begin() as connection:
        connection.execute(text("TRUNCATE auth.audit_logs"))
    owner.dispose()
    made = Database(urls.app_url, pool_size=8)
    yield made
    made.dispose()


def append(storage, *entries):
    with storage.transaction() as session:
        KEPT.append(session, entries)


def verify(storage):
    with storage.transaction() as session:
        return KEPT.verify(session)


def test_entries_of_one_chain_that_meet_stand_in_one_line(storage):
    threads = [
        threading.Thread(target=append, args=(storage, of_thing(1), of_thing(2), of_thing(1)))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with storage.transaction() as session:
        places = [logged.place for logged in KEPT.chain(session, "thing:1")]
    assert places == list(range(1, 17))
    verdict = verify(storage)
    assert (verdict.chain_count, verdict.entry_count, verdict.flaws) == (2, 24, [])


def test_another_chain_need_not_wait_for_an_open_transaction(storage):
    with storage.transaction() as session:
        KEPT.append(session, [of_thing(1)])
        other = threading.Thread(target=append, args=(storage, of_thing(2)))
        other.start()
        other.join(3)
        assert not other.is_alive()


TAMPERING = {
    "changed": "UPDATE auth.audit_logs SET success = false WHERE place = 2",
    "text": "UPDATE auth.audit_logs SET description = 'x' WHERE place = 2",
    "about": "UPDATE auth.audit_logs SET details = '{\"a\": 2}' WHERE place = 2",
    "missing": "DELETE FROM auth.audit_logs WHERE place = 2",
    "first missing": "DELETE FROM auth.audit_logs WHERE place = 1",
}


@pytest.mark.parametrize("deed", TAMPERING.values(), ids=TAMPERING.keys())
def test_what_was_changed_or_taken_out_is_found_and_the_whole_is_still_counted(storage, urls, deed):
    append(storage, *[of_thing(1, details={"a": n}) for n in range(4)], of_thing(2))
    owner = create_engine(psycopg2_url(urls.owner_url))
    with owner.begin() as connection:
        connection.execute(text(deed + " AND chain = 'thing:1'"))
        left = connection.execute(text("SELECT count(*) FROM auth.audit_logs")).scalar_one()
    owner.dispose()
    verdict = verify(storage)
    assert [flaw.entry.chain for flaw in verdict.flaws] == ["thing:1"]
    assert (verdict.chain_count, verdict.entry_count) == (2, left)


def test_a_missing_end_shows_in_the_digest_of_the_heads(storage):
    append(storage, of_thing(1))
    before = verify(storage).heads_sha256
    append(storage, of_thing(1))
    assert verify(storage).heads_sha256 != before


def test_entries_are_found_by_what_they_say_newest_first(storage):
    append(storage, of_thing(1), of_thing(2, "tried", error_message="no"), of_thing(3))

    def found(**wanted):
        with storage.transaction() as session:
            return [each.entry.thing_id for each in KEPT.find(session, Wanted(**wanted))]

    assert found() == [3, 2, 1]
    assert found(skip=1, limit=1) == [2]
    assert found(event_type="tried") == found(success=False) == [2]
    assert found(success=True) == [3, 1]
    with storage.transaction() as session:
        at = KEPT.find(session, Wanted(limit=1))[0].created_at
    assert found(since=at) == [3, 2, 1]
    assert found(until=at) == []


def test_the_verb_prints_its_verdict_and_fails_for_a_broken_chain(storage, urls, capsys):
    append(storage, of_thing(1), of_thing(1))
    settings = DatabaseSettings(
        rest_port=1,
        grpc_port=2,
        nats_url="nats://127.0.0.1:1",
        jwks_url="http://127.0.0.1:1",
        database_url=SecretStr(urls.app_url),
    )
    verb = AuditVerb(KEPT)
    assert verb.run(settings, argparse.Namespace()) == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["chain_count"], said["entry_count"], said["flaws"]) == (1, 2, [])
    owner = create_engine(psycopg2_url(urls.owner_url))
    with owner.begin() as connection:
        connection.execute(text("UPDATE auth.audit_logs SET user_id = 9 WHERE place = 1"))
    owner.dispose()
    assert verb.run(settings, argparse.Namespace()) == 1
    assert json.loads(capsys.readouterr().out)["flaws"][0]["chain"] == "thing:1"
