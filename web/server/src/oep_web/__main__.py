"""`python -m oep_web --folder web/dist --port 8105`: serve the built pages until SIGTERM."""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

import uvicorn

from oep_web.app import PagesMissing, create_app

ON = ("1", "on", "true", "yes")


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve; return 2 when the pages are not there."""
    parser = argparse.ArgumentParser(prog="python -m oep_web", description="Serve OEP's pages.")
    folder, host = os.environ.get("WEB_FOLDER", "web/dist"), os.environ.get("HOST", "127.0.0.1")
    parser.add_argument("--folder", type=Path, default=Path(folder))
    parser.add_argument("--host", default=host)
    parser.add_argument("--port", type=int, default=int(os.environ.get("REST_PORT", "8105")))
    wish = os.environ.get("WEB_TRACE", "").lower() in ON
    parser.add_argument("--trace", action="store_true", default=wish, help="pages ask for traces")
    chosen = parser.parse_args(arguments)
    try:
        app = create_app(chosen.folder, trace=chosen.trace)
    except PagesMissing as failure:
        sys.stderr.write(f"{failure}\n")
        return 2
    uvicorn.run(
        app,
        host=chosen.host,
        port=chosen.port,
        access_log=False,
        log_level="warning",
        server_header=False,
        timeout_keep_alive=75,
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
