r"""One text for one value, its hash, and signatures over it (Ed25519). Pure.

The canonical form is what a third party recomputes, so it is plain: JSON with the keys of every
object sorted by code point and no white space. Every character of a text outside U+0020 to U+007E
is written as `\uXXXX` with small hex digits, beyond U+FFFF as a surrogate pair, but for `\b \f \n
\r \t`; `"` and `\` stand behind a backslash. Whole numbers stand with all their digits; a number
with a fraction or an exponent is a double, written as briefly as it can be read back (`1.0`, `0.1`,
`1e+16`, `1e-05`), so 1 and 1.0 are two values. NaN and infinities have no form. In Python:
`json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)`.
"""

import hashlib
import json
from typing import Any


def canonical(value: Any) -> str:
    """Return the one text of a JSON value. Raises `ValueError` for what JSON cannot say."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)


def sha256(value: Any) -> str:
    """Return the SHA-256 over the canonical form of `value`, as 64 small hex digits."""
    return hashlib.sha256(canonical(value).encode("ascii")).hexdigest()
