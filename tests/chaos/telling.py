"""How the result of a fault is told: by and by, and as the row of the table in README.md."""

import sys
import time

from rich.console import Console

from chaos.fault import Result, Size

console = Console(width=None if sys.stdout.isatty() else 160, stderr=True)
_began = time.monotonic()
_ORACLES = {False: "O1, O2, O3, O5, O6, O7", True: "O1-O7"}


def say(text: str) -> None:
    console.print(f"[dim]{time.monotonic() - _began:6.1f} s[/]  {text}", highlight=False)


def row(result: Result, size: Size) -> str:
    """Return one row of the table."""
    verdict, fault = result.verdict, result.fault
    holds = "; ".join(verdict.shortened + result.late) or _ORACLES[fault.has_boards]
    refusals = ", ".join(f"{n} of {status or 'lost'}" for status, n in result.refusals.items())
    cells = [
        fault.name,
        fault.words,
        f"{size.students} at 1 per {size.period_seconds:g} s",
        f"{verdict.accepted} / {verdict.stored}",
        f"{verdict.duplicates} / {verdict.order_violations} / {result.unauthorised}",
        f"{result.converge_seconds:.1f} s",
        f"{result.p50_ms:.0f} / {result.p99_ms:.0f} ms",
        refusals or "none",
        "; ".join(result.words) or "-",
        holds,
    ]
    return f"| {' | '.join(cells)} |"
