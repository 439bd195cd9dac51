"""The command `oep`: reads what a person typed, calls the module that does it, prints the outcome.

Exit codes: 0 done and healthy, 1 it did not work (the message says what to do), 2 wrong usage,
3 nothing runs.
"""

import asyncio
import importlib
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from oep_local import (
    control,
    hosting,
    observing,
    plan,
    ports,
    processes,
    prometheus,
    seed,
    state,
    tls,
    unprivileged,
    wheels,
)
from oep_local.access import ROLES
from oep_local.errors import RunnerError
from oep_local.layout import Layout
from oep_local.parts import Part
from oep_local.seeding import seed_task

OTHER_COMMANDS = (
    "legacy",
    "seed",
    "demo",
    "keys",
    "verifying",
    "people",
    "attempts",
    "report",
    "privacy",
    "retention",
    "replay",
    "capacity.command",
)
DETACH_SECONDS = 240
CLUSTERS = (1, 3)

app = typer.Typer(
    name="oep",
    no_args_is_help=True,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    add_completion=False,
    help=(
        "Run the whole Online Exam Platform on this machine, without containers.\n\n"
        "`oep up` starts PostgreSQL, NATS, four services and the gateway, loads demo data and"
        " prints where to go; Ctrl-C stops it. In a second terminal `oep status` shows every"
        " process, `oep logs attempts` what one says, `oep psql` the proctoring tables, and"
        " `oep kill attempts` how the platform takes a fault.\n\n"
        "A SERVICE is postgres, nats, auth, attempts, proctoring, realtime, web or gateway;"
        " `attempts#2` is its second replica, `nats#3` the third server of a cluster. Everything is"
        " kept in `.oep` (or OEP_STATE)."
    ),
)
out = Console(highlight=False, soft_wrap=True)
err = Console(stderr=True, highlight=False)

Target = Annotated[str, typer.Argument(metavar="SERVICE[#n]", help="One replica, or all of them.")]
Count = Annotated[int, typer.Option(min=1, max=9, help="How many replicas.")]


def _is_cluster(count: int) -> int:
    if count not in CLUSTERS:
        raise typer.BadParameter("1, or 3: two outlive no more than one does.")
    return count


@app.command()
def up(  # typer shows the options
    realtime: Count = 1,
    attempts: Count = 1,
    proctoring: Count = 1,
    nats: Annotated[
        int, typer.Option(callback=_is_cluster, help="1, or a cluster of 3 that outlives any one.")
    ] = 1,
    base_port: Annotated[
        int | None,
        typer.Option(min=1024, max=60000, help="Put all ports from here on; gateway first."),
    ] = None,
    detach: Annotated[
        bool, typer.Option("--detach", help="Return when all is ready; stop with down.")
    ] = False,
    demo_data: Annotated[bool, typer.Option(help="Load the demo exam and its people.")] = True,
    pages: Annotated[bool, typer.Option(help="Build and serve the pages in web/.")] = True,
    observe: Annotated[
        bool,
        typer.Option("--observe", help="Run Prometheus (and Grafana, if it is here); trace."),
    ] = False,
    speak_tls: Annotated[
        bool, typer.Option("--tls", help="https and wss, by a certificate made for this machine.")
    ] = False,
    certificate: Annotated[
        str, typer.Option(metavar="PEM", help="TLS by this certificate; with --private-key.")
    ] = "",
    private_key: Annotated[str, typer.Option(metavar="PEM", help="Its key.")] = "",
) -> None:
    """Start everything, wait until it is healthy, keep it alive until Ctrl-C.

    Ports: 8000 gateway, 9901 its admin page, 8101-8105 and 8201-8203 services (replica n: +10
    each), 55432 PostgreSQL, 54222 and 58222 NATS (56222 among themselves), 9090 Prometheus, 3000
    Grafana. OEP_PORT_GATEWAY=8080 and the like move one, --base-port all.
    """
    if bool(certificate) != bool(private_key):
        raise typer.BadParameter("--certificate and --private-key come together.")
    given = tls.Pair(certificate, private_key).checked() if certificate else None
    if observe:
        prometheus.ensure()
    if detach:
        _up_detached()
        return
    replicas = {
        "realtime": realtime,
        "attempts": attempts,
        "proctoring": proctoring,
        "nats": nats,
        "web": int(pages),
        "prometheus": int(observe),
        "grafana": int(observe and observing.grafana() is not None),
        "traces": int(observe),
    }
    place = state.here()
    pair = given or (tls.own(place.open()) if speak_tls else None)
    wanted = Layout(place, ports.plan(base_port), replicas, pair)
    seeding = seed_task(wanted) if demo_data else None
    asyncio.run(_up(wanted, seeding))


