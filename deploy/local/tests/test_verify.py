"""`oep verify`: every change of a receipt is found, and nothing vouches for itself."""

import base64
import copy
import json
import subprocess
import sys
from pathlib import Path

import pytest
from chassis import signing
from chassis.signing import SigningKey
from hypothesis import given
from hypothesis import strategies as st
from oep_local import verify

KEY = SigningKey.derived("signs receipts in these tests", "tests")
KEYS = verify.keys_in({"keys": [signing.jwk(KEY.public)]})
GIVEN = [
    {"question_id": 3, "answer": ["é", 1.0, 10**20], "is_flagged": False, "revision": 2},
    {"question_id": 5, "answer": None, "is_flagged": True, "revision": 1},
    {"question_id": 9, "answer": False, "is_flagged": False, "revision": 7},
]


def hashed(answer: dict) -> dict:
    said = {**answer, "attempt_id": 12}
    names = ("question_id", "revision")
    return {name: answer[name] for name in names} | {"sha256": signing.sha256(said)}


def receipt(key: SigningKey = KEY, **changed) -> dict:
    listed = [hashed(answer) for answer in GIVEN]
    body = {
        "type": "oep.receipt.v1",
        "attempt_id": 12,
        "exam_id": 2,
        "student_id": 41,
        "submitted_at": "2026-03-01T10:00:00Z",
        "submit_reason": "student",
        "answers": listed,
        "answers_sha256": signing.sha256(listed),
        "last_event_sequence": None,
        "kid": key.kid,
    } | changed
    return {
        "receipt": body,
        "signature": base64.b64encode(key.sign(signing.canonical(body))).decode(),
        "kid": key.kid,
        "algorithm": "EdDSA",
    }


def holds(document, answers=None) -> bool:
    try:
        found = verify.findings(document, KEYS, answers)
    except ValueError:
        return False
    return all(verdict == verify.HOLDS for verdict, _ in found)


def places(value, path=()):
    """Yield the path of everything inside a JSON value."""
    inside = value.items() if isinstance(value, dict) else enumerate(value)
    for name, item in inside:
        yield (*path, name)
        if isinstance(item, (dict, list)):
            yield from places(item, (*path, name))


def at(document, path):
    for name in path:
        document = document[name]
    return document


PLACES = st.sampled_from(list(places(receipt())))
VALUES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(max_size=90)
    | st.just([])
    | st.just({})
)


def test_an_untouched_receipt_holds_with_its_answers():
    assert holds(receipt())
    assert holds(receipt(), GIVEN)
    assert holds(json.loads(json.dumps(receipt(), indent=3, sort_keys=True)))


@given(PLACES, VALUES)
def test_every_single_edit_is_found(path, value):
    document = receipt()
    parent = at(document, path[:-1])
    before = parent[path[-1]]
    parent[path[-1]] = value
    if json.dumps(before, sort_keys=True) != json.dumps(value, sort_keys=True):
        assert not holds(document)


@given(PLACES.filter(lambda path: isinstance(at(receipt(), path), str)), st.data())
def test_every_changed_character_is_found(path, data):
    document = receipt()
    parent, text = at(document, path[:-1]), at(document, path)
    place = data.draw(st.integers(0, len(text) - 1))
    letter = data.draw(st.characters(codec="utf-8").filter(lambda c: c != text[place]))
    parent[path[-1]] = text[:place] + letter + text[place + 1 :]
    assert not holds(document)


@given(PLACES)
def test_every_deletion_is_found(path):
    document = receipt()
    del at(document, path[:-1])[path[-1]]
    assert not holds(document)


@given(PLACES.filter(lambda path: isinstance(at(receipt(), path), dict)), st.text(), VALUES)
def test_every_addition_is_found(path, name, value):
    for where in (path, ()):
        document = receipt()
        inside = at(document, where)
        if name not in inside:
            inside[name] = value
            assert not holds(document)


@given(PLACES, PLACES)
def test_every_swap_is_found(one, other):
    document = receipt()
    if one == other[: len(one)] or other == one[: len(other)]:
        return
    before = copy.deepcopy(document)
    first, second = at(document, one), at(document, other)
    at(document, one[:-1])[one[-1]], at(document, other[:-1])[other[-1]] = second, first
    if document != before:
        assert not holds(document)


