"""`python -m realtime [serve | check-settings]`."""

import sys
from typing import Any

from chassis.commands import Service, main

from realtime.app import MAX_FRAME_BYTES, create_app
from realtime.settings import RealtimeSettings


def _sockets(settings: RealtimeSettings) -> dict[str, Any]:
    return {
        "ws": "websockets-sansio",
        "ws_max_size": MAX_FRAME_BYTES,
        "ws_per_message_deflate": False,
        "ws_ping_interval": settings.websocket_ping_seconds,
        "ws_ping_timeout": settings.websocket_ping_seconds,
    }


SERVICE = Service(
    name="realtime",
    description="Sockets, fan-out, replay and presence.",
    settings=RealtimeSettings,
    create_app=create_app,
    serve_options=_sockets,
)

if __name__ == "__main__":
    sys.exit(main(SERVICE))
