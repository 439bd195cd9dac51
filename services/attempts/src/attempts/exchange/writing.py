"""An exam as a QTI package: a manifest, a test, an item for each question, and their images.

The same exam always gives the same bytes. Keys are in it: a package is for staff.
"""

import io
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from attempts.exam import Exam, ExamPaper
from attempts.exchange import markup
from attempts.exchange.dialect import DIALECTS, Dialect, QtiVersion
from attempts.exchange.item import EXPLANATION, TOOL
from attempts.exchange.letters import identifier
from attempts.exchange.package import MANIFEST
from attempts.exchange.picture import MEDIA_TYPES
from attempts.question import Difficulty, Image, Question, QuestionType

_XSI = "http://www.w3.org/2001/XMLSchema-instance"
_LOM = "http://ltsc.ieee.org/xsd/LOM"
_DIFFICULTIES = {
    Difficulty.EASY: "easy",
    Difficulty.MEDIUM: "medium",
    Difficulty.HARD: "difficult",
}
_TEST = "test.xml"
_THEN = (1980, 1, 1, 0, 0, 0)
"""The first moment that a zip can say."""
_TITLE = 80

Contents = Mapping[str, bytes]
"""The bytes of images by their SHA-256."""


def write(paper: ExamPaper, contents: Contents, version: QtiVersion) -> bytes:
    """Return the package of an exam; marks are those that count in the exam."""
    dialect = DIALECTS[version]
    items = [_Item(question, dialect) for question in paper.questions]
    files = {
        MANIFEST: _manifest(paper.exam, items, dialect),
        _TEST: _test(paper.exam, items, dialect),
    }
    files |= {item.path: item.written() for item in items}
    shown = {image for item in items for image in item.question.images}
    files |= {_image_path(image): contents[image.sha256] for image in shown}
    return _zipped(files)


def _zipped(files: Mapping[str, bytes]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name, _THEN), content, zipfile.ZIP_DEFLATED)
    return packed.getvalue()


def _image_path(image: Image) -> str:
    return f"images/{image.sha256}.{MEDIA_TYPES[image.media_type]}"


def _bytes(root: Element) -> bytes:
    written: bytes = tostring(root, encoding="UTF-8", xml_declaration=True)
    return written + b"\n"


def _root(name: str, namespace: str, schema: str, **attributes: str) -> Element:
    located = {"xmlns:xsi": _XSI, "xsi:schemaLocation": f"{namespace} {schema}"}
    return Element(name, {"xmlns": namespace} | located | attributes)


