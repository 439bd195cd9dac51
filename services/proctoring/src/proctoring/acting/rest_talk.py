"""REST of raised hands and of the chat between a student and who watches him."""

from typing import Annotated

from chassis.describing import limited
from fastapi import APIRouter, Query, Request, status

from proctoring.acting.guarding import EitherParty, Party, Student
from proctoring.acting.rest_actions import Acting
from proctoring.acting.schemas import HandOut, MessageBody, MessageOut, ReadBody, ReadOut
from proctoring.acting.talk import Draft
from proctoring.edge import Limit

router = APIRouter()
After = Annotated[int, Query(ge=0, le=2**63 - 1)]


@router.post("/attempt/{attempt_id}/hand", responses=limited())
async def raise_hand(request: Request, party: Student, acting: Acting) -> HandOut:
    """Raise the student's hand; a raised one stays as it is."""
    hand = await request.app.state.database.run(acting.talking.raise_hand, party.attempt)
    return HandOut.of(hand)


@router.delete("/attempt/{attempt_id}/hand", status_code=status.HTTP_204_NO_CONTENT)
async def lower_hand(request: Request, party: EitherParty, acting: Acting) -> None:
    """Lower the hand: the student himself, or who has come to help."""
    await request.app.state.database.run(
        acting.talking.lower_hand, party.attempt.attempt_id, party.caller.user_id
    )


@router.post(
    "/attempt/{attempt_id}/messages",
    status_code=status.HTTP_201_CREATED,
    responses=limited(),
)
async def say(
    request: Request, party: EitherParty, acting: Acting, body: MessageBody
) -> MessageOut:
    """Send a message; the same `message_id` again gets the first answer again."""
    name = None if party.is_student else await acting.people.name(party.caller.user_id)
    draft = Draft(
        party.attempt.attempt_id,
        party.attempt.exam_id,
        body.message_id,
        party.caller.user_id,
        name,
        party.is_student,
        body.text,
    )
    return MessageOut.of(
        await request.app.state.database.run(acting.talking.say, party.attempt, draft)
    )


@router.get("/attempt/{attempt_id}/messages")
async def get_messages(
    request: Request, party: EitherParty, acting: Acting, after_id: After = 0, limit: Limit = 100
) -> list[MessageOut]:
    """Return messages behind `after_id`, oldest first."""
    found = await request.app.state.database.run(
        acting.talking.page, party.attempt.attempt_id, after=after_id, limit=limit
    )
    return [MessageOut.of(message) for message in found]


@router.post("/attempt/{attempt_id}/messages/read")
async def read(request: Request, party: EitherParty, acting: Acting, body: ReadBody) -> ReadOut:
    """Mark the other side's messages as read, up to a number."""
    return ReadOut(up_to_id=await _read(request, party, acting, body.up_to_id))


async def _read(request: Request, party: Party, acting: Acting, up_to: int) -> int:
    last: int = await request.app.state.database.run(
        acting.talking.read,
        party.attempt,
        up_to,
        party.caller.user_id,
        is_by_student=party.is_student,
    )
    return last
