"""The pages as somebody goes through them who uses no mouse; each stop of the Tab key is seen."""

import pytest
from playwright.sync_api import Page

MOST_STOPS = 80
# What has the focus is called by its label or its own words, and has a ring around it or its label.
FOCUSED = """() => {
  const it = document.activeElement;
  const label = it.closest('label') ?? it.labels?.[0];
  const isRinged = each => {
    const { outlineStyle, outlineWidth } = getComputedStyle(each);
    return outlineStyle !== 'none' && parseFloat(outlineWidth) >= 2;
  };
  const box = (label ?? it).getBoundingClientRect();
  return {
    name: (it.getAttribute('aria-label') ?? label?.innerText ?? it.innerText ?? '').trim(),
    isSeen: [it, label].some(each => each && isRinged(each))
      && box.bottom > 0 && box.top < innerHeight,
  };
}"""


def focused(page: Page) -> str:
    """Return what has the focus is called; fails when it cannot be seen there."""
    found = page.evaluate(FOCUSED)
    assert found["isSeen"], f"the focus on {found['name']!r} is not seen"
    return str(found["name"])


def walk_to(page: Page, name: str, key: str = "Tab") -> None:
    """Press Tab until what has the focus is called `name`, or begins so."""
    seen: list[str] = []
    for _ in range(MOST_STOPS):
        page.keyboard.press(key)
        seen.append(focused(page))
        if seen[-1].startswith(name):
            return
    pytest.fail(f"the Tab key does not lead to {name!r}: {seen}")


def press(page: Page, name: str, key: str = "Enter") -> None:
    """Walk to something and press a key on it."""
    walk_to(page, name)
    page.keyboard.press(key)


def write(page: Page, name: str, text: str) -> None:
    """Walk to a field, or a list of choices, and type."""
    walk_to(page, name)
    page.keyboard.type(text)


def skip_to_content(page: Page) -> None:
    """Go back to the page's first stop, the link past its head, and take it."""
    walk_to(page, "Skip to the content", key="Shift+Tab")
    page.keyboard.press("Enter")
    page.wait_for_function("() => document.activeElement.id === 'main'")
