"""What an installation costs a month. Pure; the prices are assumptions until yours are told."""

from collections.abc import Iterable
from dataclasses import dataclass

from oep_local.capacity.demand import Habits
from oep_local.capacity.sizing import Group

_HOURS_A_MONTH = 730.0


@dataclass(frozen=True)
class Prices:
    """For a month, in any currency; the defaults have the order of clouds' prices in dollars."""

    core: float = 25.0
    memory: float = 3.0
    """A GiB."""
    disk: float = 0.1
    """A GiB."""


def monthly(groups: Iterable[Group], prices: Prices, habits: Habits) -> tuple[float, float]:
    """Return what it costs to have all of it all month, and to have services on exam days only.

    Nodes of realtime and the services can be taken away between exam days (three of each stay);
    database and bus stay as they are.
    """
    always = on_days = 0.0
    share = habits.exam_days_a_month * 24 / _HOURS_A_MONTH
    for group in groups:
        each = group.cores * prices.core + group.memory * prices.memory + group.disk * prices.disk
        always += group.replicas * each
        few = group.replicas if group.stays else min(3, group.replicas)
        on_days += few * each + (group.replicas - few) * each * share
    return always, on_days
