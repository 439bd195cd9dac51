"""Where the tests' browser is looked for, and what is said when there is none."""

import pytest

from browser import chromium


@pytest.fixture
def bare(tmp_path, monkeypatch):
    """A machine without any browser."""
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setenv("PLAYWRIGHT_BROWSERS_PATH", str(tmp_path / "playwright"))
    monkeypatch.delenv("OEP_CHROMIUM", raising=False)
    monkeypatch.setattr(chromium, "PLACES", ())
    monkeypatch.setattr(chromium, "FONT_FOLDERS", (str(tmp_path / "fonts"),))
    return tmp_path


def program(path):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("#!/bin/sh\n")
    path.chmod(0o755)
    return path


def test_the_systems_browser_comes_before_playwrights(bare):
    own = program(bare / "playwright" / "chromium-1200" / "chrome-linux64" / "chrome")
    assert chromium.find() == own
    systems = program(bare / "bin" / "chromium")
    assert chromium.find() == systems


def test_one_that_is_named_is_taken(bare, monkeypatch):
    program(bare / "bin" / "chromium")
    monkeypatch.setenv("OEP_CHROMIUM", "/opt/chrome")
    assert str(chromium.find()) == "/opt/chrome"


def test_what_is_missing_is_installed(bare, monkeypatch):
    def install(command):
        program(bare / "bin" / "chromium")

    monkeypatch.setattr(chromium, "_try", install)
    assert chromium.ensure() == bare / "bin" / "chromium"


def test_where_nothing_helps_it_says_what_to_do(bare, monkeypatch):
    tried = []
    monkeypatch.setattr(chromium, "_try", tried.append)
    with pytest.raises(chromium.NoBrowser, match="Install your system's chromium package"):
        chromium.ensure()
    assert tried[-1][-2:] == ["install", "chromium"]


def test_a_font_for_hindi_is_found_by_its_name_where_nobody_lists_fonts(bare):
    (bare / "fonts" / "noto").mkdir(parents=True)
    (bare / "fonts" / "noto" / "NotoSans-Regular.ttf").touch()
    assert not chromium._has_hindi()
    (bare / "fonts" / "noto" / "NotoSansDevanagari-Regular.ttf").touch()
    assert chromium._has_hindi()


def test_a_font_for_hindi_that_is_missing_is_installed(bare, monkeypatch):
    def install(command):
        (bare / "fonts").mkdir()
        (bare / "fonts" / "Lohit-Devanagari.ttf").touch()

    monkeypatch.setattr(chromium, "_try", install)
    monkeypatch.setattr(chromium, "_by_apt", lambda package: [["apt-get", "install", package]])
    assert chromium.ensure_hindi()


def test_without_an_installer_it_says_that_hindi_has_no_font(bare, monkeypatch):
    monkeypatch.setattr(chromium, "_by_apt", lambda package: [])
    assert not chromium.ensure_hindi()
