"""A QTI package from a stranger: every item a question, or every flaw of it with file and item.

The manifest says which files are items. An import is all or nothing, so reading goes on after a
flaw and ends with all of them.
"""

import posixpath
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from attempts.exchange import item, picture, tree
from attempts.exchange.archive import Archive, Unpackable
from attempts.exchange.dialect import ITEM_TYPES
from attempts.exchange.findings import Finding, Findings, Place
from attempts.exchange.item import Draft
from attempts.exchange.picture import NotAPicture, Picture
from attempts.exchange.text import Find
from attempts.exchange.tree import Node
from attempts.question import Difficulty

MANIFEST = "imsmanifest.xml"
MAX_ITEMS = 1_000
MAX_ELEMENTS = 300_000
"""In all files of a package together."""
MAX_TAG = 100

_DIFFICULTIES = {
    "very easy": Difficulty.EASY,
    "easy": Difficulty.EASY,
    "medium": Difficulty.MEDIUM,
    "difficult": Difficulty.HARD,
    "very difficult": Difficulty.HARD,
}
"""The vocabulary of LOM (IEEE 1484.12.1), element 5.8."""


@dataclass(frozen=True)
class Taken:
    """The questions of a file in its order, and what of it was left out."""

    drafts: tuple[Draft, ...]
    notes: tuple[Finding, ...]


class Flawed(Exception):
    """Nothing is taken; every flaw is told."""

    def __init__(self, flaws: Iterable[Finding]) -> None:
        self.flaws = tuple(flaws)
        super().__init__("; ".join(map(str, self.flaws)))


def read(content: bytes) -> Taken:
    """Read a package. Raises `Flawed`."""
    findings = Findings()
    drafts: list[Draft] = []
    try:
        drafts = list(_Package(Archive(content), findings).drafts())
    except Unpackable as error:
        findings.at(error.file or "package").flaw(str(error))
    if findings.flaws:
        raise Flawed(findings.flaws)
    return Taken(tuple(drafts), tuple(findings.notes))


class _Package:
    def __init__(self, archive: Archive, findings: Findings) -> None:
        self._archive = archive
        self._findings = findings
        self._pictures: dict[str, Picture] = {}
        self._elements = 0

    def drafts(self) -> Iterator[Draft]:
        place = self._findings.at(MANIFEST)
        manifest = self._tree(MANIFEST, place)
        if manifest is None:
            return
        resources = manifest.first("resources") if manifest.name == "manifest" else None
        items = [] if resources is None else self._items(resources, place)
        if not items:
            place.flaw("lists no items of QTI 2.1 or QTI 3")
        elif len(items) > MAX_ITEMS:
            place.flaw(f"lists more than {MAX_ITEMS} items")
        else:
            yield from filter(None, (self._draft(i) for i in items if not self._findings.is_full))

    def _items(self, resources: Node, place: Place) -> list[Node]:
        for resource in resources.all("resource"):
            if resource.get("type").startswith("imsqti_test_"):
                place.note("a test is not read as one: its items are, in the manifest's order")
        return [r for r in resources.all("resource") if r.get("type") in ITEM_TYPES]

    def _draft(self, resource: Node) -> Draft | None:
        path = _path("", resource.get("href"))
        if path is None:
            self._findings.at(MANIFEST, resource.get("identifier")).flaw("has no file in here")
            return None
        root = self._tree(path, self._findings.at(path, resource.get("identifier")))
        if root is None:
            return None
        place = self._findings.at(path, root.get("identifier") or resource.get("identifier"))
        draft = item.read(root, place, self._find(path, place))
        return draft and Draft(draft.fields | _described(resource, place), draft.shown)

    def _tree(self, path: str, place: Place) -> Node | None:
        try:
            found = tree.read(self._archive.read(path, tree.MAX_BYTES))
        except (Unpackable, tree.Unreadable) as error:
            place.flaw(str(error))
            return None
        self._elements += found.size
        if self._elements > MAX_ELEMENTS:
            message = f"the package has more than {MAX_ELEMENTS} elements"
            raise Unpackable(message, path)
        return found

    def _find(self, item_path: str, place: Place) -> Find:
        """Return what finds the images of an item, whose paths begin at the item's file."""
        folder = posixpath.dirname(item_path)

        def find(source: str) -> Picture | None:
            path = _path(folder, source)
            if path is None:
                place.flaw(f"its image {source[:200]!r} is not a file of the package")
                return None
            try:
                return self._picture(path)
            except (Unpackable, NotAPicture) as error:
                place.flaw(f"its image {path} {error}")
                return None

        return find

    def _picture(self, path: str) -> Picture:
        if path not in self._pictures:
            content = self._archive.read(path, picture.MAX_BYTES)
            self._pictures[path] = picture.look(content)
        return self._pictures[path]


def _path(folder: str, reference: str) -> str | None:
    """Return the file of the package that is referred to from a folder of it."""
    try:
        parts = urlsplit(reference)
    except ValueError:
        return None
    if not parts.path or parts.scheme or parts.netloc or parts.path.startswith("/"):
        return None
    path = posixpath.normpath(posixpath.join(folder, unquote(parts.path)))
    return None if path.startswith("..") else path


def _described(resource: Node, place: Place) -> dict[str, object]:
    """Return difficulty and tags, which the manifest says in the words of LOM."""
    metadata = resource.first("metadata")
    lom = metadata.first("lom") if metadata else None
    value = lom.first("educational", "difficulty", "value") if lom else None
    general = lom.first("general") if lom else None
    tags = [keyword.content for keyword in general.all("keyword")] if general else []
    if any(len(tag) > MAX_TAG for tag in tags):
        place.flaw(f"a keyword must not be longer than {MAX_TAG} characters")
    word = value.content.lower() if value else ""
    return {
        "difficulty": _DIFFICULTIES.get(word, Difficulty.MEDIUM),
        "tags": [tag for tag in tags if tag] or None,
    }
