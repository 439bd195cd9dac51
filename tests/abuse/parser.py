"""The part that has atheris fuzz realtime's frame parser (`fuzz_parser`), in a process of its own.

atheris comes by a lock of its own into a folder of its own (`make abuse` does it); no service and
no other test has it. Where there is none, the part says so, and that is a violation: what was not
tried has not passed.
"""

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from abuse import frames
from abuse.tally import Tally

FOLDER = Path(__file__).parents[2] / ".tools" / "fuzz"
_TESTS = Path(__file__).parents[1]
_DONE = re.compile(r"Done (\d+) runs")
_SEEN = re.compile(r"cov: (\d+) ft: (\d+)")
_MOST_SEED_BYTES = 4_096
_SECONDS = 3_600


def try_all(tally: Tally, runs: int) -> None:
    """Run the fuzzer for that many inputs, from a corpus of frames. Blocking."""
    if not FOLDER.is_dir():
        tally.violations.append("atheris is not here (`make abuse` installs it)")
        return
    with tempfile.TemporaryDirectory() as name:
        corpus = Path(name)
        for number, seed in enumerate(_seeds()):
            (corpus / str(number)).write_bytes(b"\x03\x0a\x01\x40" + seed)
        said = _ran(corpus, runs, tally.seed)
        guilty = [found.read_bytes().hex() for found in corpus.glob("crash-*")]
    done, seen = _DONE.search(said.stderr), _SEEN.findall(said.stderr)
    tally.cases = int(done[1]) if done else 0
    if seen:
        tally.figures |= {"edges": float(seen[-1][0]), "features": float(seen[-1][1])}
    if said.returncode:
        tally.violations.append(
            f"ended with {said.returncode} at {guilty}: {said.stdout[-2_000:]} {said.stderr[-500:]}"
        )
    tally.answers["no failure"] = tally.cases if not said.returncode else max(0, tally.cases - 1)


def _seeds() -> list[bytes]:
    whole = [
        frames.text({"type": kind, "question_id": 1}) for kind in ("checkpoint", "flag", "auth")
    ]
    return whole + [bomb[:_MOST_SEED_BYTES] for bomb in frames.BOMBS.values()]


def _ran(corpus: Path, runs: int, seed: int) -> subprocess.CompletedProcess[str]:
    arguments = [f"-runs={runs}", f"-seed={seed or 1}", "-max_len=8192", "-timeout=10"]
    return subprocess.run(
        [sys.executable, "-m", "abuse.fuzz_parser", *arguments, str(corpus)],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(map(str, (FOLDER, _TESTS)))},
        cwd=corpus,
        capture_output=True,
        text=True,
        check=False,
        timeout=_SECONDS,
    )
