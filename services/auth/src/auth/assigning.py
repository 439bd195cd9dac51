"""The deeds around assignments: who watches or marks which exam.

auth does not know the exams: an assignment to one that is not there yet is kept and harms nobody.
"""

from chassis.database import Database

from auth import assignment_store, audit_store, people_store
from auth.accounts import Account
from auth.audit import PEOPLE, Author, Entry, entry
from auth.errors import NotStaffThere, RoleNotHeld, UserNotFound
from auth.people import REACHES_ALL, Assignment, Colleague


class Assigning:
    """Assignments of proctors and graders to exams."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def assign(self, wanted: Assignment, *, by: Author) -> None:
        """Assign a user, once or again; raise `UserNotFound` or `RoleNotHeld`."""
        await self._database.run(self._assign, wanted, by)

    async def withdraw(self, unwanted: Assignment, *, by: Author) -> None:
        """End an assignment; one that is not there has ended already."""
        await self._database.run(self._withdraw, unwanted, by)

    async def find(
        self, exam_id: int | None, user_id: int | None, skip: int, limit: int
    ) -> list[Assignment]:
        return await self._database.run(self._find, exam_id, user_id, skip, limit)

    async def of_user(self, user_id: int) -> list[Assignment]:
        """Return what a user is assigned to in the roles that he holds now."""
        return await self._database.run(self._of_user, user_id)

    async def colleagues(
        self, exam_id: int, skip: int, limit: int, *, by: Account
    ) -> list[Colleague]:
        """Return who has to do with an exam, to somebody who has, too; else `NotStaffThere`."""
        return await self._database.run(self._colleagues, exam_id, skip, limit, by)

    def _assign(self, wanted: Assignment, by: Author) -> None:
        with self._database.transaction() as session:
            account = people_store.lock_account(session, wanted.user_id)
            if account is None:
                raise UserNotFound
            if wanted.role not in account.role_names:
                raise RoleNotHeld
            if assignment_store.save(session, wanted, by.user_id or 0):
                audit_store.append(session, _entry(by, "assignment_added", wanted))

    def _withdraw(self, unwanted: Assignment, by: Author) -> None:
        with self._database.transaction() as session:
            if assignment_store.remove(session, unwanted):
                audit_store.append(session, _entry(by, "assignment_withdrawn", unwanted))

    def _find(
        self, exam_id: int | None, user_id: int | None, skip: int, limit: int
    ) -> list[Assignment]:
        with self._database.transaction() as session:
            return assignment_store.find(session, exam_id, user_id, skip, limit)

    def _of_user(self, user_id: int) -> list[Assignment]:
        with self._database.transaction() as session:
            return assignment_store.that_count(session, user_id)

    def _colleagues(self, exam_id: int, skip: int, limit: int, by: Account) -> list[Colleague]:
        with self._database.transaction() as session:
            if not set(REACHES_ALL).intersection(by.role_names):
                own = assignment_store.that_count(session, by.id)
                if exam_id not in {each.exam_id for each in own}:
                    raise NotStaffThere
            return assignment_store.colleagues(session, exam_id, skip, limit)


def _entry(by: Author, event_type: str, about: Assignment) -> Entry:
    said = {"exam_id": about.exam_id, "role": about.role.value}
    text = "Assignment to an exam changed"
    return entry(by, event_type, PEOPLE, text, subject_id=about.user_id, **said)
