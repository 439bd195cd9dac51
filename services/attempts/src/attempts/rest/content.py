"""/api/v1/exams, writing: trades, question banks, questions and exams by staff (contract §4.1)."""

from typing import Annotated

from chassis import patience
from chassis.uploads import MULTIPART, uploaded
from fastapi import APIRouter, Body, Depends, HTTPException, Request

from attempts.drafting import Author
from attempts.errors import QuestionsNotSaved, SheetTooLarge
from attempts.rest.shared import Admin, App, From, PathId, Staff
from attempts.schemas.content import (
    ExamChange,
    ExportedExam,
    ImportReport,
    Link,
    NewExam,
    NewQuestion,
    NewQuestionBank,
    NewTrade,
    QuestionChange,
    TradeChange,
)
from attempts.schemas.exams import ExamBody, QuestionBankBody, QuestionBody, TradeBody
from attempts.sheet import MAX_BYTES

_SHEET_SECONDS = 50.0
"""For how long a sheet may be read in; the gateway waits for 60 s."""

router = APIRouter(prefix="/api/v1/exams", tags=["exams"])


async def _author(caller: Staff, origin: From) -> Author:
    return Author(caller.user_id, origin)


By = Annotated[Author, Depends(_author)]


@router.post("/trades", status_code=201)
async def add_trade(_: Staff, app: App, body: NewTrade) -> TradeBody:
    return TradeBody.of(await app.database.run(app.authoring.add_trade, body.model_dump()))


@router.put("/trades/{trade_id}")
async def change_trade(
    _: Staff, app: App, trade_id: PathId, body: Annotated[TradeChange, Body()]
) -> TradeBody:
    return TradeBody.of(await app.database.run(app.authoring.change_trade, trade_id, body))


@router.delete("/trades/{trade_id}", status_code=204)
async def delete_trade(_: Admin, app: App, trade_id: PathId) -> None:
    await app.database.run(app.authoring.delete_trade, trade_id)


@router.post("/question-banks", status_code=201)
async def add_question_bank(_: Staff, app: App, body: NewQuestionBank) -> QuestionBankBody:
    bank = await app.database.run(app.authoring.add_question_bank, body.model_dump())
    return QuestionBankBody.of(bank)


@router.post("/questions", status_code=201)
async def add_question(author: By, app: App, body: NewQuestion) -> QuestionBody:
    question = await app.database.run(app.authoring.add_question, body.model_dump(), author)
    return QuestionBody.of_question(question, with_key=True)


@router.put("/questions/{question_id}")
async def change_question(
    author: By, app: App, question_id: PathId, body: Annotated[QuestionChange, Body()]
) -> QuestionBody:
    question = await app.database.run(app.authoring.change_question, question_id, body, author)
    return QuestionBody.of_question(question, with_key=True)


@router.delete("/questions/{question_id}", status_code=204)
async def delete_question(author: By, app: App, question_id: PathId) -> None:
    await app.database.run(app.authoring.delete_question, question_id, author)


@router.post("/question-banks/{qbank_id}/import-csv", openapi_extra=MULTIPART)
async def import_csv(author: By, app: App, qbank_id: PathId, request: Request) -> ImportReport:
    """Store the good rows of a sheet in one transaction and say what is wrong with the others."""
    file = await uploaded(request, "file", MAX_BYTES, SheetTooLarge)
    patience.allow(_SHEET_SECONDS)
    try:
        sheet = await app.database.run(app.authoring.import_sheet, qbank_id, file, author)
    except QuestionsNotSaved as error:
        words = "Error saving questions: the database refused them"
        raise HTTPException(500, words) from error
    return ImportReport(
        imported=len(sheet.drafts), errors=list(sheet.errors), question_bank_id=qbank_id
    )


@router.post("/", status_code=201)
async def add_exam(author: By, app: App, body: NewExam) -> ExamBody:
    fields = body.model_dump(exclude={"question_ids", "questions"})
    exam = await app.database.run(app.composing.add, fields, body.links, author)
    return ExamBody.of(exam)


@router.put("/{exam_id}")
async def change_exam(
    author: By, app: App, exam_id: PathId, body: Annotated[ExamChange, Body()]
) -> ExamBody:
    """Change an exam; what students are asked and its worth stand from the first attempt on."""
    changes = {name: value for name, value in body.items() if name != "questions"}
    links = _links(body["questions"]) if "questions" in body else None
    return ExamBody.of(
        await app.database.run(app.composing.change, exam_id, changes, links, author)
    )


@router.delete("/{exam_id}", status_code=204)
async def delete_exam(_: Admin, author: By, app: App, exam_id: PathId) -> None:
    await app.database.run(app.composing.delete, exam_id, author)


@router.get("/{exam_id}/export-qti")
async def export_qti(_: Staff, app: App, exam_id: PathId) -> ExportedExam:
    return ExportedExam.of_paper(await app.database.run(app.reading.paper, exam_id))


def _links(links: list[Link]) -> list[tuple[int, float | None]]:
    return [(link.question_id, link.marks_override) for link in links]
