"""What is written is read back as it was, in both versions, and is what QTI prescribes."""

import io
import re
import zipfile
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from attempts.drafting import MAX_OPTIONS
from attempts.exam import ExamPaper
from attempts.exchange import package, writing
from attempts.exchange.dialect import DIALECTS, QtiVersion
from attempts.exchange.picture import look
from attempts.question import Difficulty, Image, Question, QuestionType
from defusedxml import ElementTree
from hypothesis import given
from hypothesis import strategies as st

NOW = datetime(2026, 3, 1, tzinfo=UTC)
VERSIONS = list(QtiVersion)


@pytest.fixture(scope="session")
def paper_of(exam_like) -> Callable[..., ExamPaper]:
    """Return a function that makes an exam of questions."""
    exam = exam_like(
        id=7, title="Exam <7> & more", duration_minutes=90, total_marks=10.0, passing_marks=5.0
    )
    return lambda *questions: ExamPaper(exam, questions)


def files(packed: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def same(question: Question, fields: dict) -> None:
    kept = ("question_text", "question_type", "options", "explanation", "difficulty")
    assert {name: fields[name] for name in kept} == {name: getattr(question, name) for name in kept}
    assert fields["correct_answer"] == list(question.correct_answer)
    assert (fields["marks"], fields["negative_marks"]) == (question.marks, question.negative_marks)
    assert fields["tags"] == (list(question.tags) if question.tags else None)


@pytest.fixture(scope="session")
def four(question_of) -> tuple[Question, ...]:
    choice = question_of(
        id=1,
        question_text="Which,\n\nof these?",
        options={"A": "one", "B": "two  spaces", "10": "<b>&amp;", "Ä": " tab\t"},
        correct_answer=("A", "Ä"),
        explanation="Because.\nSo.",
        difficulty=Difficulty.HARD,
        marks=2.5,
        negative_marks=0.25,
        tags=("a", "b c"),
    )
    plain = {"options": None, "negative_marks": 0.0}
    kinds = QuestionType
    return (
        choice,
        replace(choice, id=2, correct_answer=("10",), tags=None, explanation=None),
        question_of(id=3, question_type=kinds.TRUE_FALSE, correct_answer=("true",), options=None),
        question_of(id=4, question_type=kinds.SHORT_ANSWER, correct_answer=("ohm", "Ω <"), **plain),
        question_of(id=5, question_type=kinds.SHORT_ANSWER, correct_answer=(), **plain),
        question_of(
            id=6, question_type=kinds.ESSAY, correct_answer=("Long.",), explanation="x", **plain
        ),
        question_of(id=7, question_type=kinds.ESSAY, correct_answer=(), **plain),
        question_of(id=8, question_text="Of\n____", question_type=kinds.SHORT_ANSWER, **plain),
    )


@pytest.mark.parametrize("version", VERSIONS)
def test_the_four_types_come_back_as_they_were(paper_of, four, version):
    taken = package.read(writing.write(paper_of(*four), {}, version))
    for question, draft in zip(four, taken.drafts, strict=True):
        same(question, draft.fields)


@pytest.mark.parametrize("version", VERSIONS)
def test_images_come_back_where_they_were(paper_of, question_of, png, version):
    other = look(b"GIF89a")
    images = (
        Image(1, look(png).sha256, "image/png", 'a "dot"'),
        Image(2, other.sha256, other.media_type, ""),
    )
    options = {"A": "[image 2]", "B": "no [image 9]"}
    question = question_of(question_text="See [image 1]!", options=options, images=images)
    contents = {look(png).sha256: png, other.sha256: b"GIF89a"}
    [draft] = package.read(writing.write(paper_of(question), contents, version)).drafts
    same(question, draft.fields)
    assert [(shown.picture.sha256, shown.alternative) for shown in draft.shown] == [
        (image.sha256, image.alternative) for image in images
    ]


def test_an_image_that_no_text_names_any_more_is_not_lost(paper_of, question_of, png):
    image = Image(1, look(png).sha256, "image/png", "dot")
    packed = writing.write(
        paper_of(question_of(images=(image,))), {image.sha256: png}, QtiVersion.QTI_3
    )
    [draft] = package.read(packed).drafts
    assert draft.fields["question_text"] == "Which?\n[image 1]"


TEXT = st.text(
    st.characters(exclude_categories=["Cs", "Cc"], include_characters="\n\t"), min_size=1
).filter(lambda text: bool(text.strip()) and "\ufffe" not in text and "\uffff" not in text)
KEY = st.text(st.characters(exclude_categories=["Cs", "Cc", "Z"]), min_size=1, max_size=10)


@pytest.mark.parametrize("version", VERSIONS)
def test_any_text_and_any_option_key_comes_back(paper_of, question_of, version):
    @given(TEXT, st.dictionaries(KEY, TEXT, min_size=1, max_size=MAX_OPTIONS))
    def comes_back(text: str, options: dict[str, str]) -> None:
        told = {key: f"{n} {option}" for n, (key, option) in enumerate(options.items())}
        question = question_of(question_text=text, options=told, correct_answer=(next(iter(told)),))
        [draft] = package.read(writing.write(paper_of(question), {}, version)).drafts
        same(question, draft.fields)

    comes_back()


def test_characters_that_xml_cannot_say_are_replaced(paper_of, question_of):
    question = question_of(question_text="a\x01b\r\nc\rd\ufffe")
    [draft] = package.read(writing.write(paper_of(question), {}, QtiVersion.QTI_21)).drafts
    assert draft.fields["question_text"] == "a\ufffdb\nc\nd\ufffd"


@pytest.mark.parametrize("version", VERSIONS)
def test_the_same_exam_gives_the_same_bytes(paper_of, four, version):
    first, second = (writing.write(paper_of(*four), {}, version) for _ in range(2))
    assert first == second


@pytest.mark.parametrize("version", VERSIONS)
def test_the_manifest_lists_every_file_once_with_its_type(paper_of, question_of, png, version):
    dialect = DIALECTS[version]
    image = Image(1, look(png).sha256, "image/png", "dot")
    question = question_of(question_text="[image 1]", images=(image,))
    packed = files(writing.write(paper_of(question), {image.sha256: png}, version))
    root = ElementTree.fromstring(packed["imsmanifest.xml"])
    space = f"{{{dialect.manifest_namespace}}}"
    assert root.tag == f"{space}manifest"
    said = [root.findtext(f"{space}metadata/{space}{name}") for name in ("schema", "schemaversion")]
    assert said == [dialect.package, dialect.package_version]
    types = [resource.get("type") for resource in root.iter(f"{space}resource")]
    assert types == [dialect.test_type, dialect.item_type]
    listed = sorted(file.get("href") for file in root.iter(f"{space}file"))
    assert listed == sorted(set(packed) - {"imsmanifest.xml"})
    names = {resource.get("identifier") for resource in root.iter(f"{space}resource")}
    wanted = {needed.get("identifierref") for needed in root.iter(f"{space}dependency")}
    assert wanted <= names


CHILDREN = [
    "responseDeclaration",
    "outcomeDeclaration",
    "itemBody",
    "responseProcessing",
    "modalFeedback",
]
"""In the order that the schema of both versions prescribes."""


@pytest.mark.parametrize("version", VERSIONS)
def test_an_item_has_its_parts_in_the_order_of_the_schema(paper_of, four, version):
    dialect = DIALECTS[version]
    order = [f"{{{dialect.namespace}}}{dialect.element(name)}" for name in CHILDREN]
    packed = files(writing.write(paper_of(*four), {}, version))
    items = [ElementTree.fromstring(packed[name]) for name in packed if "items/" in name]
    assert len(items) == len(four)
    for item in items:
        found = [order.index(child.tag) for child in item]
        assert found == sorted(found)
        assert {"identifier", "title", "adaptive", dialect.attribute("timeDependent")} <= set(
            item.attrib
        )


@pytest.mark.parametrize("version", VERSIONS)
def test_identifiers_are_names_of_xml(paper_of, question_of, version):
    options = {"1": "a", "A b": "b", "key.31": "c", "": "d", "Ä": "e", "ok_-1": "f"}
    question = question_of(options=options, correct_answer=("",))
    packed = writing.write(paper_of(question), {}, version)
    root = ElementTree.fromstring(files(packed)["items/question-1.xml"])
    named = [node.get("identifier") for node in root.iter() if node.get("identifier")]
    assert len(named) > len(options)
    assert all(re.fullmatch(r"[A-Za-z_][A-Za-z0-9_.-]*", name) for name in named)
    assert package.read(packed).drafts[0].fields["options"] == options


def test_a_choice_is_judged_as_we_judge_it(paper_of, four):
    packed = files(writing.write(paper_of(four[0]), {}, QtiVersion.QTI_21))
    xml = packed["items/question-1.xml"].decode()
    assert 'cardinality="multiple" baseType="identifier"' in xml
    assert 'normalMaximum="2.5" normalMinimum="-0.25"' in xml
    assert (
        '<match><variable identifier="RESPONSE" /><correct identifier="RESPONSE" /></match>' in xml
    )
    assert '<baseValue baseType="float">2.5</baseValue>' in xml
    assert '<baseValue baseType="float">-0.25</baseValue>' in xml
    assert 'maxChoices="0"' in xml


@pytest.mark.parametrize(
    ("version", "is_said"), [(QtiVersion.QTI_3, True), (QtiVersion.QTI_21, False)]
)
def test_what_people_mark_is_not_judged_by_the_item(paper_of, four, version, is_said):
    xml = files(writing.write(paper_of(four[6]), {}, version))["items/question-7.xml"].decode()
    assert "rocessing" not in xml
    assert ('external-scored="human"' in xml) is is_said


@pytest.mark.parametrize("version", VERSIONS)
def test_the_test_asks_the_items_in_order_with_the_time_of_the_exam(paper_of, four, version):
    dialect = DIALECTS[version]
    packed = files(writing.write(paper_of(*four), {}, version))
    root = ElementTree.fromstring(packed["test.xml"])
    space = f"{{{dialect.namespace}}}"
    limits = root.find(f"{space}{dialect.element('timeLimits')}")
    assert limits.get(dialect.attribute("maxTime")) == "5400"
    refs = [r.get("href") for r in root.iter(f"{space}{dialect.element('assessmentItemRef')}")]
    assert refs == [f"items/question-{question.id}.xml" for question in four]
    assert root.get("title") == "Exam <7> & more"
