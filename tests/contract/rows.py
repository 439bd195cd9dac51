"""Every row of the contract's §2.3, §3, §4, §5, §8.3 and §9: its name, and what must hold.

A name is `section/row/what`, as in `5.2/2/concurrent`. `test_contract_rows.py` fails for each row
that no test names with `@pytest.mark.contract`. The literals themselves stand in those tests.
"""

LOGINS = {
    # the table of refusals
    "2.3/no-header": "no header, or an empty one, is 401 with WWW-Authenticate",
    "2.3/other-scheme": "another scheme than Bearer is 401 with WWW-Authenticate",
    "2.3/malformed": "what is no token is 401",
    "2.3/bad-signature": "a token that we did not sign is 401",
    "2.3/expired": "an expired token is 401",
    "2.3/revoked": "a revoked token is 401 like a bad one",
    "2.3/bad-subject": "a token whose subject is missing or no number is 401",
    "2.3/other-type": "a token that is not for access is 401 with its own words",
    "2.3/user-gone": "a user who no longer exists is 404",
    "2.3/user-inactive": "an inactive user is 403",
    "2.3/role-missing": "a missing role is 403 and the roles are listed",
    # the sentences behind it
    "2.3/before-body": "the token is judged before the body",
    "2.3/claims": "tokens are EdDSA, name their key, and carry the listed claims",
    "2.3/jwks": "the public keys are published and enough to verify offline",
    "2.3/no-default-key": "no secret has a value of its own",
    "2.3/lifetimes": "8 hours for students, 30 minutes for others, 7 days to refresh",
    "2.3/rotation": "a refresh token is used once; a second use ends the family",
    "2.3/revocation-everywhere": "a revocation counts in all services within 5 s",
    "2.3/revocation-sockets": "the open sockets of a revoked login are closed",
    "2.3/deactivation": "a deactivated user's tokens are revoked",
    "2.3/several-roles": "a user may hold several roles",
    "2.3/nothing-foreign": "who has no named role gets only what is his own",
}

AUTH = {
    "3/login": "the right password gives both tokens and the user",
    "3/login/email": "the e-mail address is as good as the user name",
    "3/login/last-login": "a login is remembered as the last one",
    "3/login/wrong": "wrong credentials are 401 with WWW-Authenticate",
    "3/login/inactive": "an inactive account is 403",
    "3/login/invalid": "a bad body is 422",
    "3/hall-ticket": "ticket, birthday and answer give the same shape as a login",
    "3/hall-ticket/body-first": "lengths are checked before anything else, 422",
    "3/hall-ticket/1": "an unknown ticket is 401",
    "3/hall-ticket/2": "a date in another form is 400",
    "3/hall-ticket/3": "another birthday is 401",
    "3/hall-ticket/4": "a wrong answer is 401",
    "3/hall-ticket/5": "an inactive student is 403",
    "3/hall-ticket/6": "who is no student is 403",
    "3/hall-ticket/order": "of several failures the first is told",
    "3/hall-ticket/www-authenticate": "its 401s carry WWW-Authenticate, the others do not",
    "3/hall-ticket/calendar-date": "birthdays are compared as calendar dates",
    "3/hall-ticket/normalised-answer": "the answer is trimmed and lower-cased",
    "3/hall-ticket/bcrypt": "an imported bcrypt hash of the answer is understood",
    "3/hall-ticket/3/null": "a stored birthday that is null fails step 3",
    "3/hall-ticket/4/null": "a stored hash that is null fails step 4",
    "3/refresh": "a refresh token gives the next pair",
    "3/refresh/undecodable": "what cannot be decoded is 401",
    "3/refresh/expired": "an expired refresh token is 401",
    "3/refresh/spent": "a spent refresh token is 401",
    "3/refresh/revoked": "the refresh token of an ended login is 401",
    "3/refresh/type": "an access token does not refresh",
    "3/refresh/payload": "without a usable subject the payload is refused",
    "3/refresh/user": "a user who is gone or inactive does not refresh",
    "3/me": "an active user sees himself",
    "3/logout": "logging out answers JSON and ends this login everywhere",
    "3/logout/refresh-token": "a refresh token may be sent along and ends with it",
    "3/throttle/ticket": "failures are delayed per hall ticket, never per address",
    "3/throttle/name": "failures are delayed per user name",
    "3/throttle/429": "a delayed try is 429 and says when to come back",
    "3/equal-time": "an unknown ticket takes as long as a known one",
    "3/mass-login": "hundreds of logins in a minute do not wait for hashing",
    "3/client-reads": "the user has what the exam page reads of him",
}

ROWS = {**LOGINS, **AUTH}

LATER: dict[str, str] = {}
"""Rows that nothing fulfils yet, with the reason. Only the opening of §9.4 may be here."""
