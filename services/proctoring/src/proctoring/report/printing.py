"""`python -m proctoring.report.printing attempt|exam`: JSON on standard input, PDF on output.

The process that `press` starts for one report: it knows no settings, opens no connection and ends
after its work. It steps back behind the service's own threads and is bounded in memory.
"""

import os
import resource
import sys

import msgspec

from proctoring.report import attempt_paper, bodies, exam_paper

MOST_BYTES = 1 << 30


def main(argv: list[str]) -> int:
    """Print one report."""
    os.nice(10)
    resource.setrlimit(resource.RLIMIT_AS, (MOST_BYTES, MOST_BYTES))
    sys.stdout.buffer.write(printed(argv[0], sys.stdin.buffer.read()))
    return 0


def printed(kind: str, content: bytes) -> bytes:
    """Return the PDF of a report in JSON."""
    return PAPERS[kind](content)


def _attempt(content: bytes) -> bytes:
    return attempt_paper.printed(msgspec.json.decode(content, type=bodies.AttemptReport))


def _exam(content: bytes) -> bytes:
    return exam_paper.printed(msgspec.json.decode(content, type=bodies.PrintedExam))


PAPERS = {"attempt": _attempt, "exam": _exam}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
