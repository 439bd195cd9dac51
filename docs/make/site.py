# ruff: noqa: INP001  # MkDocs loads it by its path
"""Puts the site together while MkDocs builds it: navigation, generated pages, links.

The READMEs of the parts become pages below `parts/`, the reference is written from the code
(`reference.py` beside this file), and a link to a file that is no page becomes its path: the site
works without the checkout. A link to nothing is a warning, and the build is strict.
"""

import logging
import os
import re
import sys
from pathlib import Path
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

sys.path.insert(0, str(Path(__file__).parent))

import reference

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
log = logging.getLogger("mkdocs.plugins.oep")

PARTS = {
    "parts/auth.md": "services/auth/README.md",
    "parts/attempts.md": "services/attempts/README.md",
    "parts/proctoring.md": "services/proctoring/README.md",
    "parts/realtime.md": "services/realtime/README.md",
    "parts/web.md": "web/README.md",
    "parts/client.md": "web/packages/client/README.md",
    "parts/runner.md": "deploy/local/README.md",
    "parts/gateway.md": "deploy/gateway/README.md",
    "parts/compose.md": "deploy/compose/README.md",
    "parts/kubernetes.md": "deploy/kubernetes/README.md",
    "parts/observability.md": "deploy/observability/README.md",
    "parts/protos.md": "protos/README.md",
    "parts/load.md": "tests/load/README.md",
    "parts/chaos.md": "tests/chaos/README.md",
}
NOT_RUN = re.compile(r"^( *)<!-- not run: (.+?) -->$", re.MULTILINE)
LINK = re.compile(r"(!?)\[((?:[^\[\]]|\[[^\]]*\])*)\]\(([^)\s]+)\)")
EXPLANATION = ["architecture.md", "evidence.md", "observability.md", "capacity.md"]
Nav = list[Any]


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Write the navigation: what lies in a folder is in its section."""
    config.nav = [
        {"Home": "index.md"},
        {"Getting started": _pages("start")},
        {"How to": [*_pages("how-to"), "runbook/README.md", "runbook/upgrade.md"]},
        {"Reference": [*reference.PAGES, "notices.md", *_there("releases.md")]},
        {"Explanation": [*EXPLANATION, *_others(), "adr/README.md", "screens/README.md"]},
        {"Parts": list(PARTS)},
        "writing.md",
    ]
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages that no file below docs/ is."""
    texts = {uri: (ROOT / source).read_text() for uri, source in PARTS.items()}
    for uri, text in {**texts, **reference.pages()}.items():
        files.append(File.generated(config, uri, content=text))
    return files


def on_page_markdown(markdown: str, page: Page, **_: object) -> str:
    """Show what nothing runs, and let links lead to pages or be the path of a file."""
    uri = page.file.src_uri
    source = ROOT / PARTS[uri] if uri in PARTS else DOCS / uri
    shown = NOT_RUN.sub(r"\1*No test runs this: \2.*\n", markdown)
    return LINK.sub(lambda link: _link(link, uri, source), shown)


def _link(link: re.Match[str], uri: str, source: Path) -> str:
    mark, text, address = link.groups()
    path, _, anchor = address.partition("#")
    if not path or ":" in path:
        return link[0]
    target = Path(os.path.normpath(source.parent / path))
    page = _page_of(target)
    if page:
        way = os.path.relpath(page, Path(uri).parent)
        return f"{mark}[{text}]({way}{'#' + anchor if anchor else ''})"
    if not target.exists() and DOCS not in target.parents:
        log.warning("%s links to %s, which is not there", uri, path)
    return text if "/" in text or "`" in text else f"{text} (`{target.relative_to(ROOT)}`)"


def _page_of(target: Path) -> str | None:
    """Return the page or picture of the site that a path of the checkout is."""
    target = target / "README.md" if target.is_dir() else target
    name = str(target.relative_to(ROOT))
    for uri, source in PARTS.items():
        if source == name:
            return uri
    is_page = DOCS in target.parents and target.suffix in {".md", ".png", ".yaml"}
    return str(target.relative_to(DOCS)) if is_page else None


def _pages(folder: str) -> Nav:
    return [str(path.relative_to(DOCS)) for path in sorted((DOCS / folder).glob("*.md"))]


def _others() -> list[str]:
    """Return the pages at the top that no section names."""
    named = {"index.md", "writing.md", "notices.md", "releases.md", *EXPLANATION}
    return sorted(path.name for path in DOCS.glob("*.md") if path.name not in named)


def _there(name: str) -> list[str]:
    return [name] if (DOCS / name).is_file() else []
