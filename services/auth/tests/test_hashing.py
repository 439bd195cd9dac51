import asyncio
import os
import threading

import bcrypt
import pytest
from auth.errors import HashingBusy
from auth.hashing import Hashing, Verdict
from auth.passwords import hash_secret, is_right
from chassis.waiting import eventually


@pytest.fixture
def hashing():
    made = Hashing(threads=1, queue_size=2, wait_seconds=5)
    yield made
    made.close()


@pytest.fixture
async def occupied(hashing):
    """Keep the one thread busy until the returned event is set."""
    done = threading.Event()
    task = asyncio.create_task(hashing._run(lambda: done.wait(10)))
    yield done
    done.set()
    task.cancel()


async def test_a_right_secret_is_told_from_a_wrong_one(hashing):
    stored = hash_secret("a")
    assert await hashing.check("a", stored, like_imported=False) == Verdict(is_right=True)
    assert await hashing.check("b", stored, like_imported=False) == Verdict(is_right=False)
    assert await hashing.check("a", None, like_imported=False) == Verdict(is_right=False)
    assert await hashing.check("a", None, like_imported=True) == Verdict(is_right=False)


async def test_only_a_right_secret_of_an_imported_hash_is_hashed_again(hashing):
    stored = bcrypt.hashpw(b"a", bcrypt.gensalt(4)).decode()
    better = (await hashing.check("a", stored, like_imported=False)).better_hash
    assert better is not None
    assert is_right("a", better)
    assert (await hashing.check("b", stored, like_imported=False)).better_hash is None


async def test_nothing_is_hashed_on_the_loop_thread(hashing):
    assert await hashing._run(threading.get_ident) != threading.get_ident()


async def test_hashing_steps_back_for_everything_else(hashing):
    def niceness() -> int:
        return os.getpriority(os.PRIO_PROCESS, threading.get_native_id())

    assert await hashing._run(niceness) >= min(niceness() + 5, 19)


async def test_a_full_queue_refuses_with_a_time_to_come_back(hashing, occupied):
    waiting = [asyncio.ensure_future(hashing._run(str)) for _ in range(2)]
    await eventually(lambda: hashing._turns._waiting == 2)
    refusals = set()
    for _ in range(60):
        with pytest.raises(HashingBusy) as refused:
            await hashing._run(str)
        refusals.add(refused.value.retry_after_seconds)
    assert len(refusals) > 1
    assert min(refusals) >= 1
    occupied.set()
    assert await asyncio.gather(*waiting) == ["", ""]


async def test_who_waits_too_long_is_refused():
    hashing = Hashing(threads=1, queue_size=5, wait_seconds=0.05)
    done = threading.Event()
    running = asyncio.ensure_future(hashing._run(lambda: done.wait(10)))
    await eventually(hashing._turns._free.locked)
    with pytest.raises(HashingBusy):
        await hashing._run(str)
    done.set()
    assert await running
    assert await hashing._run(str) == ""
    hashing.close()


async def test_a_caller_who_leaves_does_not_free_the_thread_before_its_work_is_done(
    hashing, occupied
):
    leaving = asyncio.ensure_future(hashing._run(str))
    await eventually(lambda: hashing._turns._waiting == 1)
    leaving.cancel()
    await asyncio.gather(leaving, return_exceptions=True)
    assert hashing._turns._free.locked()
    occupied.set()
    assert await hashing._run(str) == ""


async def test_a_busy_hashing_is_503_and_takes_the_counted_try_back(world):
    person = world.add("admin")
    turns = world.app.state.parts.hashing._turns
    before, turns._queue_size = turns._queue_size, 0
    try:
        answer = await world.login(person)
    finally:
        turns._queue_size = before
    assert answer.status_code == 503
    assert int(answer.headers["retry-after"]) >= 1
    counted = world.sql("SELECT failure_count FROM login_tries WHERE slot = :s", s=person.id)
    assert counted[0].failure_count == 0


async def test_a_crowd_at_the_door_is_503_before_any_try_is_counted(world):
    person = world.add("admin")
    logins = world.app.state.parts.hashing.logins
    before, logins._queue_size = logins._queue_size, 0
    try:
        answer = await world.login(person)
    finally:
        logins._queue_size = before
    assert answer.status_code == 503
    assert int(answer.headers["retry-after"]) >= 1
    assert world.sql("SELECT * FROM login_tries WHERE slot = :s", s=person.id) == []
    assert (await world.login(person)).status_code == 200


async def test_few_log_in_at_a_time_and_each_gives_his_turn_back(world):
    people = [world.add("student") for _ in range(12)]
    logins = world.app.state.parts.hashing.logins
    free = logins._free._value
    answers = await asyncio.gather(*(world.login(p, password="wrong") for p in people[:6]))
    assert {answer.status_code for answer in answers} == {401}
    answers = await asyncio.gather(*map(world.login, people))
    assert {answer.status_code for answer in answers} == {200}
    assert (logins._free._value, logins._waiting) == (free, 0)


async def test_who_is_deactivated_while_the_secret_is_checked_does_not_come_in(world):
    person = world.add("admin")
    hashing, done = world.app.state.parts.hashing, threading.Event()
    busy = [asyncio.ensure_future(hashing._run(lambda: done.wait(10))) for _ in range(2)]
    await eventually(hashing._turns._free.locked)
    login = asyncio.ensure_future(world.login(person))
    await eventually(lambda: hashing._turns._waiting == 1)
    world.sql("UPDATE users SET is_active = false WHERE id = :id", id=person.id)
    done.set()
    answer = await login
    await asyncio.gather(*busy)
    assert (answer.status_code, answer.json()["detail"]) == (403, "User account is inactive")
    assert world.sql("SELECT * FROM logins WHERE user_id = :id", id=person.id) == []
