"""`python -m realtime [serve | check-settings]`."""

import sys

from chassis.commands import Service, main

from realtime.app import SERVING, create_app
from realtime.settings import RealtimeSettings

SERVICE = Service(
    name="realtime",
    description="Sockets, fan-out, replay and presence.",
    settings=RealtimeSettings,
    create_app=create_app,
    serve_options=lambda _: SERVING,
)

if __name__ == "__main__":
    sys.exit(main(SERVICE))
