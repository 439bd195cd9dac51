"""Judges a Content-Security-Policy by what is known to make one worthless. Pure.

The rules are those that public evaluators agree on: no inline and no made-up scripts, no wildcards
and no bare schemes where code comes from, nothing that a plug-in, a `<base>`, a form or a foreign
frame could use; and no host that is known to serve other people's scripts.
"""

CODE = ("script-src", "object-src", "worker-src", "style-src")
DOCUMENT = ("base-uri", "form-action", "frame-ancestors")
"""What `default-src` does not cover."""
_SCHEMES = {"data:", "blob:", "http:", "https:", "ws:", "wss:", "filesystem:"}
_INLINE = {"'unsafe-inline'", "'unsafe-eval'", "'unsafe-hashes'", "'wasm-unsafe-eval'"}
_BYPASSED = (
    "googleapis.com",
    "gstatic.com",
    "google.com",
    "googletagmanager.com",
    "google-analytics.com",
    "cloudflare.com",
    "jsdelivr.net",
    "unpkg.com",
    "jquery.com",
    "yandex.ru",
    "facebook.net",
    "bootcdn.net",
    "githubusercontent.com",
)
_WORKERS_BLOB = ("worker-src", "blob:")

Policy = dict[str, list[str]]


def parsed(header: str) -> Policy:
    """Return the sources by directive. Raises `ValueError` for one that stands twice."""
    found: Policy = {}
    for part in filter(None, map(str.strip, header.split(";"))):
        name, *sources = part.split()
        if name.lower() in found:
            raise ValueError(f"{name} stands twice; browsers take the first")
        found[name.lower()] = sources
    return found


def flaws(header: str, *, is_document: bool = True) -> list[str]:
    """Return what is wrong with a policy.

    What is no document (a worker's script) has no base, no forms and no frames around it.
    """
    policy = parsed(header)
    found = [
        f"{name} {source}"
        for name in {*policy, *CODE} - {"sandbox"}
        for source in _sources(policy, name)
        if _is_wide(name, source)
    ]
    if "default-src" not in policy:
        found.append("no default-src")
    if "'none'" not in _sources(policy, "object-src"):
        found.append("plug-ins are allowed")
    if is_document:
        found += [f"no {name}" for name in DOCUMENT if not _is_set(policy, name)]
    return sorted(found)


def _sources(policy: Policy, name: str) -> list[str]:
    if name in DOCUMENT:
        return policy.get(name, [])
    back_up = policy.get("script-src") if name == "worker-src" else None
    return policy.get(name) or back_up or policy.get("default-src", ["*"])


def _is_set(policy: Policy, name: str) -> bool:
    is_sandboxed = "sandbox" in policy and "allow-forms" not in policy["sandbox"]
    return name in policy or (name == "form-action" and is_sandboxed)


def _is_wide(name: str, source: str) -> bool:
    host = source.partition("://")[2] or source
    if source in _INLINE or "*" in source:
        return True
    if any(host == each or host.endswith(f".{each}") for each in _BYPASSED):
        return True
    is_code = name in (*CODE, "default-src", *DOCUMENT)
    return is_code and source in _SCHEMES and (name, source) != _WORKERS_BLOB