async def _up(wanted: Layout, seeding: Callable[[], None] | None) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    began = time.monotonic()

    def report(step: str) -> None:
        out.print(f"[dim]{time.monotonic() - began:6.1f} s[/]  {step}")

    def ready() -> None:
        _welcome(wanted, with_logins=seeding is not None)

    await hosting.host(wanted, lambda it: plan.stages(it, seeding), stop, report, ready)
    out.print("Everything is stopped; the data are kept for the next `oep up`.")


def _welcome(running: Layout, *, with_logins: bool) -> None:
    out.print(f"\n[bold green]The platform is ready:[/] [bold]{running.url}[/]  (docs at /docs)\n")
    if running.count("web"):
        out.print(f"  pages     {running.url}/app/ (students) · {running.url}/app/staff/ (staff)")
    if running.tls and tls.is_own(running.tls, running.state):
        out.print(f"  TLS       tell your browser to trust {tls.authority(running.state)}")
    if with_logins:
        for line in seed.logins():
            out.print(f"  {line}")
    if running.count("prometheus"):
        for line in observing.welcome(running):
            out.print(f"  {line}")
    out.print(
        "\n  look   oep status · oep logs SERVICE · oep psql\n"
        "  play   oep demo\n"
        "  stop   Ctrl-C here, or oep down anywhere\n"
    )


