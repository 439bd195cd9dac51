"""XML from a stranger: no DTD, no entities, nothing fetched, and not deeper than people write it.

What comes out is a tree of plain values in the names of QTI 2.1 (`dialect`).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from xml.etree.ElementTree import Element, ParseError

from defusedxml import ElementTree

from attempts.exchange.dialect import plain_attribute, plain_element

MAX_BYTES = 1024 * 1024
MAX_DEPTH = 60
MAX_ELEMENTS = 50_000


class Unreadable(ValueError):
    """Why this is not read as XML, in words for its author."""


@dataclass(frozen=True)
class Node:
    """An element with its attributes that have no namespace; `tail` is the text behind it.

    `size` counts the elements: itself and all inside it.
    """

    name: str
    namespace: str
    attributes: dict[str, str]
    text: str
    children: tuple["Node", ...]
    tail: str
    size: int

    def get(self, attribute: str) -> str:
        return self.attributes.get(attribute, "").strip()

    def all(self, name: str) -> list["Node"]:
        """Return the children of a name."""
        return [child for child in self.children if child.name == name]

    def first(self, *path: str) -> "Node | None":
        """Return the first child of each name in turn, None where one is missing."""
        found: Node | None = self
        for name in path:
            found = next(iter(found.all(name)), None) if found is not None else None
        return found

    def walk(self) -> Iterator["Node"]:
        """Yield this element and all inside it, in the order in which they are written."""
        yield self
        for child in self.children:
            yield from child.walk()

    @property
    def content(self) -> str:
        """All text inside, without spaces around it."""
        return "".join(self._texts()).strip()

    def _texts(self) -> Iterator[str]:
        yield self.text
        for child in self.children:
            yield from child._texts()  # noqa: SLF001  # of its own class
            yield child.tail


def read(content: bytes) -> Node:
    """Read a document. Raises `Unreadable`."""
    try:
        root = ElementTree.fromstring(content, forbid_dtd=True)
    except (ParseError, ValueError, LookupError) as error:
        # The parser's words would repeat the file's.
        raise Unreadable("is not readable as XML without a document type") from error
    if sum(1 for _ in root.iter()) > MAX_ELEMENTS:
        raise Unreadable(f"has more than {MAX_ELEMENTS} elements")
    return _node(root, 1)


def _node(element: Element, depth: int) -> Node:
    if depth > MAX_DEPTH:
        raise Unreadable(f"nests more than {MAX_DEPTH} elements")
    children = tuple(_node(child, depth + 1) for child in element)
    namespace, _, name = element.tag.rpartition("}")
    return Node(
        plain_element(name),
        namespace.removeprefix("{"),
        {plain_attribute(key): value for key, value in element.items() if "}" not in key},
        element.text or "",
        children,
        element.tail or "",
        1 + sum(child.size for child in children),
    )
