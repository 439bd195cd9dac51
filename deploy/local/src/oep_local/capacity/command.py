"""`oep capacity --students 100000`: says what an installation needs, as tables or as JSON."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from oep_local.capacity import costs, money, simulation, sizing, walls
from oep_local.capacity.demand import Habits, Moment, moments
from oep_local.capacity.money import Prices
from oep_local.capacity.simulation import Outcome
from oep_local.capacity.sizing import Plan
from oep_local.capacity.walls import Wall
from oep_local.telling import AsJson, tell_json

MOST = 1_000_000


@dataclass(frozen=True)
class Estimate:
    """Everything that is said: `count` installations, each as `plan`."""

    students: int
    count: int
    plan: Plan
    walls: Sequence[Wall]
    month: tuple[float, float]
    """All of them together: always there, and services on exam days only."""
    played: Sequence[Outcome] = ()

    def facts(self) -> dict[str, Any]:
        return {
            "students": self.students,
            "measured": costs.measured_on(),
            "installations": self.count,
            "students_of_each": self.plan.students,
            "groups": [asdict(group) for group in self.plan.groups],
            "moments": [asdict(moment) for moment in self.plan.moments],
            "walls": [asdict(wall) for wall in self.walls],
            "monthly": {"always": self.month[0], "on_exam_days": self.month[1]},
            "simulated": [asdict(outcome) for outcome in self.played],
        }


def estimate(students: int, habits: Habits, prices: Prices, *, is_played: bool) -> Estimate:
    """Return what `students` at once need; `is_played` has the moments simulated as well."""
    found = walls.walls(moments(students, habits))
    count = walls.installations(found)
    each = -(-students // count)
    worst = moments(each, habits)
    plan = sizing.plan(each, worst, habits)
    month = money.monthly(plan.groups, prices, habits)
    whole = (month[0] * count, month[1] * count)
    scenes = worst if is_played else []
    played = [o for moment in scenes for o in simulation.play(moment, plan.groups)]
    return Estimate(students, count, plan, found, whole, played)


def register(app: typer.Typer) -> None:
    """Add `oep capacity` to the command line."""

    @app.command()
    def capacity(
        students: Annotated[int, typer.Option(min=1, max=MOST, help="Who sit at once.")],
        events_a_minute: Annotated[float, typer.Option(min=0, help="Of each student.")] = 6.0,
        saves_a_minute: Annotated[float, typer.Option(min=0, help="Of each student.")] = 4.0,
        hours: Annotated[float, typer.Option(min=0.1, help="How long an exam lasts.")] = 2.0,
        days: Annotated[float, typer.Option(min=0, max=31, help="Exam days a month.")] = 8.0,
        core_price: Annotated[float, typer.Option(min=0, help="A core a month.")] = 25.0,
        memory_price: Annotated[float, typer.Option(min=0, help="A GiB a month.")] = 3.0,
        disk_price: Annotated[float, typer.Option(min=0, help="A GiB a month.")] = 0.1,
        simulate: Annotated[bool, typer.Option(help="Play the worst moments as well.")] = False,
        as_json: AsJson = False,
    ) -> None:
        """Say what an installation needs and costs.

        And which part would break first with so many at once; docs/capacity.md explains it.

        JSON: `{students, measured, installations, students_of_each, groups, moments, walls,
        monthly: {always, on_exam_days}, simulated}`

        Example: `oep capacity --students 5000`

        Example: `oep capacity --students 100000 --simulate`
        """
        habits = Habits(
            events_a_minute=events_a_minute,
            saves_a_minute=saves_a_minute,
            exam_hours=hours,
            exam_days_a_month=days,
        )
        prices = Prices(core_price, memory_price, disk_price)
        found = estimate(students, habits, prices, is_played=simulate)
        if as_json:
            tell_json(found.facts())
        else:
            _tell(found, Console())


def _tell(found: Estimate, out: Console) -> None:
    many = "One installation" if found.count == 1 else f"{found.count} installations, each"
    out.print(f"\n{many} for {found.plan.students:,} students at once\n", style="bold")
    out.print(_groups(found.plan))
    out.print(_moments(found.plan.moments))
    out.print(_walls(found))
    if found.played:
        out.print(_outcomes(found.played))
    always, on_days = found.month
    out.print(f"A month: {always:,.0f}; with services on exam days only: {on_days:,.0f}.")
    out.print(
        f"Measured on {costs.measured_on()}. docs/capacity.md says what was not.", style="dim"
    )
    if found.plan.students > costs.EXAM_STUDENTS:
        out.print(
            f"No single exam was measured with more than {costs.EXAM_STUDENTS:,} students:"
            " give a larger one to several exams, for instance by center.",
            style="yellow",
        )


def _groups(plan: Plan) -> Table:
    table = Table("part", "replicas", "cores each", "GiB each", "disk, GiB", "why")
    for group in plan.groups:
        disk = f"{group.disk:,.0f}" if group.disk else "-"
        cells = (group.replicas, group.cores, group.memory)
        table.add_row(group.part, *map(str, cells), disk, group.why)
    return table


def _moments(found: Sequence[Moment]) -> Table:
    table = Table("a second, when", *costs.REQUESTS, "connects", "cores in all")
    for moment in found:
        rates = [f"{moment.rates.get(kind, 0):,.0f}" for kind in costs.REQUESTS]
        cores = f"{sum(moment.cores.values()):,.1f}"
        table.add_row(moment.name, *rates, f"{moment.connects:,.0f}", cores)
    return table


def _walls(found: Estimate) -> Table:
    table = Table("there is one", "filled", "when", "full enough with", "because")
    for wall in found.walls:
        students = f"{wall.students(found.students):,} students"
        table.add_row(wall.what, f"{wall.filled:.0%}", wall.moment, students, wall.why)
    return table


def _outcomes(played: Sequence[Outcome]) -> Table:
    table = Table("simulated, a zone gone", "request", "median", "99 %", "cores busy")
    for outcome in played:
        times = (f"{seconds * 1000:,.0f} ms" for seconds in (outcome.median, outcome.late))
        table.add_row(outcome.moment, outcome.kind, *times, f"{outcome.busy:.0%}")
    return table
