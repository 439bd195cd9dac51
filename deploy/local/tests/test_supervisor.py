import errno
import os
import signal
import socket
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path

import psutil
import pytest
from oep_local import control, processes, supervisor
from oep_local.errors import DidNotStart, RunnerError
from oep_local.layout import answers
from oep_local.ports import PortTaken
from oep_local.rig import Platform
from oep_local.state import State

DIES = "print('no licence found', flush=True); raise SystemExit(7)"
IGNORES = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"


def eventually(condition, seconds=30):
    return any(condition() for _ in processes.moments(seconds))


def pid(platform, label):
    return platform.state.read_run()["parts"][label]["pid"]


def test_stages_start_in_order_and_stop_without_a_trace(stubs, platform_of):
    platform = platform_of([stubs.part("store")], [stubs.task("migrate")], [stubs.part("service")])
    pids = [pid(platform, "store"), pid(platform, "service")]
    assert stubs.diary == ["store", "migrate", "service"]
    platform.stop()
    assert not any(map(psutil.pid_exists, pids))
    assert not platform.state.is_running()


def test_a_killed_service_comes_back(stubs, platform_of):
    part = stubs.part("service")
    platform = platform_of([part])
    before = pid(platform, "service")
    platform.restart("service")
    assert pid(platform, "service") != before
    assert answers(part.port, "/")
    assert platform.state.read_run()["parts"]["service"]["restarts"] == 1


def test_one_replica_can_be_killed_without_the_other(stubs, platform_of):
    platform = platform_of([stubs.part("service"), stubs.part("service", 2)])
    first, second = pid(platform, "service"), pid(platform, "service#2")
    platform.kill("service#2")
    platform.wait_ready("service")
    assert pid(platform, "service") == first
    assert pid(platform, "service#2") != second


def test_a_held_service_stays_down_until_it_may_go_on(stubs, platform_of):
    part = stubs.part("service")
    platform = platform_of([part])
    platform.kill("service", hold=True)
    state = platform.state
    assert eventually(lambda: state.read_run()["parts"]["service"]["state"] == "held")
    assert not answers(part.port, "/")
    platform.cont("service")
    platform.wait_ready("service")
    assert answers(part.port, "/")


def test_a_suspended_service_is_alive_and_silent(stubs, platform_of):
    part = stubs.part("service")
    platform = platform_of([part])
    platform.suspend("service")
    service = psutil.Process(pid(platform, "service"))
    assert eventually(lambda: service.status() == psutil.STATUS_STOPPED)
    with socket.create_connection(("127.0.0.1", part.port), timeout=0.3) as line:
        line.sendall(b"GET / HTTP/1.0\r\n\r\n")
        with pytest.raises(TimeoutError):
            line.recv(1)
    platform.cont("service")
    assert eventually(lambda: answers(part.port, "/"))


def test_a_service_that_will_not_end_is_killed_in_time(stubs, platform_of):
    platform = platform_of([stubs.part("stubborn", program=IGNORES + conftest_stub(stubs))])
    stubborn = pid(platform, "stubborn")
    platform.stop()
    assert not psutil.pid_exists(stubborn)


def conftest_stub(stubs):
    return type(stubs).part.__defaults__[-1]


def test_a_suspended_service_does_not_keep_the_rest_from_stopping(stubs, platform_of):
    platform = platform_of([stubs.part("service")])
    service = pid(platform, "service")
    platform.suspend("service")
    platform.stop()
    assert not psutil.pid_exists(service)


def test_a_service_that_dies_at_once_ends_the_start_with_its_last_words(stubs, platform_of):
    store = stubs.part("store")
    with pytest.raises(DidNotStart, match=r"broken did not start: it ended with code 7") as failure:
        platform_of([store], [stubs.part("broken", program=DIES)])
    assert "no licence found" in str(failure.value)
    assert eventually(lambda: not answers(store.port, "/"))


def test_nothing_starts_while_a_port_is_taken(stubs, tmp_path):
    first = Platform(tmp_path / "a", stages=lambda _: [[stubs.part("service")]])
    second = Platform(tmp_path / "b", stages=lambda _: [[stubs.part("late")]])
    second.layout = type(second.layout)(second.layout.state, first.layout.ports, {})
    port = first.layout.ports.of("postgres")
    server = subprocess.Popen(
        [sys.executable, "-c", conftest_stub(stubs), str(port)], stdout=subprocess.PIPE
    )
    try:
        assert server.stdout.readline()
        assert eventually(lambda: answers(port, "/"))
        with pytest.raises(PortTaken, match=rf"port {port} \(postgres\) is taken"):
            second.start()
    finally:
        server.kill()
        server.communicate()
    assert "late" not in stubs.diary


