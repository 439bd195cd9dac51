"""The treaty: stubs are what the proto files say, and nothing that was released is broken."""

import runpy
import subprocess
import sys
from pathlib import Path

import pytest

PROTOS = Path(__file__).parents[1]
BUF = Path(sys.executable).with_name("buf")


def texts(folder: Path) -> dict[str, str]:
    files = (p for p in folder.rglob("*") if p.is_file() and p.suffix in {".py", ".pyi", ".typed"})
    return {str(path.relative_to(folder)): path.read_text() for path in files}


def test_generating_the_stubs_again_gives_no_difference(tmp_path: Path):
    generate = runpy.run_path(str(PROTOS / "generate.py"))["generate"]
    generate(tmp_path)
    assert texts(tmp_path / "oep") == texts(PROTOS / "src" / "oep")


@pytest.mark.parametrize(
    "arguments",
    [("lint", "."), ("format", "--diff", "--exit-code", "."), ("breaking", ".", "--against")],
    ids=lambda a: a[0],
)
def test_buf_has_nothing_to_say(arguments: tuple[str, ...]):
    words = [*arguments, "released.binpb"] if "--against" in arguments else arguments
    done = subprocess.run([BUF, *words], cwd=PROTOS, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_breaking_the_treaty_is_noticed(tmp_path: Path):
    copy = tmp_path / "oep" / "auth" / "v1"
    copy.mkdir(parents=True)
    (tmp_path / "buf.yaml").write_text((PROTOS / "buf.yaml").read_text())
    text = (PROTOS / "oep/auth/v1/auth.proto").read_text()
    (copy / "auth.proto").write_text(text.replace("string username = 2", "string username = 12"))
    done = subprocess.run(
        [BUF, "breaking", ".", "--against", PROTOS / "released.binpb", "--path", "oep/auth"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode != 0
    assert "username" in done.stdout
