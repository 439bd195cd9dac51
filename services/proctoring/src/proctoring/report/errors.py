"""What can go wrong with a report, in words that say what to do."""

from chassis.errors import Forbidden, Unavailable


class ReportDenied(Forbidden):
    slug = "report-denied"
    detail = "Reports are for administrators, halls in charge and who is assigned to the exam"


class OwnReport(Forbidden):
    slug = "own-report"
    detail = "Nobody reports on an attempt of his own; look at its evidence or its review"


class ReportsBusy(Unavailable):
    """As many reports are being printed, or wait for it, as this service takes on."""

    slug = "reports-busy"
    detail = "Too many reports are being printed. Please try again, or take csv or json."
    retry_after_seconds = 10


class ReportTooSlow(Unavailable):
    """The report was not printed in time; the work was ended."""

    slug = "report-too-slow"
    detail = "The report could not be printed in time. Please try again, or take csv or json."
    retry_after_seconds = 30