def test_an_unknown_name_is_answered_with_those_that_run(stubs, platform_of):
    platform = platform_of([stubs.part("service")])
    with pytest.raises(RunnerError, match="No process is called 'servcie'; these run: service"):
        platform.kill("servcie")


def test_children_die_with_a_supervisor_that_was_killed_and_the_next_one_cleans_up(
    stubs, platform_of, tmp_path
):
    script = tmp_path / "victim.py"
    conftest = Path(__file__).with_name("conftest.py")
    script.write_text(
        f"import runpy, sys, time\nfrom pathlib import Path\n"
        f"from oep_local.rig import Platform\n"
        f"stubs = runpy.run_path({str(conftest)!r})['Stubs']()\n"
        f"folder = Path({str(tmp_path / 'state')!r})\n"
        f"Platform(folder, stages=lambda _: [[stubs.part('x')]]).start()\n"
        f"print('up', flush=True)\ntime.sleep(60)\n"
    )
    victim = subprocess.Popen([sys.executable, str(script)], stdout=subprocess.PIPE)
    assert victim.stdout.readline() == b"up\n"
    child = victim_child(tmp_path)
    os.kill(victim.pid, signal.SIGKILL)
    victim.communicate()
    assert eventually(lambda: not psutil.pid_exists(child))
    assert platform_of([stubs.part("x")]).state.is_running()


def victim_child(tmp_path):
    return Platform(tmp_path / "state").state.read_run()["parts"]["x"]["pid"]


def test_what_a_dead_supervisor_left_is_ended_by_its_birth_not_by_its_number(tmp_path):
    state = Platform(tmp_path / "state").state.open()
    word = {"pid": os.getpid(), "born": processes.birth(os.getpid()) - 1, "stop_signal": 9}
    state.write_run({"pid": 1, "parts": {"innocent": word}})
    assert control.clean_up(state) == []


def test_what_dies_while_the_disk_is_full_comes_back_and_is_told_of_later(
    stubs, platform_of, monkeypatch
):
    """run.json cannot be written then: that keeps nobody from being started again."""
    monkeypatch.setattr(supervisor, "SICK_SECONDS", 0.1)
    part = stubs.part("service")
    platform = platform_of([part])
    write, is_full = State.write_run, threading.Event()

    def refuse_if_full(state, content):
        if is_full.is_set():
            raise OSError(errno.ENOSPC, "No space left on device")
        write(state, content)

    monkeypatch.setattr(State, "write_run", refuse_if_full)
    before = pid(platform, "service")
    is_full.set()
    os.kill(before, signal.SIGKILL)
    assert eventually(lambda: stubs.diary == ["service", "service"] and answers(part.port, "/"))
    assert pid(platform, "service") == before
    is_full.clear()
    assert eventually(lambda: pid(platform, "service") != before)


def test_what_says_that_it_is_sick_is_started_anew(stubs, platform_of, monkeypatch):
    monkeypatch.setattr(supervisor, "SICK_SECONDS", 0.1)
    is_sick = threading.Event()
    part = replace(stubs.part("service"), is_sick=is_sick.is_set)
    platform = platform_of([part])
    before = pid(platform, "service")
    is_sick.set()
    assert eventually(lambda: stubs.diary == ["service", "service"])
    is_sick.clear()
    platform.wait_ready("service")
    assert pid(platform, "service") != before


def test_what_gets_sick_before_it_is_ready_is_started_anew(stubs, platform_of, monkeypatch):
    """A server of NATS that comes back to a full disk gives up before it was ready once."""
    monkeypatch.setattr(supervisor, "SICK_SECONDS", 0.1)
    is_sick = threading.Event()
    part = stubs.part("service")
    is_there = part.is_ready
    part = replace(
        part, is_sick=is_sick.is_set, is_ready=lambda: not is_sick.is_set() and is_there()
    )
    platform = platform_of([part])
    is_sick.set()
    os.kill(pid(platform, "service"), signal.SIGKILL)
    assert eventually(lambda: len(stubs.diary) >= 3), "the second one is not waited for"
    is_sick.clear()
    platform.wait_ready("service")
