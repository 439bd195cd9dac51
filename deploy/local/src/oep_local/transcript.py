"""What a person reads while the demo plays: who did what, when, and what came back."""

from datetime import datetime

from rich.console import Console
from rich.markup import escape

_STYLES = {"student": "cyan", "board": "magenta", "server": "green", "trouble": "yellow"}


class Transcript:
    """Prints one line per happening, with the local time to the millisecond."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def section(self, title: str) -> None:
        self._console.print(f"\n[bold]{escape(title)}[/bold]", highlight=False)

    def say(self, who: str, text: str) -> None:
        now = datetime.now().astimezone().strftime("%H:%M:%S.%f")[:-3]
        style = _STYLES.get(who, "white")
        self._console.print(
            f"{now}  [{style}]{who:<8}[/{style}] {escape(text)}", highlight=False, soft_wrap=True
        )

    def verbatim(self, text: str) -> None:
        """Print the output of another program as it is."""
        self._console.print(text, highlight=False, markup=False, soft_wrap=True)
