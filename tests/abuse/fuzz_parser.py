"""What atheris runs: any bytes into realtime's frame parser, and its messages into their reader.

`python -m abuse.fuzz_parser -runs=N -seed=N CORPUS`; the arguments are libFuzzer's. It ends with
77 when something was raised, and says with which bytes.
"""

import sys

import atheris  # in a group of dependencies of its own: pyproject.toml, `fuzz`

with atheris.instrument_imports():
    from realtime import incoming, rfc6455

LIMIT_BYTES = 64 * 1024
_HEAD_BYTES = 14
_SHORT_BYTES = 125


def read(data: bytes) -> None:
    """Read the bytes whole, and cut as their own first ones say: it must come to the same."""
    steps, said = data[:4], data[4:]
    whole = rfc6455.Reader(LIMIT_BYTES)
    events = whole.feed(said)
    cut, cut_events, at = rfc6455.Reader(LIMIT_BYTES), [], 0
    for number in range(len(said) + 1):
        step = 1 + steps[number % len(steps)] if steps else len(said) + 1
        cut_events += cut.feed(said[at : at + step])
        at += step
        if at >= len(said):
            break
    _agree(events, cut_events)
    _keeps_little(whole)
    for event in events:
        if isinstance(event, (str, bytes)):
            incoming.parse(event)


def _agree(one: list[rfc6455.Event], other: list[rfc6455.Event]) -> None:
    if one != other:
        raise AssertionError(f"read whole: {one!r}; in pieces: {other!r}")
    ends = [
        n for n, event in enumerate(one) if isinstance(event, (rfc6455.Close, rfc6455.Violation))
    ]
    if ends and ends != [len(one) - 1]:
        raise AssertionError(f"something follows the end: {one!r}")


def _keeps_little(reader: rfc6455.Reader) -> None:
    """Nothing is kept for what is only announced."""
    if len(reader._waiting) > _HEAD_BYTES + _SHORT_BYTES:
        raise AssertionError(f"{len(reader._waiting)} bytes wait")
    if reader._message is not None and reader._message.size > LIMIT_BYTES:
        raise AssertionError(f"a message of {reader._message.size} bytes is kept")


if __name__ == "__main__":
    atheris.Setup(sys.argv, read)
    atheris.Fuzz()
