"""`oep capacity`: what it counts with was measured, what it proposes holds when it is played."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
import typer
from oep_local.capacity import command, costs, money, simulation, sizing, walls
from oep_local.capacity.demand import Habits, moments, peaks
from oep_local.capacity.money import Prices
from typer.testing import CliRunner

LOAD = (Path(__file__).parents[3] / "tests" / "load" / "README.md").read_text()
CROWDS = [1, 500, 10_000, 100_000, 1_000_000]
HABITS = Habits()
PROMISED_SECONDS = {"login": 60.0, "begin": 1.0, "event": 0.5, "save": 0.5, "submit": 2.0}


def plan_for(students: int) -> sizing.Plan:
    return sizing.plan(students, moments(students, HABITS), HABITS)


@pytest.mark.parametrize(
    ("figure", "words"),
    [
        (1 / costs.CONNECT_SECONDS, "1,768/s (1,805)"),
        (costs.SILENT_SHARE * 10_000, "| 3,013 B | 12% |"),
        (costs.SOCKET_BYTES / 1024, "| 2.80 KiB |"),
        (costs.WATCHED_EVENT_SECONDS * 1000, "| 0.37 (7%) |"),
        (costs.NODE_SOCKETS, "18,000 sockets"),
        (costs.EXAM_STUDENTS, "| 5,000 + 50 |"),
        (costs.BUS_MESSAGE_SECONDS * 1e6, "| of batches of 100, sixth row | 36 | 45 | 8 | 17 |"),
    ],
)
def test_what_is_counted_with_was_measured(figure, words):
    assert words in LOAD
    digits = f"{figure:.6g}"
    percent = f"{figure:.0%}"
    assert digits in words.replace(",", "") or percent in words


def test_every_kind_of_request_was_measured_in_every_part_that_serves_it():
    assert tuple(costs.units()) == costs.REQUESTS
    for kind, part in simulation.OWNER.items():
        unit = costs.units()[kind]
        assert 0 < unit.cpu_seconds[part] < 1, kind
        assert unit.log_bytes > 0, kind
        times = [unit.alone_at(n / 10) for n in range(11)]
        assert times == sorted(times)
        assert times[0] <= unit.alone_mean <= times[-1]


def test_the_throughput_of_two_cores_is_what_was_measured_on_two():
    """The parts' figures for one event, added up, against the events that the whole really took."""
    assert "| single, sixth row | 153 | 87 | 53 | 32 | 2 | 34 |" in LOAD
    assert "| 4,075/s | 6,556 (4,856) |" in LOAD
    bound = 2 / ((153 + 87 + 53 + 32 + 2 + 34) * 1e-6)
    assert 0.7 < 4_075 / bound < 1, "no more than the cores give, and not far below it"


@pytest.mark.parametrize("needed", range(1, 100))
def test_a_zone_may_go_and_no_replica_is_there_for_nothing(needed):
    count = sizing.safe(needed)
    assert sizing.left(count) >= needed
    assert count == sizing.ZONES or sizing.left(count - 1) < needed


@pytest.mark.parametrize("students", CROWDS[:4])
def test_what_is_left_of_a_plan_carries_each_moment(students):
    plan = plan_for(students)
    for group in plan.groups:
        if group.part == "web":
            continue
        need, _ = peaks(list(plan.moments))[group.part]
        if group.part in {"postgres", "nats"}:
            assert group.cores >= 2 * need
        else:
            assert sizing.left(group.replicas) * group.cores * sizing.BUSY >= need
        if group.part == "realtime":
            assert students / sizing.left(group.replicas) <= sizing.SOCKETS_OF_A_NODE


def test_a_larger_crowd_never_needs_less():
    totals = [
        sum(group.replicas * group.cores for group in plan_for(students).groups)
        for students in CROWDS[:4]
    ]
    assert totals == sorted(totals)
    assert totals[-1] > 2 * totals[0]


@pytest.mark.parametrize("students", CROWDS)
def test_an_installation_stays_clear_of_its_walls(students):
    found = command.estimate(students, HABITS, Prices(), is_played=False)
    each = walls.walls(moments(found.plan.students, HABITS))
    assert all(wall.filled <= walls.ROOM * 1.001 for wall in each)
    assert found.count * found.plan.students >= students
    assert (found.count > 1) == (walls.walls(moments(students, HABITS))[0].filled > walls.ROOM)


