"""The parts of `make abuse`: each does one kind of harm to a platform and tells its tallies."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass

import schemathesis

from abuse import bombs, descriptions, forgeries, parser, policy, slowloris, smuggling, sockets
from abuse import scene as scenes
from abuse.descriptions import CALLERS, MODES, Caller
from abuse.policy import ROWS, SOCKETS, Cell
from abuse.scene import Scene
from abuse.tally import Tally

_EXAMPLES_PER_STORY = 2
_RUNS_PER_EXAMPLE = 2_000
_LINES_PER_EXAMPLE = 10


@dataclass(frozen=True)
class Size:
    """How much is tried."""

    examples: int = 20
    """Of each operation, caller, kind of data and kind of id; lines and inputs are multiples."""
    held: int = 500
    """Slow connections of each kind."""
    seed: int = 0


@dataclass
class Stage:
    """Where it is done, and the books of all that was done."""

    scene: Scene
    size: Size
    tell: Callable[[Tally], None]

    def begin(self, part: str) -> Tally:
        return Tally(part, self.size.seed)


async def _policy(stage: Stage) -> None:
    tally = stage.begin("policy")
    found, rows = await policy.operations(stage.scene), {policy.named(row) for row in ROWS}
    for operation in found ^ rows:
        tally.violations.append(f"{operation}: it is not in the table, or only there")
    described = scenes.described(stage.scene.platform)
    for row in ROWS:
        await _note(tally, policy.cells(stage.scene, described, row))
    for path in SOCKETS:
        await _note(tally, policy.socket_cells(stage.scene, path))
    stage.tell(tally)


async def _note(tally: Tally, cells: AsyncIterator[Cell]) -> None:
    async for cell in cells:
        tally.saw(f"{cell.place} as {cell.name}", cell.answer, cell.wrong)


async def _forgeries(stage: Stage) -> None:
    tally, scene = stage.begin("forgeries"), stage.scene
    attempt_id, token = scene.attempt(), str(scene.actors["student owner"].token)
    for name, forged in await asyncio.to_thread(forgeries.all_of, scene.platform, token):
        await forgeries.try_everywhere(scene, attempt_id, name, forged, tally)
    stage.tell(tally)


async def _descriptions(stage: Stage) -> None:
    """Send each service what it describes, and the gateway what all of them do."""
    scene, objects = stage.scene, await descriptions.objects_of(stage.scene)
    for place, callers in {**CALLERS, "gateway": ["admin", "student owner"]}.items():
        base = scene.platform.url if place == "gateway" else scene.platform.service_url(place)
        schema = await asyncio.to_thread(schemathesis.openapi.from_url, f"{base}/openapi.json")
        alone, in_a_row = stage.begin(f"requests, {place}"), stage.begin(f"stories, {place}")
        for name in callers:
            caller = Caller(scene, name, base, objects.ids["user_id"])
            for mode in MODES:
                await asyncio.to_thread(
                    descriptions.each_alone,
                    *(caller, schema, objects, mode, stage.size.examples, alone),
                )
        stage.tell(alone)
        for name in callers:
            stories = stage.size.examples * _EXAMPLES_PER_STORY
            teller = Caller(scene, name, base, objects.ids["user_id"])
            await asyncio.to_thread(descriptions.in_a_row, teller, schema, stories, in_a_row)
        stage.tell(in_a_row)


async def _sockets(stage: Stage) -> None:
    tally = stage.begin("sockets")
    await sockets.try_all(stage.scene, tally, stage.size.examples * _LINES_PER_EXAMPLE)
    stage.tell(tally)


async def _parser(stage: Stage) -> None:
    tally = stage.begin("parser")
    await asyncio.to_thread(parser.try_all, tally, stage.size.examples * _RUNS_PER_EXAMPLE)
    stage.tell(tally)


async def _bombs(stage: Stage) -> None:
    tally = stage.begin("bombs")
    await bombs.try_all(stage.scene, tally)
    stage.tell(tally)


async def _slowloris(stage: Stage) -> None:
    tally = stage.begin("slowloris")
    await slowloris.try_all(stage.scene.platform.url, tally, stage.size.held)
    stage.tell(tally)


async def _smuggling(stage: Stage) -> None:
    tally, platform = stage.begin("smuggling"), stage.scene.platform
    witness = smuggling.PlatformWitness(platform)
    await smuggling.try_all(platform.layout.ports.of("gateway"), witness, tally)
    stage.tell(tally)


PARTS: dict[str, Callable[[Stage], Awaitable[None]]] = {
    "policy": _policy,
    "forgeries": _forgeries,
    "descriptions": _descriptions,
    "sockets": _sockets,
    "parser": _parser,
    "bombs": _bombs,
    "slowloris": _slowloris,
    "smuggling": _smuggling,
}
