"""Puts the parts of this concept together; `app` hands over what they share with the others."""

from collections.abc import Callable
from dataclasses import dataclass

import grpc
from chassis.database import Database
from chassis.serving import Supervisor

from proctoring.acting.claiming import Claiming
from proctoring.acting.clients import People, SteeringClient
from proctoring.acting.doing import Doing
from proctoring.acting.seeing import Seeing
from proctoring.acting.sweeping import Sweep
from proctoring.acting.talking import Talking
from proctoring.attempts_client import AttemptsClient


@dataclass(frozen=True)
class Parts:
    """The deeds that routes call; found on `app.state.acting`."""

    doing: Doing
    seeing: Seeing
    claiming: Claiming
    talking: Talking
    people: People
    sweep: Sweep

    def supervise(self, supervisor: Supervisor) -> None:
        """Let what happens by itself happen."""
        supervisor.add("acting-sweep", self.sweep.run)


def make(
    database: Database,
    attempts: AttemptsClient,
    attempts_channel: grpc.aio.Channel,
    auth_channel: grpc.aio.Channel,
    wake: Callable[[], None],
    *,
    acting_seconds: float,
) -> Parts:
    """Return the parts; they connect to nothing by being made."""
    people = People(auth_channel)
    steering = SteeringClient(attempts_channel, seconds=acting_seconds)
    doing = Doing(database, attempts, steering, people, wake)
    return Parts(
        doing=doing,
        seeing=Seeing(database, wake),
        claiming=Claiming(database, wake),
        talking=Talking(database, wake),
        people=people,
        sweep=Sweep(database, attempts, doing, wake),
    )