@dataclass(frozen=True)
class _Item:
    question: Question
    dialect: Dialect

    @property
    def name(self) -> str:
        return f"question-{self.question.id}"

    @property
    def path(self) -> str:
        return f"items/{self.name}.xml"

    def written(self) -> bytes:
        question = self.question
        tag, attribute = self.dialect.element, self.dialect.attribute
        root = _root(
            tag("assessmentItem"),
            self.dialect.namespace,
            self.dialect.schema,
            identifier=self.name,
            title=" ".join(markup.storable(question.question_text).split())[:_TITLE] or self.name,
            adaptive="false",
            **{attribute("timeDependent"): "false", attribute("toolName"): TOOL},
        )
        choices = _choices(question)
        self._declare_response(root, choices)
        self._declare_outcomes(root)
        self._add_body(root, choices)
        self._add_processing(root)
        self._add_explanation(root)
        return _bytes(root)

    def _add(self, parent: Element, name: str, text: str = "", **attributes: object) -> Element:
        """Add an element by its name of QTI 2.1; attributes likewise."""
        spelled = {self.dialect.attribute(key): _said(value) for key, value in attributes.items()}
        added = SubElement(parent, self.dialect.element(name), spelled)
        added.text = markup.storable(text) or None
        return added

    def _declare_response(self, root: Element, choices: Mapping[str, str]) -> None:
        question = self.question
        key = _key(question)
        is_many = question.question_type is QuestionType.MULTIPLE_CHOICE and len(key) > 1
        declared = self._add(
            root,
            "responseDeclaration",
            identifier="RESPONSE",
            cardinality="multiple" if is_many else "single",
            baseType="identifier" if choices else "string",
        )
        if key:
            response = self._add(declared, "correctResponse")
            for entry in key if choices else key[:1]:
                self._add(response, "value", entry)
        if key and not choices:
            mapping = self._add(declared, "mapping", defaultValue=0)
            for entry in key:
                said = markup.storable(entry)
                self._add(mapping, "mapEntry", mapKey=said, mappedValue=question.marks)

    def _declare_outcomes(self, root: Element) -> None:
        question = self.question
        by_hand = {"externalScored": "human"} if self.dialect.is_prefixed else {}
        self._add(
            root,
            "outcomeDeclaration",
            identifier="SCORE",
            cardinality="single",
            baseType="float",
            normalMaximum=question.marks,
            normalMinimum=-question.negative_marks,
            **({} if question.is_auto_gradable else by_hand),
        )
        most = self._outcome(root, "MAXSCORE", "float")
        self._add(self._add(most, "defaultValue"), "value", _said(question.marks))
        if question.explanation:
            self._outcome(root, "FEEDBACK", "identifier")

    def _outcome(self, root: Element, name: str, kind: str) -> Element:
        return self._add(
            root, "outcomeDeclaration", identifier=name, cardinality="single", baseType=kind
        )

    def _add_body(self, root: Element, choices: Mapping[str, str]) -> None:
        question = self.question
        images = {image.number: image for image in question.images}
        body = self._add(root, "itemBody")
        markup.write(body, question.question_text, images, _from_item)
        named = {n for t in _texts(question) for n in markup.numbers_in(t)}
        for number in sorted(images.keys() - named):
            markup.write(body, f"[image {number}]", images, _from_item)
        if question.question_type is QuestionType.SHORT_ANSWER:
            line = SubElement(body, "p")
            self._add(line, "textEntryInteraction", responseIdentifier="RESPONSE")
        elif question.question_type is QuestionType.ESSAY:
            self._add(body, "extendedTextInteraction", responseIdentifier="RESPONSE")
        else:
            self._add_choices(body, choices, images)

    def _add_choices(
        self, body: Element, choices: Mapping[str, str], images: Mapping[int, Image]
    ) -> None:
        most = 0 if len(_key(self.question)) > 1 else 1
        asked = self._add(
            body,
            "choiceInteraction",
            responseIdentifier="RESPONSE",
            shuffle="false",
            maxChoices=most,
        )
        for name, text in choices.items():
            markup.write(
                self._add(asked, "simpleChoice", identifier=name), text, images, _from_item
            )

    def _add_processing(self, root: Element) -> None:
        """Say how the answer is judged; what people mark is not judged here."""
        question = self.question
        if not question.is_auto_gradable and not question.explanation:
            return
        processing = self._add(root, "responseProcessing")
        if question.is_auto_gradable:
            condition = self._add(processing, "responseCondition")
            right = self._add(condition, "responseIf")
            match = self._add(right, "match")
            self._add(match, "variable", identifier="RESPONSE")
            self._add(match, "correct", identifier="RESPONSE")
            self._set(right, "SCORE", "float", _said(question.marks))
            wrong = self._add(condition, "responseElseIf")
            empty = self._add(self._add(wrong, "not"), "isNull")
            self._add(empty, "variable", identifier="RESPONSE")
            self._set(wrong, "SCORE", "float", _said(-question.negative_marks))
        if question.explanation:
            self._set(processing, "FEEDBACK", "identifier", EXPLANATION)

    def _set(self, parent: Element, outcome: str, kind: str, value: str) -> None:
        rule = self._add(parent, "setOutcomeValue", identifier=outcome)
        self._add(rule, "baseValue", value, baseType=kind)

    def _add_explanation(self, root: Element) -> None:
        explanation = self.question.explanation
        if not explanation:
            return
        feedback = self._add(
            root,
            "modalFeedback",
            outcomeIdentifier="FEEDBACK",
            showHide="show",
            identifier=EXPLANATION,
        )
        if self.dialect.is_prefixed:
            feedback = self._add(feedback, "contentBody")
        markup.write(feedback, explanation, {}, _from_item)


