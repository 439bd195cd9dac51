"""Dependencies of students' routes: the browser has to be the one that the exam asks for.

Two ways of showing keys count (ADR 60): SEB's own headers, which hash the address of this request,
and those of our page, which hash the page's address, for browsers that only tell their pages.
Both hash addresses as the student's browser sees them: they begin with the public address.
"""

from chassis.access import AnyCaller
from chassis.tokens import Caller
from fastapi import Request

from attempts.rest.shared import App, Parts, PathId
from attempts.safe_browser import Shown

CONFIG, BROWSER = "x-safeexambrowser-configkeyhash", "x-safeexambrowser-requesthash"
PAGE, PAGE_CONFIG, PAGE_BROWSER = (
    "x-safeexambrowser-page-url",
    "x-safeexambrowser-page-configkeyhash",
    "x-safeexambrowser-page-requesthash",
)


async def of_attempt(request: Request, caller: AnyCaller, app: App, attempt_id: PathId) -> None:
    """Refuse what a student asks of an attempt from another browser."""
    if not is_free(caller, app):
        check = app.safe_browsing.check_attempt
        await app.database.run(check, attempt_id, caller, *shown(request, app))


async def of_exam(request: Request, caller: AnyCaller, app: App, exam_id: PathId) -> None:
    """Refuse what a student asks of an exam from another browser."""
    await ensure(request, caller, app, exam_id)


async def ensure(request: Request, caller: Caller, app: Parts, exam_id: int) -> None:
    """Raise `SafeBrowserRequired` for a student who is not in the exam's browser."""
    if not is_free(caller, app):
        check = app.safe_browsing.check_exam
        await app.database.run(check, exam_id, caller, *shown(request, app))


def is_free(caller: Caller, app: Parts) -> bool:
    """Say whether nothing is to be checked: for staff, and where no exam asks for it."""
    is_staff = bool(caller.roles) and not caller.has_any("student")
    return is_staff or app.safe_browsing.is_idle()


def shown(request: Request, app: Parts) -> list[Shown]:
    """Return what the request shows of keys, its own address first."""
    public = app.safe_browsing.public_url
    headers = request.headers
    found = [Shown(public + _target(request), headers.get(CONFIG), headers.get(BROWSER))]
    page = headers.get(PAGE)
    if page is not None and page.startswith(f"{public}/"):
        found.append(Shown(page, headers.get(PAGE_CONFIG), headers.get(PAGE_BROWSER)))
    return found


def _target(request: Request) -> str:
    """Return path and query as they came, before anything was unescaped."""
    path = request.scope.get("raw_path") or request.url.path.encode()
    query = request.scope["query_string"]
    return (path + (b"?" + query if query else b"")).decode("latin-1")
