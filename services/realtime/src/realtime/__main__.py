"""`python -m realtime`: serve (the default) or `check-settings`."""

import sys

from chassis import logs
from chassis.serving import serve

from realtime.app import MAX_FRAME_BYTES, create_app
from realtime.settings import RealtimeSettings

_USAGE = "usage: python -m realtime [serve | check-settings]"


def main(arguments: list[str]) -> int:
    """Run one verb; return the exit status."""
    verb = arguments[0] if arguments else "serve"
    if verb not in {"serve", "check-settings"} or len(arguments) > 1:
        sys.stderr.write(_USAGE + "\n")
        return 2
    settings = RealtimeSettings.from_environment()
    if verb == "check-settings":
        sys.stdout.write(settings.masked() + "\n")
        return 0
    logs.configure(settings.log_level, settings.log_format, "realtime")
    serve(
        create_app(settings),
        settings,
        ws="websockets-sansio",
        ws_max_size=MAX_FRAME_BYTES,
        ws_per_message_deflate=False,
        ws_ping_interval=settings.websocket_ping_seconds,
        ws_ping_timeout=settings.websocket_ping_seconds,
    )
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
