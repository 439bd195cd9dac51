"""Finds the Chromium that the tests drive, and installs it where a machine has none.

The system's own comes first, then Playwright's; what is missing is installed by the system's
package manager when we may, else by Playwright. A font for Hindi comes with it: without one, tests
pass and pictures show boxes. `python -m browser.chromium` does it beforehand.
"""

import os
import shutil
import subprocess
import sys
from fnmatch import fnmatch
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
PLACES = ("/usr/bin", "/usr/local/bin", "/snap/bin")
INSTALL_SECONDS = 420
FONT_FOLDERS = ("/usr/share/fonts", "/usr/local/share/fonts", "~/.local/share/fonts", "~/.fonts")
HINDI_FONTS = ("*devanagari*", "*deva*", "*hindi*", "*mangal*", "nirmala*")
HINDI_PACKAGE = "fonts-lohit-deva"  # 80 KB


class NoBrowser(Exception):
    """There is no Chromium and none could be installed; the text says what to do."""


def find() -> Path | None:
    """Return the browser's program, if there is one: OEP_CHROMIUM, the system's, Playwright's."""
    wish = os.environ.get("OEP_CHROMIUM")
    if wish:
        return Path(wish)
    path = os.pathsep.join([os.environ.get("PATH", ""), *PLACES])
    found = next(filter(None, (shutil.which(name, path=path) for name in NAMES)), None)
    return Path(found) if found else _playwrights_own()


def _playwrights_own() -> Path | None:
    cache = os.environ.get("PLAYWRIGHT_BROWSERS_PATH") or Path.home() / ".cache" / "ms-playwright"
    return next(iter(sorted(Path(cache).glob("chromium-*/chrome-linux*/chrome"))), None)


def ensure() -> Path:
    """Return the browser's program, installed first if need be; raises NoBrowser. Blocks."""
    tried: list[str] = []
    for command in ([], *_ways()):
        if command:
            tried.append(" ".join(command[-3:]))
            _try(command)
        found = find()
        if found:
            return found
    raise NoBrowser(
        f"The pages' tests need Chromium; it is not here and did not install ({'; '.join(tried)})."
        " Install your system's chromium package, or name one: OEP_CHROMIUM=/path/to/chrome"
    )


def ensure_hindi() -> bool:
    """Return whether there is a font with Hindi's letters, installed first if need be. Blocks."""
    for command in ([], *_by_apt(HINDI_PACKAGE)):
        if command:
            _try(command)
        if _has_hindi():
            return True
    return False


def _has_hindi() -> bool:
    """Ask the system's list of fonts, and where it has none, the names of the files."""
    lister = shutil.which("fc-list")
    if lister:
        found = subprocess.run([lister, ":lang=hi"], check=False, capture_output=True)
        return bool(found.stdout.strip())
    folders = [Path(folder).expanduser() for folder in FONT_FOLDERS]
    names = [file.name.lower() for folder in folders for file in folder.rglob("*.[ot]tf")]
    return any(fnmatch(name, pattern) for name in names for pattern in HINDI_FONTS)


def _ways() -> list[list[str]]:
    return [*_by_apt("chromium"), [sys.executable, "-m", "playwright", "install", "chromium"]]


def _by_apt(package: str) -> list[list[str]]:
    """Return what installs a package of the system, where we may: at once, else after an update."""
    apt = shutil.which("apt-get", path=f"{os.environ.get('PATH', '')}{os.pathsep}/usr/bin")
    if not apt or os.geteuid() != 0:
        return []
    quiet = [apt, "-qq", "-o", "DPkg::Lock::Timeout=120"]
    install = [*quiet, "install", "-y", package]
    return [install, [*quiet, "update"], install]


def _try(command: list[str]) -> None:
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    try:
        subprocess.run(  # our own list of arguments
            command, check=False, env=environment, timeout=INSTALL_SECONDS, stdin=subprocess.DEVNULL
        )
    except subprocess.TimeoutExpired:
        sys.stderr.write(f"{command[0]} took too long\n")


if __name__ == "__main__":
    try:
        sys.stdout.write(f"{ensure()}\n")
    except NoBrowser as failure:
        sys.exit(str(failure))
    if not ensure_hindi():
        sys.stderr.write(
            "No font with Hindi's letters is here and none could be installed: tests of pages run,"
            f" pictures of Hindi show boxes. Install one, such as {HINDI_PACKAGE}.\n"
        )
