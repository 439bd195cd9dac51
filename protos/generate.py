"""Writes the Python stubs of every proto file into protos/src; `make protos` runs it.

The stubs are committed, so that a service builds without a compiler; a test generates them anew
and fails on any difference.
"""

import shutil
import sys
from pathlib import Path

from grpc_tools import protoc

ROOT = Path(__file__).parent


def generate(target: Path) -> None:
    """Replace the content of `target` by fresh stubs of all proto files."""
    shutil.rmtree(target / "oep", ignore_errors=True)
    target.mkdir(parents=True, exist_ok=True)
    files = sorted(str(path.relative_to(ROOT)) for path in (ROOT / "oep").rglob("*.proto"))
    plugins = Path(sys.executable).parent / "protoc-gen-mypy_grpc"
    arguments = [
        "protoc",
        f"--proto_path={ROOT}",
        f"--plugin=protoc-gen-mypy_grpc={plugins}",
        f"--python_out={target}",
        f"--pyi_out={target}",
        f"--grpc_python_out={target}",
        f"--mypy_grpc_out=quiet:{target}",
        *files,
    ]
    include = Path(protoc.__file__).parent / "_proto"
    if protoc.main([*arguments, f"--proto_path={include}"]) != 0:
        raise SystemExit("protoc failed; its message is above")
    for folder in [target / "oep", *(p for p in (target / "oep").rglob("*") if p.is_dir())]:
        (folder / "__init__.py").touch()
    (target / "oep" / "py.typed").touch()


if __name__ == "__main__":
    generate(ROOT / "src")
