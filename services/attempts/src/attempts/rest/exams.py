"""/api/v1/exams: trades, question banks, questions and exams, readable (contract §4.1)."""

from typing import Annotated

from chassis.access import AnyCaller
from fastapi import APIRouter, Depends, Query, Response

from attempts.rest.safe_browser_check import of_exam
from attempts.rest.shared import App, Eyes, Limit, PathId, QueryId, Skip, is_staff
from attempts.schemas.exams import (
    Difficulty,
    ExamBody,
    ExamStatus,
    ExamWithQuestionsBody,
    QuestionBankBody,
    QuestionBody,
    QuestionType,
    TradeBody,
)

router = APIRouter(prefix="/api/v1/exams", tags=["exams"])


@router.get("/trades")
async def list_trades(
    _: AnyCaller, app: App, skip: Skip = 0, limit: Limit = 100, active_only: bool = True
) -> list[TradeBody]:
    found = await app.database.run(app.reading.trades, skip, limit, active_only)
    return [TradeBody.of(trade) for trade in found]


@router.get("/trades/{trade_id}")
async def get_trade(_: AnyCaller, app: App, trade_id: PathId) -> TradeBody:
    return TradeBody.of(await app.database.run(app.reading.trade, trade_id))


@router.get("/question-banks")
async def list_question_banks(
    _: AnyCaller, app: App, skip: Skip = 0, limit: Limit = 100, trade_id: QueryId = None
) -> list[QuestionBankBody]:
    found = await app.database.run(app.reading.question_banks, skip, limit, trade_id)
    return [QuestionBankBody.of(bank) for bank in found]


@router.get("/questions")
async def list_questions(
    caller: AnyCaller,
    app: App,
    eyes: Eyes,
    skip: Skip = 0,
    limit: Limit = 100,
    question_bank_id: QueryId = None,
    difficulty: Annotated[Difficulty | None, Query()] = None,
    question_type: Annotated[QuestionType | None, Query()] = None,
) -> list[QuestionBody]:
    found = await app.database.run(
        app.reading.questions,
        skip,
        limit,
        question_bank_id,
        difficulty,
        question_type,
        eyes,
    )
    return [QuestionBody.of_question(q, with_key=is_staff(caller)) for q in found]


@router.get("/questions/{question_id}")
async def get_question(
    caller: AnyCaller, app: App, eyes: Eyes, question_id: PathId
) -> QuestionBody:
    found = await app.database.run(app.reading.question, question_id, eyes)
    return QuestionBody.of_question(found, with_key=is_staff(caller))


@router.get("/")
async def list_exams(
    _: AnyCaller,
    app: App,
    eyes: Eyes,
    skip: Skip = 0,
    limit: Limit = 100,
    trade_id: QueryId = None,
    status_filter: Annotated[ExamStatus | None, Query()] = None,
) -> list[ExamBody]:
    found = await app.database.run(app.reading.exams, skip, limit, trade_id, status_filter, eyes)
    return [ExamBody.of(exam) for exam in found]


@router.get("/{exam_id}", response_model=ExamWithQuestionsBody, dependencies=[Depends(of_exam)])
async def get_exam(
    _: AnyCaller, app: App, eyes: Eyes, exam_id: PathId
) -> ExamWithQuestionsBody | Response:
    """Return an exam with its questions; who does not see all gets it as his attempt shows it."""
    if eyes is None:
        return ExamWithQuestionsBody.of_paper(await app.database.run(app.reading.paper, exam_id))
    shown = await app.database.run(app.papers.shown, exam_id, eyes)
    return Response(shown, media_type="application/json")