@given(st.integers(0, len(json.dumps(receipt())) - 1))
def test_every_truncation_is_found(size):
    text = json.dumps(receipt())[:size].encode()
    with pytest.raises(verify.NotReadable):
        verify.parse(text, "the file")


def test_every_way_to_write_the_last_base64_character_but_ours_is_found():
    document = receipt()
    start = document["signature"][:-3]
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    documents = [{**document, "signature": f"{start}{letter}=="} for letter in letters]
    assert [d["signature"] for d in documents if holds(d)] == [document["signature"]]


def test_a_name_that_stands_twice_is_refused():
    text = json.dumps(receipt()).replace('"exam_id": 2', '"exam_id": 7, "exam_id": 2')
    with pytest.raises(verify.NotReadable, match="says something twice"):
        verify.parse(text.encode(), "the file")


def test_the_key_of_another_is_not_enough():
    forger = SigningKey.derived("a forger's secret", "tests")
    assert not holds(receipt(forger))
    assert not holds(receipt(forger, kid=KEY.kid) | {"kid": KEY.kid})
    renamed = {"keys": [signing.jwk(forger.public) | {"kid": KEY.kid}]}
    assert KEY.kid not in verify.keys_in(renamed), "a key is known by its thumbprint alone"


@given(st.integers(0, 2), st.sampled_from(["answer", "is_flagged", "revision"]), VALUES)
def test_every_changed_answer_is_found(place, name, value):
    answers = copy.deepcopy(GIVEN)
    before = answers[place][name]
    answers[place][name] = value
    is_changed = json.dumps(before) != json.dumps(value)
    assert holds(receipt(), answers) != is_changed


@pytest.mark.parametrize("answers", [GIVEN[:2], [*GIVEN, GIVEN[0]], [], {}, [7], "x", [{}]])
def test_missing_doubled_and_senseless_answers_are_found(answers):
    assert not holds(receipt(), answers)


@pytest.mark.parametrize("document", [None, [], 7, "x", {}, {"receipt": []}, {"a": {"type": []}}])
def test_what_is_no_document_is_said_to_be_none(document):
    with pytest.raises(verify.NotReadable, match="none of"):
        verify.findings(document, KEYS)


@pytest.mark.parametrize("jwks", [None, [], {}, {"keys": 7}, {"keys": [{"crv": "Ed25519"}]}])
def test_what_is_no_jwks_is_said_to_be_none(jwks):
    with pytest.raises(verify.NotReadable, match="no JWKS"):
        verify.keys_in(jwks)


@pytest.fixture
def files(tmp_path):
    def write(name: str, content) -> str:
        path = tmp_path / name
        path.write_text(json.dumps(content))
        return str(path)

    return write


def test_the_file_works_alone(files, tmp_path):
    alone = tmp_path / "verify.py"
    alone.write_text(Path(verify.__file__).read_text())
    words = [files("r.json", receipt()), "--answers", files("a.json", GIVEN)]
    keys = files("k.json", {"keys": [signing.jwk(KEY.public)]})
    done = subprocess.run(
        [sys.executable, "-I", str(alone), *words, "--keys", keys],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [
        "holds        the list of answers",
        f"holds        signed with {KEY.kid}",
        "holds        answer to question 3",
        "holds        answer to question 5",
        "holds        answer to question 9",
    ]


def test_without_keys_it_says_what_was_not_checked(files, capsys):
    assert verify.main([files("r.json", receipt())]) == 1
    said = capsys.readouterr().out
    assert "holds        the list of answers" in said
    assert "NOT CHECKED  who signed it" in said


def test_a_changed_file_ends_with_one_and_says_why(files, capsys):
    document = receipt()
    document["receipt"]["last_event_sequence"] = 5
    keys = files("k.json", {"keys": [signing.jwk(KEY.public)]})
    assert verify.main([files("r.json", document), "--keys", keys]) == 1
    assert "FAILS        the signature does not belong" in capsys.readouterr().out


@pytest.mark.parametrize("words", [["/no/such/file"], [__file__], [__file__, "--url", "ftp:x"]])
def test_what_cannot_be_read_is_told_in_one_line(words, capsys):
    assert verify.main(words) == 1
    assert len(capsys.readouterr().err.splitlines()) == 1