def test_what_breaks_first_breaks_where_it_is_said():
    first = walls.walls(moments(100_000, HABITS))[0]
    most = first.students(100_000)
    assert walls.installations(walls.walls(moments(most, HABITS))) == 1
    assert walls.installations(walls.walls(moments(int(most * 1.01), HABITS))) == 2


@pytest.mark.parametrize("students", [500, 100_000])
def test_a_plan_answers_in_time_when_it_is_played(students):
    plan = plan_for(students)
    played = [o for moment in plan.moments for o in simulation.play(moment, plan.groups)]
    assert {o.kind for o in played} == set(costs.REQUESTS)
    for outcome in played:
        assert outcome.late < PROMISED_SECONDS[outcome.kind], outcome
        assert outcome.busy < 0.8, outcome


def test_half_of_a_plan_does_not():
    plan = plan_for(100_000)
    bell = plan.moments[-1]
    half = [
        replace(group, replicas=group.replicas // 2) if group.part == "attempts" else group
        for group in plan.groups
    ]
    [whole] = [o for o in simulation.play(bell, plan.groups) if o.kind == "submit"]
    [halved] = [o for o in simulation.play(bell, half) if o.kind == "submit"]
    assert halved.late > PROMISED_SECONDS["submit"] > whole.late
    assert halved.busy > 0.95


def test_what_is_played_uses_the_cores_that_were_counted():
    """The simulation knows the measured times alone; its use of the cores must be the formula's."""
    plan = plan_for(100_000)
    [attempts] = [group for group in plan.groups if group.part == "attempts"]
    for moment in plan.moments[1:3]:
        counted = moment.cores["attempts"] / sizing.left(attempts.replicas)
        played = next(o.busy for o in simulation.play(moment, plan.groups) if o.kind == "save")
        assert played == pytest.approx(counted, rel=0.1)


def test_taking_services_away_between_exam_days_costs_less_and_nothing_costs_nothing():
    groups = plan_for(100_000).groups
    always, on_days = money.monthly(groups, Prices(), HABITS)
    assert 0 < on_days < always
    assert money.monthly(groups, Prices(0, 0, 0), HABITS) == (0, 0)
    daily = replace(HABITS, exam_days_a_month=730 / 24)
    assert money.monthly(groups, Prices(), daily) == pytest.approx((always, always))


@pytest.fixture
def app():
    made = typer.Typer()
    made.callback()(lambda: None)
    command.register(made)
    return made


def test_people_and_programs_are_told_the_same(app):
    run = CliRunner(env={"COLUMNS": "120"})
    told = run.invoke(app, ["capacity", "--students", "100000", "--simulate", "--json"])
    facts = json.loads(told.stdout)
    assert facts["installations"] == 1
    assert len(facts["simulated"]) > len(facts["moments"])
    shown = run.invoke(app, ["capacity", "--students", "100000", "--simulate"]).stdout
    for group in facts["groups"]:
        [line] = [words for words in shown.splitlines() if f"│ {group['part']} " in words]
        assert f"│ {group['replicas']} " in line
    assert f"{facts['monthly']['always']:,.0f}" in shown
    assert "No single exam was measured" in shown


def test_a_crowd_that_nobody_thought_of_is_refused(app):
    told = CliRunner().invoke(app, ["capacity", "--students", "1000001"])
    assert told.exit_code == 2
    assert "1000000" in told.output


def test_the_page_says_what_the_command_says():
    page = (Path(__file__).parents[3] / "docs" / "capacity.md").read_text()
    for students in (500, 10_000, 100_000, 300_000, 1_000_000):
        assert table_row(command.estimate(students, HABITS, Prices(), is_played=False)) in page
    first = walls.walls(moments(100_000, HABITS))[0].students(100_000)
    assert f"at about {first // 1000 * 1000:,} students" in page
    quiet = Habits(events_a_minute=1, saves_a_minute=1)
    calm = walls.walls(moments(100_000, quiet))[0].students(100_000)
    assert f"it stands at {calm // 1000 * 1000:,} students" in page


def table_row(found: command.Estimate) -> str:
    groups = {group.part: group for group in found.plan.groups}
    services = ("attempts", "proctoring", "auth", "realtime", "gateway", "postgres", "nats")
    sizes = [f"{groups[part].replicas} x {groups[part].cores}" for part in services]
    months = [f"{each:,.0f}" for each in found.month]
    return f"| {found.students:,} | {' | '.join([str(found.count), *sizes, *months])} |"
