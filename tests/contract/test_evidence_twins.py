"""Two verifiers of evidence, one verdict: the file that an expert runs, and the one in the page.

Whatever is edited in a bundle, the page's verifier (TypeScript, WebCrypto) finds it when Python's
does, and is never milder in any of the five checks. It may be stricter, as long as the verdict is
the same.
"""

import copy
import importlib.util
import json
import random
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from oep_local import verify_evidence

ROOT = Path(__file__).parents[2]
WEB = ROOT / "web"
DATA = ROOT / "deploy" / "local" / "tests" / "data"
BUNDLE = (DATA / "evidence.json").read_text()
KEYS = (DATA / "evidence-keys.json").read_text()
CHECKS = ["sections", "chain", "payloads", "delivery", "signatures"]
VERDICTS = {"holds": "holds", "FAILS": "fails", "NOT CHECKED": "unchecked"}
VALUES = [None, True, 0, 1, 1.0, -1, 2**53 + 1, 10**20, 1e-7, "", "é", "\ud83d", "00", [], {}, [1]]
EDITS = 400
SCRIPT = """
import { readFileSync } from 'node:fs';
import { verify } from './verify.mjs';
const cases = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const found = [];
for (const [bundle, keys] of cases) found.push(await verify(bundle, keys));
console.log(JSON.stringify(found.map((all) => all.map(({ check, verdict }) => [check, verdict]))));
"""

Findings = dict[str, str]


@pytest.fixture(scope="module")
def page_says(tmp_path_factory) -> Callable[[list[tuple[str, str | None]]], list[Findings]]:
    """Return the page's verifier, as Node runs it, for many bundles (texts, with keys) at once."""
    folder = tmp_path_factory.mktemp("twin")
    spec = importlib.util.spec_from_file_location("pages_build", WEB / "build.py")
    assert spec
    assert spec.loader
    build = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(build)
    node = build.find_node()
    build.install_packages(node)
    bundler = WEB / "node_modules" / "rolldown" / "bin" / "cli.mjs"
    source = WEB / "src" / "staff" / "attempt" / "evidence" / "verify.ts"
    node.run(bundler, str(source), "--format", "esm", "--file", str(folder / "verify.mjs"))
    (folder / "run.mjs").write_text(SCRIPT)

    def says(cases: list[tuple[str, str | None]]) -> list[Findings]:
        (folder / "cases.json").write_text(json.dumps(cases))
        command = [node.program, folder / "run.mjs", folder / "cases.json"]
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
        return [dict(each) for each in json.loads(done.stdout)]

    return says


def python_says(bundle: str, keys: str | None) -> Findings:
    try:
        document = json.loads(bundle, object_pairs_hook=verify_evidence.once)
        given = None if keys is None else json.loads(keys)
        found = verify_evidence.findings(document, given)
    except (ValueError, RecursionError):
        return dict.fromkeys(CHECKS, "fails")
    return {text.split(":")[0]: VERDICTS[verdict] for verdict, text in found}


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    pairs = value.items() if isinstance(value, dict) else enumerate(value)
    inner = [((*path, key), each) for key, each in pairs]
    return [place for place, _ in inner] + [
        deeper
        for place, each in inner
        if isinstance(each, (dict, list))
        for deeper in places(each, place)
    ]


def at(document: Any, path: tuple[Any, ...]) -> Any:
    for key in path:
        document = document[key]
    return document


def edited(dice: random.Random) -> str:
    """Return the bundle with one edit: a value changed, taken out, put twice, or two exchanged."""
    document = json.loads(BUNDLE)
    path = dice.choice(places(document))
    parent, key = at(document, path[:-1]), path[-1]
    match dice.choice(["change", "change", "remove", "swap", "double", "cut"]):
        case "change":
            parent[key] = copy.deepcopy(dice.choice(VALUES))
        case "remove":
            del parent[key]
        case "swap":
            other = dice.choice(list(parent) if isinstance(parent, dict) else range(len(parent)))
            parent[key], parent[other] = parent[other], parent[key]
        case "double":
            if isinstance(parent, list):
                parent.insert(key, copy.deepcopy(parent[key]))
            else:
                parent[f"{key}_"] = copy.deepcopy(parent[key])
        case "cut":
            text = json.dumps(document)
            return text[: dice.randrange(len(text))]
    return json.dumps(document, ensure_ascii=dice.random() < 0.9, indent=dice.choice([None, 1]))


def storable(text: str) -> str:
    """Escape halves of surrogate pairs: no file in UTF-8 can hold them as they are."""
    return "".join(f"\\u{ord(c):04x}" if 0xD800 <= ord(c) < 0xE000 else c for c in text)


def test_both_say_that_the_real_bundle_holds_and_is_unsigned_without_keys(
    page_says,
):
    cases = [(BUNDLE, KEYS), (BUNDLE, None)]
    assert page_says(cases) == [python_says(*case) for case in cases]
    assert set(python_says(BUNDLE, KEYS).values()) == {"holds"}


def test_the_page_finds_every_edit_that_python_finds_and_is_milder_in_no_check(page_says):
    dice = random.Random(20)  # noqa: S311  # the same edits each time
    cases = [(storable(edited(dice)), KEYS if dice.random() < 0.8 else None) for _ in range(EDITS)]
    fails = 0
    for (bundle, keys), page in zip(cases, page_says(cases), strict=True):
        python = python_says(bundle, keys)
        assert ("fails" in page.values()) == ("fails" in python.values()), bundle
        for check, verdict in python.items():
            if verdict != "holds":
                assert page[check] == verdict, (check, bundle)
        fails += "fails" in python.values()
    assert fails > EDITS * 0.9, "an edit that changes nothing is rare"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"late": false', '"late": true, "late": false'),
        ("1.0,", "1,"),
        ("1.0,", "1.00,"),
        ("100000000000000000000", "1e20"),
        ("1e-07", "0.0000001"),
        ("-0.0,", "0.0,"),
        ("Firefox", "Fire\\u0066ox"),
        ("Firefox", "Firefox\\ud83d"),
        ("\\u00e9", "é"),
        ('"sequence": 1', '"sequence": 1.0'),
        ('"sequence": 1', '"sequence": true'),
    ],
)
def test_both_read_numbers_and_letters_alike(page_says, old, new):
    assert old in BUNDLE
    changed = BUNDLE.replace(old, new, 1)
    assert page_says([(changed, KEYS)]) == [python_says(changed, KEYS)]
