"""The site builds without a network, asks nobody for anything, and shows all that there is."""

import ast
import html
import importlib
import json
import re
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urldefrag

import pytest
from chassis.errors import Kind

ROOT = Path(__file__).parents[2]
SERVICES = ("auth", "attempts", "proctoring", "realtime")
LOADED = {"script": "src", "img": "src", "iframe": "src", "source": "src", "link": "href"}
FACT = re.compile(r"^\| ((?:`\w+`(?:, )?)+) \|", re.MULTILINE)


class Page(HTMLParser):
    """What a page loads, and where its links lead."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.loads: list[str] = []
        self.links: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        found = dict(attributes)
        if tag in LOADED and found.get(LOADED[tag]):
            self.loads.append(str(found[LOADED[tag]]))
        if tag == "a" and found.get("href"):
            self.links.append(str(found["href"]))


@pytest.fixture(scope="module")
def pages(site) -> dict[Path, Page]:
    return {path: Page(path.read_text()) for path in site.rglob("*.html")}


@pytest.fixture(scope="module")
def shown(site):
    """Return the words of a page."""

    def words(uri: str) -> str:
        return html.unescape(re.sub(r"<[^>]+>", "", (site / uri).read_text()))

    return words


def test_no_page_loads_anything_from_elsewhere(site, pages):
    assert len(pages) > 90
    foreign = re.compile(r"^(?:[a-z]+:)?//")
    assert [x for page in pages.values() for x in page.loads if foreign.match(x)] == []
    styles = "".join(path.read_text() for path in site.rglob("*.css"))
    assert re.findall(r"(?:@import|url\()\s*[\"']?(?:https?:)?//[^)]*", styles) == []


def test_every_page_can_be_reached_from_the_first(site, pages):
    seen, waiting = set(), [site / "index.html"]
    while waiting:
        path = waiting.pop()
        if path in seen or path not in pages:
            continue
        seen.add(path)
        near = (unquote(urldefrag(link)[0]) for link in pages[path].links if "://" not in link)
        waiting += [(path.parent / link).resolve() for link in near if link]
    assert {p.relative_to(site) for p in pages} - {p.relative_to(site) for p in seen} == {
        Path("404.html")
    }


@pytest.mark.parametrize("service", SERVICES)
def test_each_setting_is_told_with_its_meaning(service, shown):
    module = importlib.import_module(f"{service}.settings")
    cls = getattr(module, "RealtimeSettings", None) or module.Settings
    text = shown("reference/settings.html")
    assert [name for name in cls.model_fields if name.upper() not in text] == []


def test_each_setting_has_a_meaning(site):
    text = (site / "reference/settings.html").read_text()
    rows = [re.findall(r"<td>(.*?)</td>", row, re.DOTALL) for row in text.split("<tr>")]
    assert sorted({row[0] for row in rows if len(row) == 4 and not row[3]}) == []


def test_each_metric_that_is_watched_is_told(shown):
    rules = (ROOT / "deploy/observability/rules.yml").read_text()
    watched = set(re.findall(r"\boep_[a-z_]+", rules)) - set(re.findall(r"record: (\S+)", rules))
    text = shown("reference/metrics.html")
    bare = {re.sub(r"_(bucket|count|sum|total)$", "", name) for name in watched}
    assert len(bare) > 15
    assert [name for name in sorted(bare) if name not in text] == []


def test_each_operation_is_told(shown):
    document = json.loads((ROOT / "deploy/gateway/openapi.json").read_text())
    text = shown("reference/rest.html")
    said = [f"{m.upper()} {path}" for path, item in document["paths"].items() for m in item]
    assert len(said) > 100
    assert [one for one in said if one not in text and not one.startswith("PARAMETERS")] == []


def test_each_failure_and_close_code_is_told(shown):
    errors, codes = shown("reference/errors.html"), shown("reference/close-codes.html")
    slugs = {
        ast.literal_eval(node.value)
        for path in ROOT.glob("services/*/src/**/errors.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "slug"
    }
    assert len(slugs) > 50
    assert [slug for slug in sorted(slugs) if slug not in errors] == []
    assert [kind.name for kind in Kind if str(kind.value.close_code) not in codes] == []
    assert all(str(code) in codes for code in (4000, 4008, 4501, 4509, 1011))


def test_the_notices_that_are_told_are_those_that_are_said():
    table = (ROOT / "docs/notices.md").read_text()
    told = {fact for cell in FACT.findall(table) for fact in re.findall(r"`(\w+)`", cell)}
    notices = importlib.import_module("realtime.notices")
    heard = {*notices._KINDS, *notices._SYSTEM_EVENTS, *notices._SHOWN, notices.BROADCAST}
    assert heard - told == set()
    source = "".join(path.read_text() for path in ROOT.glob("services/*/src/**/*.py"))
    assert [fact for fact in sorted(told) if f'"{fact}"' not in source] == []
