"""QTI packages, read: the sample packages, and what each class of the specification becomes.

The samples are written in the shape of the packages that 1EdTech publishes as examples: one for
each version, with the same five items. The rules are named by the classes of QTI's information
model.
"""

import pytest
from attempts.exchange import package
from attempts.exchange.package import Flawed
from attempts.question import Difficulty, QuestionType

FUSE = {
    "question_text": "Look at the part in the picture.\n[image 1]\n"
    "What does it do when the current is too high?",
    "question_type": QuestionType.MULTIPLE_CHOICE,
    "options": {"A": "It closes the circuit", "B": "It opens the circuit", "C": "Nothing"},
    "correct_answer": ["B"],
    "explanation": None,
    "difficulty": Difficulty.HARD,
    "marks": 2.0,
    "negative_marks": 0.5,
    "tags": ["protection", "low voltage"],
}
PLAIN = {"explanation": None, "difficulty": Difficulty.MEDIUM, "tags": None, "negative_marks": 0.0}
METALS = PLAIN | {
    "question_text": "Which of these are metals?",
    "question_type": QuestionType.MULTIPLE_CHOICE,
    "options": {"A": "Copper", "B": "PVC", "C": "Aluminium"},
    "correct_answer": ["A", "C"],
    "marks": 3.0,
}
EARTH = PLAIN | {
    "question_text": "The earth wire is blue.",
    "question_type": QuestionType.TRUE_FALSE,
    "options": None,
    "correct_answer": ["false"],
    "marks": 1.0,
}
UNIT = PLAIN | {
    "question_text": "Resistance is measured in ____, and 1 m² is an area.",
    "question_type": QuestionType.SHORT_ANSWER,
    "options": None,
    "correct_answer": ["ohm", "Ω"],
    "marks": 1.5,
}
REPORT = PLAIN | {
    "question_text": "Write whole sentences.\nA machine\nA switch\nHow do you make it safe?",
    "question_type": QuestionType.ESSAY,
    "options": None,
    "correct_answer": [],
    "marks": 10.0,
}


def flaws(content: bytes) -> list[str]:
    with pytest.raises(Flawed) as refused:
        package.read(content)
    return [str(flaw) for flaw in refused.value.flaws]


def only(content: bytes) -> dict:
    [draft] = package.read(content).drafts
    return draft.fields


@pytest.mark.parametrize("version", ["qti3", "qti21"])
def test_a_sample_package_is_read_whole(sample, png, version):
    taken = package.read(sample(version))
    assert [draft.fields for draft in taken.drafts] == [FUSE, METALS, EARTH, UNIT, REPORT]
    [shown] = taken.drafts[0].shown
    assert (shown.picture.content, shown.alternative) == (png, "a glass fuse")
    assert [str(note) for note in taken.notes] == [
        "items/fuse.xml, fuse: its feedback is left out",
        "items/report.xml, report: a rubric that is not for candidates is left out",
    ]


def test_every_flaw_is_told_with_file_and_item_and_nothing_is_taken(sample):
    said = flaws(
        sample(
            "qti3",
            **{
                "items/fuse.xml": "<x",
                "items/metals.xml": "<other/>",
                "items/images/fuse.png": "",
            },
        )
    )
    assert said == [
        "items/fuse.xml, fuse: is not readable as XML without a document type",
        "items/metals.xml, metals: is no assessmentItem of QTI 2.1 or QTI 3",
    ]


def test_manifest_a_package_has_one(pack):
    assert flaws(pack({"a.xml": ""})) == ["imsmanifest.xml: is not in the package"]


@pytest.mark.parametrize("kind", ["imsqti_item_xmlv2p0", "imsqti_xmlv1p2", "webcontent"])
def test_resource_type_says_what_an_item_is(alone, kind):
    manifest = f'<manifest><resources><resource type="{kind}" href="i.xml"/></resources></manifest>'
    said = flaws(alone(files={"imsmanifest.xml": manifest}))
    assert said == ["imsmanifest.xml: lists no items of QTI 2.1 or QTI 3"]


@pytest.mark.parametrize("href", ["", "../i.xml", "/i.xml", "http://x/i.xml", "file:i.xml", "//["])
def test_resource_href_stays_in_the_package(alone, href):
    manifest = (
        f'<manifest><resources><resource identifier="r" type="imsqti_item_xmlv3p0" href="{href}"/>'
        "</resources></manifest>"
    )
    said = flaws(alone(files={"imsmanifest.xml": manifest}))
    assert said == ["imsmanifest.xml, r: has no file in here"]