def _from_item(image: Image) -> str:
    return f"../{_image_path(image)}"


def _said(value: object) -> str:
    """Return a value as XML says it: whole numbers without a point, no negative zero."""
    if isinstance(value, float):
        return f"{int(value)}" if value.is_integer() else repr(value)
    return str(value)


def _texts(question: Question) -> Iterator[str]:
    yield question.question_text
    yield from question.choices.values()


def _choices(question: Question) -> dict[str, str]:
    """Return the identifiers and texts of what is chosen from; nothing where one writes."""
    if question.question_type is QuestionType.TRUE_FALSE:
        return {"true": "True", "false": "False"}
    if question.question_type is QuestionType.MULTIPLE_CHOICE:
        return {identifier(key): text for key, text in question.choices.items()}
    return {}


def _key(question: Question) -> list[str]:
    """Return the key in the words of the item."""
    if question.question_type is QuestionType.TRUE_FALSE:
        truth = question.truth_key
        return [] if truth is None else [str(truth).lower()]
    if question.question_type is QuestionType.MULTIPLE_CHOICE:
        right = question.choice_key
        return [identifier(key) for key in question.choices if key in right]
    return [str(entry) for entry in question.correct_answer]


def _test(exam: Exam, items: list[_Item], dialect: Dialect) -> bytes:
    tag, attribute = dialect.element, dialect.attribute
    root = _root(
        tag("assessmentTest"),
        dialect.namespace,
        dialect.schema,
        identifier=f"exam-{exam.id}",
        title=markup.storable(exam.title),
        **{attribute("toolName"): TOOL},
    )
    SubElement(root, tag("timeLimits"), {attribute("maxTime"): str(exam.duration_minutes * 60)})
    modes = {"navigationMode": "nonlinear", "submissionMode": "simultaneous"}
    spelled = {attribute(key): value for key, value in modes.items()}
    part = SubElement(root, tag("testPart"), {"identifier": "part"} | spelled)
    shown = {"identifier": "section", "title": markup.storable(exam.title), "visible": "true"}
    section = SubElement(part, tag("assessmentSection"), shown)
    for item in items:
        named = {"identifier": item.name, "href": item.path}
        SubElement(section, tag("assessmentItemRef"), named)
    indent(root)
    return _bytes(root)


def _manifest(exam: Exam, items: list[_Item], dialect: Dialect) -> bytes:
    root = _root(
        "manifest",
        dialect.manifest_namespace,
        dialect.manifest_schema,
        identifier=f"package-of-exam-{exam.id}",
    )
    metadata = SubElement(root, "metadata")
    SubElement(metadata, "schema").text = dialect.package
    SubElement(metadata, "schemaversion").text = dialect.package_version
    SubElement(root, "organizations")
    resources = SubElement(root, "resources")
    test = _resource(resources, f"exam-{exam.id}", dialect.test_type, _TEST)
    for item in items:
        SubElement(test, "dependency", identifierref=item.name)
    for item in items:
        resource = SubElement(
            resources, "resource", identifier=item.name, type=dialect.item_type, href=item.path
        )
        _describe(resource, item.question)
        SubElement(resource, "file", href=item.path)
        for path in sorted({_image_path(image) for image in item.question.images}):
            SubElement(resource, "file", href=path)
    indent(root)
    return _bytes(root)


def _resource(resources: Element, name: str, kind: str, path: str) -> Element:
    resource = SubElement(resources, "resource", identifier=name, type=kind, href=path)
    SubElement(resource, "file", href=path)
    return resource


def _describe(resource: Element, question: Question) -> None:
    """Say difficulty and tags in the words of LOM."""
    lom = SubElement(SubElement(resource, "metadata"), "lom", xmlns=_LOM)
    if question.tags:
        general = SubElement(lom, "general")
        for tag in question.tags:
            keyword = SubElement(general, "keyword")
            SubElement(keyword, "string").text = markup.storable(tag)
    difficulty = SubElement(SubElement(lom, "educational"), "difficulty")
    SubElement(difficulty, "source").text = "LOMv1.0"
    SubElement(difficulty, "value").text = _DIFFICULTIES[question.difficulty]
