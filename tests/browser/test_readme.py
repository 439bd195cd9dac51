"""What the README promises a newcomer: two people, two browsers, an event that is seen at once."""

import re
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import expect

from browser.exam_room import wait_for_room

README = (Path(__file__).parents[2] / "README.md").read_text()
SECTION = README.split("## See it in a browser", 1)[1].split("\n## ", 1)[0]


@dataclass(frozen=True)
class Promised:
    """The words of the README that a newcomer types and looks for."""

    staff_path: str
    staff_name: str
    password: str
    exam: str
    student_path: str
    hall_ticket: str
    born: str
    answer: str


@pytest.fixture(scope="module")
def promised() -> Promised:
    staff_path, student_path = re.findall(r"<http://localhost:8000(/\S+)>", SECTION)
    words = re.findall(r"`([^`]+)`", SECTION)
    [exam] = re.findall(r"\*([^*]+)\*", SECTION)
    return Promised(staff_path, words[0], words[1], exam, student_path, *words[2:5])


def test_a_newcomer_signs_in_twice_and_sees_an_event_arrive(open_page, hall, promised):
    hall.seat(promised.hall_ticket)
    proctor = open_page(promised.staff_path)
    proctor.get_by_role("textbox", name="User name").fill(promised.staff_name)
    proctor.get_by_label("Password", exact=True).fill(promised.password)
    proctor.get_by_role("button", name="Sign in", exact=True).click()
    exam = proctor.get_by_role("row").filter(has_text=promised.exam)
    exam.get_by_text("Board").click()
    row = proctor.get_by_role("row").filter(has_text=promised.hall_ticket).first
    expect(row).to_be_visible()

    student = open_page(promised.student_path)
    student.get_by_role("textbox", name="Hall ticket number").fill(promised.hall_ticket)
    student.get_by_role("textbox", name="Date of birth").fill(promised.born)
    student.get_by_role("textbox", name="Answer to your security question").fill(promised.answer)
    student.get_by_role("button", name="Sign in").click()
    student.get_by_role("link", name=re.compile("Go to the exam")).first.click()
    student.get_by_role("button", name="Begin the exam").click()
    wait_for_room(student)  # before it is there, nobody notices a key
    student.keyboard.press("F12")
    expect(row).to_contain_text("Developer tools")
