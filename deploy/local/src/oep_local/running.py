"""The verbs that run the platform on this machine: up and down, a look at it, and faults in it."""

import asyncio
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

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
from oep_local.completing import known_logs, running_parts
from oep_local.errors import RunnerError
from oep_local.exits import Exit
from oep_local.layout import Layout
from oep_local.parts import Part
from oep_local.seeding import seed_task
from oep_local.telling import AsJson, tell_json

DETACH_SECONDS = 240
CLUSTERS = (1, 3)
PASSED_ON = {"allow_extra_args": True, "ignore_unknown_options": True}

out = Console(highlight=False, soft_wrap=True)

Target = Annotated[
    str,
    typer.Argument(
        metavar="SERVICE[#n]", help="One replica, or all of them.", autocompletion=running_parts
    ),
]
Count = Annotated[int, typer.Option(min=1, max=9, help="How many replicas.")]


def register(app: typer.Typer) -> None:
    """Add the verbs to the command line."""
    for verb in (up, down, status, logs, kill, stop, cont, term, reset):
        app.command()(verb)
    app.command(context_settings=PASSED_ON)(psql)


def _is_cluster(count: int) -> int:
    if count not in CLUSTERS:
        raise typer.BadParameter("1, or 3: two outlive no more than one does.")
    return count


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
    """Start everything, keep it alive until Ctrl-C.

    Ports: 8000 gateway, 9901 its admin page, 8101-8105 and 8201-8203 services (replica n: +10
    each), 55432 PostgreSQL, 54222 and 58222 NATS (56222 among themselves), 9090 Prometheus, 3000
    Grafana. OEP_PORT_GATEWAY=8080 and the like move one, --base-port all.

    Example: `oep up --realtime 2`

    Example: `oep up --detach --base-port 18000`

    Example: `oep up --tls`
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


def down() -> None:
    """Stop everything, wherever it was started.

    The data are kept for the next `oep up`.

    Example: `oep down`
    """
    place = state.here()
    was_running = place.is_running()
    if place.root.exists():
        control.down(place)
    out.print("Everything is stopped." if was_running else "Nothing ran.")


def status(as_json: AsJson = False) -> None:
    """Show every process and whether it is healthy.

    The exit code is 0 when all are healthy, 1 when one is not, 3 when nothing runs.

    JSON: `{phase, url, pid, logs, is_healthy, parts: [{service, state, is_healthy, pid?, port,
    restarts, log}]}`

    Example: `oep status`

    Example: `oep status --json`
    """
    place = _running()
    word = _word(place)
    if as_json:
        tell_json(word)
    else:
        _show(word)
    raise typer.Exit(Exit.DONE if word["is_healthy"] else Exit.FAILED)


def _word(place: state.State) -> dict[str, Any]:
    """Return what runs, each part asked whether it is ready."""
    run = place.read_run()
    ready = _parts(Layout.read(place))
    parts = [
        {
            "service": label,
            "state": word["state"],
            "is_healthy": word["pid"] is not None and label in ready and ready[label](),
            **{name: word[name] for name in ("pid", "port", "restarts")},
            "log": place.log(label).name,
        }
        for label, word in run["parts"].items()
    ]
    is_healthy = run["phase"] == "ready" and all(
        part["is_healthy"] and part["state"] == "ready" for part in parts
    )
    about = {name: run[name] for name in ("phase", "url", "pid")}
    return {**about, "logs": str(place.logs), "is_healthy": is_healthy, "parts": parts}


def _show(word: dict[str, Any]) -> None:
    table = Table("service", "state", "healthy", "pid", "port", "restarts", "log")
    for part in word["parts"]:
        verdict = "[green]yes[/]" if part["is_healthy"] else "[red]no[/]"
        cells = (part["pid"] or "-", part["port"], part["restarts"], part["log"])
        table.add_row(part["service"], part["state"], verdict, *map(str, cells))
    out.print(table)
    out.print(f"{word['phase']} at {word['url']}, supervisor {word['pid']}, logs in {word['logs']}")


def _parts(running: Layout) -> dict[str, Callable[[], bool]]:
    return {
        part.label: part.is_ready
        for stage in plan.stages(running)
        for part in stage
        if isinstance(part, Part)
    }


def logs(
    service: Annotated[
        str, typer.Argument(metavar="SERVICE[#n]", autocompletion=known_logs, show_default=False)
    ],
    lines: Annotated[int, typer.Option("--lines", "-n", min=0, help="How many to show.")] = 40,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Wait for more.")] = False,
) -> None:
    """Show what a service said last.

    `supervisor` is the runner itself after `up --detach`.

    Example: `oep logs attempts -n 100`

    Example: `oep logs gateway --follow`
    """
    log = state.here().log(service.removesuffix("#1"))
    if not log.exists():
        raise RunnerError(
            f"There is no log of {service!r}; there are: {', '.join(known_logs('')) or 'none'}"
        )
    with log.open(errors="replace") as file:
        sys.stdout.writelines(file.readlines()[-lines:] if lines else [])
        file.seek(0, os.SEEK_END)
        while follow:
            sys.stdout.write(file.read())
            sys.stdout.flush()
            time.sleep(0.2)


def psql(
    context: typer.Context,
    role: Annotated[
        str,
        typer.Option(help="postgres (all), exam_user (reads), <service>_app or <service>_owner."),
    ] = "exam_user",
) -> None:
    """Open psql on the platform's database.

    Further arguments are psql's own, and so is the exit code.

    Example: `oep psql -c "SELECT event_type, count(*) FROM proctoring_events GROUP BY 1"`
    """
    access = Layout.read(_running()).access
    if role not in access.passwords or role in state.SIGNING_SECRETS:
        raise RunnerError(f"No role {role!r}: there are postgres, {', '.join(ROLES)}")
    program = str(wheels.postgres("psql"))
    environment = {**os.environ, **access.environment(role)}
    os.execve(program, [program, *context.args], environment)  # noqa: S606  # becomes psql


def kill(
    service: Target,
    hold: Annotated[bool, typer.Option("--hold", help="Keep it down until `oep cont`.")] = False,
    as_json: AsJson = False,
) -> None:
    """End a service without a word, as a crash would.

    It is SIGKILL; the supervisor starts it again.

    JSON: `{deed, services: [name]}`

    Example: `oep kill realtime#1`

    Example: `oep kill attempts --hold`
    """
    deed = "killed" + (", held down until `oep cont`" if hold else "")
    _tell(deed, control.kill(_running(), service, hold=hold), as_json=as_json)


def stop(service: Target, as_json: AsJson = False) -> None:
    """Suspend a service: it lives and says nothing.

    It is SIGSTOP: connections stay open, as when a machine hangs.

    JSON: `{deed, services: [name]}`

    Example: `oep stop nats`
    """
    _tell("suspended", control.signal_parts(_running(), service, signal.SIGSTOP), as_json=as_json)


def cont(service: Target, as_json: AsJson = False) -> None:
    """Wake what was suspended or held down.

    JSON: `{deed, services: [name]}`

    Example: `oep cont nats`
    """
    _tell("goes on", control.cont(_running(), service), as_json=as_json)


def term(service: Target, as_json: AsJson = False) -> None:
    """Ask a service to end cleanly.

    As a rolling restart does; the supervisor starts it again.

    JSON: `{deed, services: [name]}`

    Example: `oep term nats`
    """
    _tell(
        "asked to end", control.signal_parts(_running(), service, signal.SIGTERM), as_json=as_json
    )


def reset(
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Stop everything and forget all data.

    Secrets and logs, too; nothing brings them back.

    Example: `oep reset --yes`
    """
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


def _tell(deed: str, labels: list[str], *, as_json: bool) -> None:
    if as_json:
        tell_json({"deed": deed, "services": labels})
        return
    for label in labels:
        out.print(f"{label}: {deed}")