def _up_detached() -> None:
    place = state.here().open()
    if place.is_running():
        raise state.AlreadyRunning(place)
    log = place.log("supervisor")
    arguments = [argument for argument in sys.argv[1:] if argument != "--detach"]
    with log.open("wb") as output:
        child = subprocess.Popen(  # noqa: S603  # ourselves again
            [sys.executable, "-m", "oep_local", *arguments],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    for _ in processes.moments(DETACH_SECONDS):
        run = place.read_run()
        if run.get("pid") == child.pid and run["phase"] == "ready":
            _welcome(Layout.read(place), with_logins="--no-demo-data" not in arguments)
            return
        if child.poll() is not None:
            raise RunnerError(f"It did not start:\n{processes.tail(log)}")
    raise RunnerError(f"Not ready after {DETACH_SECONDS} s; see {log}, stop it with `oep down`.")


@app.command()
def down() -> None:
    """Stop everything, wherever it was started; the data are kept."""
    place = state.here()
    was_running = place.is_running()
    if place.root.exists():
        control.down(place)
    out.print("Everything is stopped." if was_running else "Nothing ran.")


@app.command()
def status() -> None:
    """Show every process; the exit code is 0 when all are healthy, 3 when nothing runs."""
    place = _running()
    run = place.read_run()
    table = Table("service", "state", "healthy", "pid", "port", "restarts", "log")
    parts = _parts(Layout.read(place))
    healthy = run["phase"] == "ready"
    for label, word in run["parts"].items():
        is_well = word["pid"] is not None and label in parts and parts[label]()
        healthy = healthy and is_well and word["state"] == "ready"
        verdict = "[green]yes[/]" if is_well else "[red]no[/]"
        cells = (word["pid"] or "-", word["port"], word["restarts"], place.log(label).name)
        table.add_row(label, word["state"], verdict, *map(str, cells))
    out.print(table)
    out.print(f"{run['phase']} at {run['url']}, supervisor {run['pid']}, logs in {place.logs}")
    raise typer.Exit(0 if healthy else 1)


def _parts(running: Layout) -> dict[str, Callable[[], bool]]:
    return {
        part.label: part.is_ready
        for stage in plan.stages(running)
        for part in stage
        if isinstance(part, Part)
    }


@app.command()
def logs(
    service: Target,
    lines: Annotated[int, typer.Option("--lines", "-n", min=0, help="How many to show.")] = 40,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Wait for more.")] = False,
) -> None:
    """Show what a service said last; `supervisor` is the runner itself after `up --detach`."""
    log = state.here().log(service.removesuffix("#1"))
    if not log.exists():
        known = sorted(path.stem.replace("-", "#") for path in log.parent.glob("*.log"))
        raise RunnerError(
            f"There is no log of {service!r}; there are: {', '.join(known) or 'none'}"
        )
    with log.open(errors="replace") as file:
        sys.stdout.writelines(file.readlines()[-lines:] if lines else [])
        file.seek(0, os.SEEK_END)
        while follow:
            sys.stdout.write(file.read())
            sys.stdout.flush()
            time.sleep(0.2)


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def psql(
    context: typer.Context,
    role: Annotated[
        str,
        typer.Option(help="postgres (all), exam_user (reads), <service>_app or <service>_owner."),
    ] = "exam_user",
) -> None:
    """Open psql on the platform's database; further arguments are psql's own.

    Example: oep psql -c "SELECT event_type, count(*) FROM proctoring_events GROUP BY 1"
    """
    access = Layout.read(_running()).access
    if role not in access.passwords or role in state.SIGNING_SECRETS:
        raise RunnerError(f"No role {role!r}: there are postgres, {', '.join(ROLES)}")
    program = str(wheels.postgres("psql"))
    environment = {**os.environ, **access.environment(role)}
    os.execve(program, [program, *context.args], environment)  # noqa: S606  # becomes psql


@app.command()
def kill(
    service: Target,
    hold: Annotated[bool, typer.Option("--hold", help="Keep it down until `oep cont`.")] = False,
) -> None:
    """End a service without a word, as a crash would (SIGKILL); the supervisor restarts it."""
    _tell(
        "killed" + (", held down until `oep cont`" if hold else ""),
        control.kill(_running(), service, hold=hold),
    )


@app.command()
def stop(service: Target) -> None:
    """Suspend a service (SIGSTOP): it lives, keeps its connections and says nothing."""
    _tell("suspended", control.signal_parts(_running(), service, signal.SIGSTOP))


@app.command()
def cont(service: Target) -> None:
    """Wake what was suspended or held down."""
    _tell("goes on", control.cont(_running(), service))


@app.command()
def term(service: Target) -> None:
    """Ask a service to end cleanly, as a rolling restart does; the supervisor restarts it."""
    _tell("asked to end", control.signal_parts(_running(), service, signal.SIGTERM))


@app.command()
def reset(
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Stop everything and forget all data, secrets and logs."""
    place = state.here()
    if not place.root.exists():
        out.print("There is nothing to forget.")
        return
    if not yes:
        typer.confirm(f"Forget everything in {place.root}?", abort=True)
    control.down(place)
    pgdata = unprivileged.own_place(place.pgdata, unprivileged.account())
    shutil.rmtree(pgdata, ignore_errors=True)
    shutil.rmtree(place.root)
    out.print("Forgotten; the next `oep up` starts from nothing.")


def _running() -> state.State:
    place = state.here()
    if not place.is_running():
        raise state.NotRunning
    return place


def _tell(deed: str, labels: list[str]) -> None:
    for label in labels:
        out.print(f"{label}: {deed}")


def _add_other_commands() -> None:
    """Let the modules that have commands of their own register them."""
    for name in OTHER_COMMANDS:
        if importlib.util.find_spec(f"oep_local.{name}"):
            module = importlib.import_module(f"oep_local.{name}")
            if hasattr(module, "register"):
                module.register(app)


def main() -> None:
    """Run the command line; a RunnerError becomes a message and an exit code."""
    _add_other_commands()
    try:
        app()
    except state.NotRunning as failure:
        err.print(Text(str(failure), "yellow"))
        sys.exit(3)
    except RunnerError as failure:
        err.print(Text("oep: ", "bold red"), Text(str(failure)), sep="", soft_wrap=True)
        sys.exit(1)


if __name__ == "__main__":
    main()