def test_resource_of_a_test_is_told_as_left_out(alone):
    manifest = """<manifest><resources><resource type="imsqti_test_xmlv3p0" href="t.xml"/>
    <resource type="imsqti_item_xmlv3p0" href="i.xml"/></resources></manifest>"""
    taken = package.read(alone(files={"imsmanifest.xml": manifest}))
    assert "a test is not read as one" in str(taken.notes[0])


@pytest.mark.parametrize(
    ("word", "difficulty"),
    [
        ("very easy", "easy"),
        ("easy", "easy"),
        ("medium", "medium"),
        ("difficult", "hard"),
        ("x", "medium"),
    ],
)
def test_lom_difficulty_in_its_vocabulary(alone, word, difficulty):
    manifest = f"""<manifest><resources><resource type="imsqti_item_xmlv3p0" href="i.xml">
    <metadata><lom xmlns="http://ltsc.ieee.org/xsd/LOM"><educational><difficulty>
    <value>{word}</value></difficulty></educational></lom></metadata>
    </resource></resources></manifest>"""
    assert only(alone(files={"imsmanifest.xml": manifest}))["difficulty"] == difficulty


@pytest.mark.parametrize(
    ("interaction", "name"),
    [
        ("order", "orderInteraction"),
        ("match", "matchInteraction"),
        ("inline-choice", "inlineChoiceInteraction"),
        ("upload", "uploadInteraction"),
        ("portable-custom", "portableCustomInteraction"),
    ],
)
def test_interaction_only_three_classes_are_asked(alone, interaction, name):
    body = f'<qti-{interaction}-interaction response-identifier="RESPONSE"/>'
    assert flaws(alone(body=body)) == [f"i.xml, i: cannot be asked: {name}"]


def test_interaction_exactly_one_for_an_item(alone, choices, essay):
    assert flaws(alone(body="<p>?</p>")) == ["i.xml, i: must have one interaction and has 0"]
    said = flaws(alone(body=f"<p>?</p>{choices}{essay}"))
    assert said == ["i.xml, i: must have one interaction and has 2"]


@pytest.mark.parametrize(
    ("old", "new", "flaw"),
    [
        ('time-dependent="false"', 'adaptive="true"', "it is adaptive"),
        ("<qti-item-body>", "<qti-template-declaration/><qti-item-body>", "by lot"),
        ("<qti-item-body>", "<qti-assessment-stimulus-ref/><qti-item-body>", "shares a stimulus"),
        ('identifier="RESPONSE" cardinality', 'identifier="R" cardinality', "does not declare"),
        ("imsqtiasi_v3p0", "imsqti_v2p0", "is no assessmentItem"),
    ],
)
def test_assessment_item_what_cannot_be_asked_is_refused(alone, xml, old, new, flaw):
    assert old in xml()
    [said] = flaws(alone(xml().replace(old, new)))
    assert flaw in said


def declared(cardinality: str, *values: str, mapping: str = "", kind: str = "identifier") -> str:
    listed = "".join(f"<qti-value>{value}</qti-value>" for value in values)
    correct = f"<qti-correct-response>{listed}</qti-correct-response>" if values else ""
    return (
        f'<qti-response-declaration identifier="RESPONSE" cardinality="{cardinality}"'
        f' base-type="{kind}">{correct}{mapping}</qti-response-declaration>'
    )


@pytest.mark.parametrize(
    ("declaration", "flaw"),
    [
        (declared("single", "z"), "its key names choices that it does not have: z"),
        (declared("single", "x", "y"), "several correct choices where one may be chosen"),
        (declared("ordered", "x"), "cardinality single or multiple"),
    ],
)
def test_response_declaration_its_key_fits_the_choices(alone, declaration, flaw):
    [said] = flaws(alone(declared=declaration))
    assert flaw in said


def test_correct_response_is_the_key(alone):
    assert only(alone(declared=declared("multiple", "y", "x")))["correct_answer"] == ["B", "A"]


def test_correct_response_may_be_missing_then_a_person_marks(alone):
    taken = package.read(alone(declared=declared("single")))
    assert taken.drafts[0].fields["correct_answer"] == []
    assert [note.message for note in taken.notes] == ["has no key: a person must mark it"]


MAPPING = """<qti-mapping {} default-value="0"><qti-map-entry map-key="x" mapped-value="2"/>
<qti-map-entry map-key="y" mapped-value="3"/></qti-mapping>"""


@pytest.mark.parametrize(("bound", "marks"), [("", 5.0), ('upper-bound="4"', 4.0)])
def test_mapping_is_the_key_where_no_other_is_and_parts_are_told(alone, bound, marks):
    taken = package.read(alone(declared=declared("multiple", mapping=MAPPING.format(bound))))
    fields = taken.drafts[0].fields
    assert (fields["correct_answer"], fields["marks"]) == (["B", "A"], marks)
    assert "marks for a part of the key are not kept" in taken.notes[0].message


