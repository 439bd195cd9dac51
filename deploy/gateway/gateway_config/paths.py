"""The paths that more than one part has to know."""

# contract §14: who owns which path; matched on whole path segments, `/api/v1/authx` is nobody's
OWNERS = (
    ("/api/v1/auth", "auth"),
    ("/api/v1/exams", "attempts"),
    ("/api/v1/attempts", "attempts"),
    ("/api/v1/transfers", "attempts"),
    ("/api/v1/proctoring", "proctoring"),
)
SUBMITS = r"/api/v1/attempts/[^/]+/submit/?"
JWKS_PATH = "/.well-known/jwks.json"
SOCKETS = "/api/v1/ws"
QUESTIONS_IMPORT = r"/api/v1/exams/question-banks/[^/]+/import-(csv|package|gift)/?"
PEOPLE_IMPORT = r"/api/v1/auth/users/import-csv/?"
DOWNLOADS = r"/api/v1/proctoring/(attempt/[^/]+/(evidence|report)|people/[^/]+/export)/?"
# Where somebody signs in, who has no token yet and is counted with all others of his address.
LOGINS = r"/api/v1/auth/(hall-ticket-)?login/?"
# Whose answers are packed: pages, which everybody gets, and exams (compression.py says why).
PACKED = ("/app", "/api/v1/exams")
