"""`python -m chaos.skewed attempts 3600`: a service as it is, on a machine whose clock is wrong.

The second argument says by how many seconds; below 0 it is behind. The database's clock and the
monotonic one are right, and so is the one by which gRPC counts: it takes an instant from Python and
compares it with the system's, which on such a machine would be wrong alike.
"""

import importlib
import sys
import time
from types import SimpleNamespace

import time_machine
from chassis.commands import main
from grpc.aio import _utils

if __name__ == "__main__":
    name, seconds = sys.argv[1], float(sys.argv[2])
    vars(_utils)["time"] = SimpleNamespace(time=time_machine.escape_hatch.time.time)
    service = importlib.import_module(f"{name}.__main__").SERVICE
    with time_machine.travel(time.time() + seconds, tick=True):
        sys.exit(main(service, ["serve"]))