@pytest.mark.parametrize("normal", ["normal-maximum='20000'", "normal-minimum='-10001'"])
def test_outcome_declaration_marks_have_bounds(alone, normal):
    score = f'<qti-outcome-declaration identifier="SCORE" {normal}/>'
    [said] = flaws(alone(declared=declared("single", "y") + score))
    assert "must be from 0 to 10000" in said


def test_set_outcome_value_the_most_that_score_is_set_to_is_the_marks(alone):
    rules = "".join(
        f'<qti-set-outcome-value identifier="{outcome}"><qti-base-value base-type="float">{value}'
        "</qti-base-value></qti-set-outcome-value>"
        for outcome, value in (("SCORE", 2.5), ("SCORE", 0), ("SCORE", -1), ("OTHER", 9))
    )
    more = f"<qti-response-processing>{rules}</qti-response-processing>"
    assert only(alone(more=more))["marks"] == 2.5
    most = '<qti-outcome-declaration identifier="SCORE" normal-maximum="7"/>'
    assert only(alone(declared=declared("single", "y") + most, more=more))["marks"] == 7.0


@pytest.mark.parametrize("worth", ["nan", "inf", "many", ""])
def test_outcome_declaration_marks_that_are_no_number_are_one(alone, worth):
    score = f'<qti-outcome-declaration identifier="SCORE" normal-maximum="{worth}"/>'
    assert only(alone(declared=declared("single", "y") + score))["marks"] == 1.0


def interaction(*listed: tuple[str, str]) -> str:
    inside = "".join(
        f'<qti-simple-choice identifier="{name}">{text}</qti-simple-choice>'
        for name, text in listed
    )
    return (
        '<p>?</p><qti-choice-interaction response-identifier="RESPONSE">'
        f"{inside}</qti-choice-interaction>"
    )


@pytest.mark.parametrize(
    ("listed", "flaw"),
    [
        ([("y", "one"), ("y", "two")], "an identifier of their own"),
        ([("y", "one"), ("z", "one")], "two of its choices read the same"),
        ([("y", "one"), ("z", "")], "a choice has no text"),
        ([("y", "t")] + [(f"n{n}", f"{n}") for n in range(50)], "must have 1 to 50 choices"),
    ],
)
def test_simple_choice_each_has_a_name_and_a_text_of_its_own(alone, listed, flaw):
    assert any(flaw in said for said in flaws(alone(body=interaction(*listed))))


def test_simple_choice_keys_sort_as_the_choices_stand(alone):
    listed = [(f"n{n}", f"text {n}") for n in range(30)]
    options = only(alone(body=interaction(*listed), declared=declared("single", "n29")))["options"]
    assert sorted(options.items()) == list(options.items())
    assert list(options.values()) == [text for _, text in listed]


def test_extended_text_its_correct_response_is_a_model_answer(alone, essay):
    fields = only(
        alone(body=f"<p>Why?</p>{essay}", declared=declared("single", "So.", kind="string"))
    )
    assert (fields["question_type"], fields["correct_answer"]) == (QuestionType.ESSAY, ["So."])


@pytest.mark.parametrize("kind", ["text-entry", "extended-text"])
def test_response_declaration_a_record_is_refused(alone, kind):
    body = f'<p>? <qti-{kind}-interaction response-identifier="RESPONSE"/></p>'
    said = flaws(alone(body=body, declared=declared("record", kind="string")))
    assert said == ["i.xml, i: cannot be asked: its response is a record"]


def test_modal_feedback_only_our_explanation_is_kept_and_never_its_images(alone, png):
    more = """<qti-modal-feedback identifier="explanation"><qti-content-body><p>Because
    <img src="p.png" alt="key"/></p></qti-content-body></qti-modal-feedback>
    <qti-modal-feedback identifier="other"><p>No</p></qti-modal-feedback>"""
    taken = package.read(alone(more=more, files={"p.png": png}))
    [draft] = taken.drafts
    assert (draft.fields["explanation"], draft.shown) == ("Because", ())
    assert [note.message for note in taken.notes] == [
        "an image of its explanation is left out",
        "its feedback is left out",
    ]


def test_an_item_that_asks_nothing_is_refused(alone, choices):
    assert flaws(alone(body=choices)) == ["i.xml, i: asks nothing: its body has no text"]


def test_a_text_has_at_most_20000_characters(alone, choices):
    said = flaws(alone(body=f"<p>{'a' * 20_001}</p>{choices}"))
    assert said == ["i.xml, i: a text must not be longer than 20000 characters"]
