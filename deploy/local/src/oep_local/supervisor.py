"""Starts the stages, keeps every part alive with back-off, stops all in reverse order.

It never decides what the parts are. One asyncio loop; what blocks goes to a small pool of threads.
"""

import asyncio
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from oep_local import processes
from oep_local.errors import DidNotStart
from oep_local.parts import Part, Stage, Task, next_delay
from oep_local.state import State

READY_SECONDS = 120
GLANCE_SECONDS = 0.05
SICK_SECONDS = 5.0
"""How often a part that can say so is asked whether it is sick."""

T = TypeVar("T")


@dataclass
class Member:
    """A part and how it fares."""

    part: Part
    log: Path
    process: subprocess.Popen[bytes] | None = None
    born: float | None = None
    stop_signal: signal.Signals = signal.SIGTERM
    end_signal: signal.Signals = signal.SIGTERM
    state: str = "waiting"
    restarts: int = 0

    def is_alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def word(self) -> dict[str, Any]:
        """Describe the member for run.json."""
        return {
            "pid": self.process.pid if self.process and self.is_alive() else None,
            "born": self.born,
            "state": self.state,
            "restarts": self.restarts,
            "port": self.part.port,
            "stop_signal": int(self.stop_signal),
            "end_signal": int(self.end_signal),
        }


