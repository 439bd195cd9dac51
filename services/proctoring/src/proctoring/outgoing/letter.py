"""Which notices are told to a student by e-mail, and in which words. Pure.

A mail says that there is something to be seen, and where; never an answer, a mark, a name or a
reason. Mail is read by others, too.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Literal

import msgspec

from proctoring.outgoing.topic import GRADED_STATUS, Notice

Language = Literal["en", "hi"]


class About(StrEnum):
    """What a mail is about; what an installation may choose."""

    EXTRA_TIME = "extra_time"
    RESULT = "result"
    APPEAL = "appeal"


FACTS = {
    "allowance_granted": About.EXTRA_TIME,
    "status_changed": About.RESULT,
    "grade_changed": About.RESULT,
    "review_changed": About.APPEAL,
}
"""What of the bus is read for them."""
OLDEST_HOURS = 24
"""What is older, after an outage, is not worth a mail any more."""


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail to be written to the student of an attempt; one for each notice."""

    id: str
    about: About
    exam_id: int
    attempt_id: int
    student_id: int
    occurred_at: datetime
    review_id: int | None = None
    """Only worth a mail if this review ended with an appeal: the notice does not say so."""


@dataclass(frozen=True, slots=True)
class Words:
    """Subject and text of a mail."""

    subject: str
    text: str


class _Data(msgspec.Struct):
    student_id: int
    status: str | None = None
    previous_status: str | None = None
    state: str | None = None
    review_id: int | None = None


_data = msgspec.json.Decoder(_Data)
_WORDS: dict[Language, dict[About, Words]] = {
    "en": {
        About.EXTRA_TIME: Words("Extra time in your exam", "You were given extra time in an exam."),
        About.RESULT: Words("News of your exam result", "There is news of the result of an exam."),
        About.APPEAL: Words("Your appeal was decided", "Your appeal was decided."),
    },
    "hi": {
        About.EXTRA_TIME: Words(
            "आपकी परीक्षा में अतिरिक्त समय", "आपको एक परीक्षा में अतिरिक्त समय दिया गया है।"
        ),
        About.RESULT: Words("आपके परीक्षा परिणाम की सूचना", "एक परीक्षा के परिणाम के बारे में नई सूचना है।"),
        About.APPEAL: Words("आपकी अपील पर निर्णय हो गया है", "आपकी अपील पर निर्णय हो गया है।"),
    },
}
_SIGN_IN = {
    "en": "Sign in to see it: {url}\n\nA machine has sent this mail; nobody reads answers to it.",
    "hi": "देखने के लिए साइन इन करें: {url}\n\nयह मेल अपने आप भेजी गई है; इसका उत्तर कोई नहीं पढ़ता।",
}


def letter(said: Notice) -> Letter | None:
    """Return what a notice is worth a mail for, if it is. Raises `msgspec.MsgspecError`."""
    about = FACTS.get(said.fact)
    if about is None:
        return None
    data = _data.decode(said.data)
    is_first_grade = data.status == GRADED_STATUS != data.previous_status
    if said.fact == "status_changed" and not is_first_grade:
        return None
    if about is About.APPEAL and data.state != "closed":
        return None
    review_id = data.review_id if about is About.APPEAL else None
    return Letter(
        said.id, about, said.exam_id, said.attempt_id, data.student_id, said.at, review_id
    )


def words(about: About, language: Language, url: str) -> Words:
    """Return what a mail says; `url` is where to sign in."""
    found = _WORDS[language][about]
    return Words(found.subject, f"{found.text}\n\n{_SIGN_IN[language].format(url=url)}\n")
