"""Text and images written as the HTML of QTI, so that `text` reads back exactly what was there."""

import re
from collections.abc import Callable, Iterator, Mapping
from xml.etree.ElementTree import Element, SubElement

from attempts.question import Image, marker

_AS_IT_IS = re.compile(r"  |[^\S \n]| \n|\n |\A\s|\s\Z")
"""Spaces that HTML would not keep outside `pre`."""
_FORBIDDEN = re.compile(r"[^\t\n\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that XML 1.0 has no way to write."""
_MARKER = re.compile(r"(\[image \d+\])")

Place = Callable[[Image], str]
"""Return the path of an image from the item's file."""


def storable(text: str) -> str:
    """Return the text with one kind of line end, and a sign for each character not for XML."""
    return _FORBIDDEN.sub("\ufffd", text.replace("\r\n", "\n").replace("\r", "\n"))


def write(parent: Element, text: str, images: Mapping[int, Image], place: Place) -> None:
    """Add a text as a block; a marker of one of `images` becomes the image."""
    said = storable(text)
    if _AS_IT_IS.search(said):
        _fill(SubElement(parent, "pre"), said, images, place, is_kept=True)
    else:
        _fill(SubElement(parent, "p"), said, images, place, is_kept=False)


def numbers_in(text: str) -> Iterator[int]:
    """Yield the numbers of the images that a text names."""
    for word in _MARKER.findall(text):
        yield int(word.removeprefix("[image ").removesuffix("]"))


def _fill(
    block: Element, text: str, images: Mapping[int, Image], place: Place, *, is_kept: bool
) -> None:
    by_marker = {marker(number): image for number, image in images.items()}
    for part in _MARKER.split(text):
        image = by_marker.get(part)
        if image is not None:
            SubElement(block, "img", src=place(image), alt=storable(image.alternative))
            continue
        first, *others = [part] if is_kept else part.split("\n")
        _add(block, first)
        for line in others:
            SubElement(block, "br")
            _add(block, line)


def _add(block: Element, text: str) -> None:
    """Add text behind whatever the block holds already."""
    if len(block):
        block[-1].tail = (block[-1].tail or "") + text
    else:
        block.text = (block.text or "") + text