class Supervisor:
    """Runs one platform; `start` and `stop` are for one loop, `stop` may come at any moment."""

    def __init__(
        self,
        stages: Sequence[Stage],
        state: State,
        about: dict[str, Any],
        report: Callable[[str], None] = lambda _: None,
    ) -> None:
        """`about` goes into run.json as it is; `report` is told each step in words."""
        self._stages = stages
        self._state = state
        self._about = about
        self._report = report
        self._threads = ThreadPoolExecutor(max_workers=16, thread_name_prefix="oep-part")
        self._keepers: list[asyncio.Task[None]] = []
        self._phase = "starting"
        self._is_behind = False
        """Whether run.json could not be written when something changed."""
        self.members: dict[str, Member] = {}

    async def start(self) -> None:
        """Bring all stages up in order; raises RunnerError, and then `stop` is still due."""
        self._publish()
        for stage in self._stages:
            await self._bring(stage)
        self._phase = "ready"
        self._publish()

    async def _bring(self, stage: Stage) -> None:
        try:
            async with asyncio.TaskGroup() as group:
                for item in stage:
                    group.create_task(self._do(item) if isinstance(item, Task) else self._up(item))
        except ExceptionGroup as failures:
            raise failures.exceptions[0] from None  # the others follow from it or say the same

    async def stop(self) -> None:
        """Stop everything in reverse order and leave no process behind."""
        self._phase = "stopping"
        processes.abandon_deeds()
        for keeper in self._keepers:
            keeper.cancel()
        await asyncio.gather(*self._keepers, return_exceptions=True)
        for stage in reversed(self._stages):
            labels = [item.label for item in stage if isinstance(item, Part)]
            members = [self.members[label] for label in labels if label in self.members]
            await asyncio.gather(*(self._down(member) for member in members))
        self._threads.shutdown(wait=False)
        self._state.forget_run()

    async def _in_thread(self, function: Callable[..., T], *arguments: Any) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, function, *arguments)

    async def _do(self, task: Task) -> None:
        began = time.monotonic()
        await self._in_thread(task.run)
        self._report(f"{task.name}: done in {time.monotonic() - began:.1f} s")

    async def _up(self, part: Part) -> None:
        began = time.monotonic()
        member = Member(part, self._state.log(part.label))
        self.members[part.label] = member
        if part.prepare:
            await self._in_thread(part.prepare)
        await self._launch(member)
        if not await self._becomes_ready(member):
            code = member.process.poll() if member.process else None
            reason = "not ready in time" if code is None else f"it ended with code {code}"
            raise DidNotStart(part.label, reason, processes.tail(member.log))
        self._keepers.append(asyncio.create_task(self._keep(member), name=f"keep {part.label}"))
        self._report(f"{part.label}: ready in {time.monotonic() - began:.1f} s")

    async def _launch(self, member: Member) -> None:
        command = await self._in_thread(member.part.command)
        member.stop_signal, member.end_signal = command.stop_signal, command.end_signal
        # Shielded: a child that was started while we are being stopped must not be lost.
        launching = asyncio.ensure_future(self._in_thread(processes.start, command, member.log))
        try:
            await asyncio.shield(launching)
        finally:
            member.process = await launching
        member.born = processes.birth(member.process.pid)
        self._mark(member, "starting")

    async def _becomes_ready(self, member: Member) -> bool:
        began = looked_at = time.monotonic()
        while member.is_alive() and time.monotonic() < began + READY_SECONDS:
            if await self._in_thread(member.part.is_ready) and member.is_alive():
                self._mark(member, "ready")
                return True
            looked_at = await self._looked(member, looked_at)
            await asyncio.sleep(GLANCE_SECONDS)
        return False

    async def _keep(self, member: Member) -> None:
        """Start the part again whenever it dies, later and later while it keeps dying."""
        delay, born = 0.0, time.monotonic()
        while True:
            await self._lives(member)
            delay = next_delay(delay, time.monotonic() - born)
            self._mark(member, "dead")
            await asyncio.sleep(delay)
            await self._while_held(member)
            member.restarts += 1
            born = time.monotonic()
            try:
                await self._launch(member)
                while member.is_alive() and not await self._becomes_ready(member):
                    self._report(f"{member.part.label}: still not ready")
            except Exception as failure:  # noqa: BLE001  # whatever it was, we go on trying
                self._report(f"{member.part.label}: {failure!r}")

    async def _lives(self, member: Member) -> None:
        """Return when the process has ended; one that says that it is sick is ended."""
        looked_at = time.monotonic()
        while member.is_alive():
            looked_at = await self._looked(member, looked_at)
            await asyncio.sleep(GLANCE_SECONDS)

    async def _looked(self, member: Member, last: float) -> float:
        """Look at a member when the last look is long ago; return when it was looked at last."""
        if time.monotonic() <= last + SICK_SECONDS:
            return last
        await self._look(member)
        return time.monotonic()

    async def _look(self, member: Member) -> None:
        """Say what could not be said before, and end a part that is sick, also a new one."""
        if self._is_behind:
            self._publish()
        is_sick = member.part.is_sick
        if is_sick is not None and await self._in_thread(is_sick):
            self._report(f"{member.part.label}: sick, it starts anew")
            await self._down(member)

    async def _while_held(self, member: Member) -> None:
        mark = self._state.held / member.part.label
        if mark.exists():
            self._mark(member, "held")
            await self._while(mark.exists)

    async def _while(self, condition: Callable[[], bool]) -> None:
        # Processes and files tell nobody when they change, so we look often enough to seem awake.
        while condition():  # noqa: ASYNC110  # there is no event to wait for
            await asyncio.sleep(GLANCE_SECONDS)

    async def _down(self, member: Member) -> None:
        if member.process is None:
            return
        patience = member.part.stop_patience_seconds
        await asyncio.to_thread(processes.stop, member.process, member.end_signal, patience)
        self._mark(member, "stopped")

    def _mark(self, member: Member, state: str) -> None:
        if self._phase == "ready" and member.state != state:
            self._report(f"{member.part.label}: {state}")
        member.state = state
        self._publish()

    def _publish(self) -> None:
        words = {label: member.word() for label, member in self.members.items()}
        told = {**self._about, "phase": self._phase, "parts": words}
        try:
            self._state.write_run(told)
        except OSError as failure:  # a full disk: what runs is kept alive all the same
            self._report(f"run.json is behind: {failure.strerror}")
            self._is_behind = True
        else:
            self._is_behind = False
