"""A cut of ten real minutes: `make browser-long` runs it, `make test` does not.

Its short form is in test_student.py. Here nothing is sped up: the line is away for as long as the
promise says, the student writes on all the time, and every letter is read back from the database.
"""

import os
import time

import pytest
from playwright.sync_api import expect

from browser.exam_room import connection, enter, go_to, saved
from browser.test_student import ANSWER, WRITTEN, _question, _seconds_left, _until

MINUTES = float(os.environ.get("OEP_CUT_MINUTES", "10"))
LINE = "{:02d} yes. "  # the field takes 500 letters
EVENTS = "SELECT count(*) FROM proctoring.proctoring_events WHERE attempt_id = {}"
EVERY_SECONDS = 10


@pytest.mark.timeout(MINUTES * 60 + 240)
def test_not_a_keystroke_is_lost_by_a_cut_of_ten_minutes(open_page, hall, stack):
    student = hall.student()
    page = open_page(f"/app/attempts/{student.attempt_id}")
    enter(page, student)
    go_to(page, WRITTEN)
    field = page.get_by_role("textbox")
    field.press_sequentially("Before. ")
    saved(page)
    [[events_before]] = stack.rows(EVENTS.format(student.attempt_id))

    left, began = _seconds_left(page), time.monotonic()
    page.context.set_offline(True)
    connection(page, "offline")
    typed = "Before. "
    for number in range(int(MINUTES * 60 / EVERY_SECONDS)):
        line = LINE.format(number)
        field.press_sequentially(line)
        typed += line
        expect(field).to_have_value(typed)
        due = began + (number + 1) * EVERY_SECONDS
        page.wait_for_timeout(max(0.0, due - time.monotonic()) * 1000)
    lasted = time.monotonic() - began
    assert lasted >= MINUTES * 60
    assert abs(left - _seconds_left(page) - lasted) < 1.5  # the clock went on, and right
    page.locator("[data-saving=offline]").wait_for()

    page.context.set_offline(False)
    connection(page, "online")
    saved(page)
    question = _question(student, WRITTEN)
    assert stack.rows(ANSWER.format(student.attempt_id, question)) == [[typed]]
    go_to(page, 1)  # leaving the question reports its change
    _until(lambda: stack.rows(EVENTS.format(student.attempt_id)) > [[events_before]], 30)
