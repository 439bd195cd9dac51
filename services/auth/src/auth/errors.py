"""Every way in which auth refuses; the words are the contract's and are shown to people."""

from chassis.errors import (
    Conflict,
    Forbidden,
    Invalid,
    NotFound,
    Refused,
    TooLarge,
    TooMany,
    Unauthenticated,
    Unavailable,
)


class BadCredentials(Unauthenticated):
    slug = "bad-credentials"
    detail = "Incorrect username or password"


class AccountInactive(Forbidden):
    slug = "account-inactive"
    detail = "User account is inactive"


class UnknownHallTicket(Unauthenticated):
    slug = "unknown-hall-ticket"
    detail = "Invalid hall ticket number"


class BirthDateUnreadable(Refused):
    slug = "birth-date-unreadable"
    detail = "Invalid date format. Use DD/MM/YYYY"


class WrongBirthDate(Unauthenticated):
    slug = "wrong-birth-date"
    detail = "Invalid date of birth"


class WrongSecurityAnswer(Unauthenticated):
    slug = "wrong-security-answer"
    detail = "Incorrect security answer"


class StudentInactive(Forbidden):
    slug = "student-inactive"
    detail = "Student account is inactive. Please contact administrator."


class StudentsOnly(Forbidden):
    slug = "students-only"
    detail = "Hall ticket login is only for students"


class RefreshTokenInvalid(Unauthenticated):
    slug = "refresh-token-invalid"
    detail = "Invalid refresh token"


class RefreshTokenExpected(Unauthenticated):
    slug = "refresh-token-expected"
    detail = "Invalid token type. Expected refresh token"


class TokenPayloadInvalid(Unauthenticated):
    slug = "token-payload-invalid"
    detail = "Invalid token payload"


class HolderGone(Unauthenticated):
    slug = "holder-gone"
    detail = "User not found or inactive"


class LoginEnded(Unauthenticated):
    slug = "login-ended"
    detail = "Could not validate credentials"


class UserNotFound(NotFound):
    slug = "user-not-found"
    detail = "User not found"


class UserInactive(Forbidden):
    slug = "user-inactive"
    detail = "Inactive user"


class TooManyTries(TooMany):
    slug = "too-many-tries"
    detail = "Too many failed logins. Please wait and try again."


class TooManyUsersAsked(Invalid):
    slug = "too-many-users-asked"
    detail = "At most 1000 users can be asked for at once"


class NoSearch(Invalid):
    slug = "no-search"
    detail = "Among at most 20000 users 1 to 100 letters can be searched for"


class HashingBusy(Unavailable):
    slug = "hashing-busy"
    detail = "Too many logins at the same moment. Please try again."


class KeysUnavailable(Unavailable):
    slug = "keys-unavailable"
    detail = "Signing keys are not loaded yet. Please try again."


class NextKeyTooYoung(Conflict):
    slug = "next-key-too-young"
    detail = "The next key may not be known everywhere yet"


class KeyUnknown(NotFound):
    slug = "key-unknown"
    detail = "No such key is published"


class SheetUnreadable(Invalid):
    slug = "sheet-unreadable"


class SheetTooLarge(TooLarge):
    slug = "sheet-too-large"
    detail = "The file is too large: at most 4 MiB"


class AdminsOnly(Forbidden):
    slug = "missing-role"
    detail = "User does not have required role. Required: ['admin']"


class NotStaffThere(Forbidden):
    slug = "not-assigned"
    detail = "You are not assigned to this exam"


class OwnRightsTaken(Refused):
    slug = "own-rights-taken"
    detail = "You cannot deactivate yourself or take your own role admin away"


class PersonAmbiguous(Refused):
    slug = "person-ambiguous"

    def __init__(self, name: str) -> None:
        super().__init__(f"{name} is one person's user name and another one's id; say id:{name}")


class StaffNotForgotten(Refused):
    slug = "staff-not-forgotten"
    detail = "Only students can be erased; take the person's other roles away first"


class AlreadyTaken(Conflict):
    slug = "already-taken"
    detail = "This name is already taken"


class RoleNotHeld(Refused):
    slug = "role-not-held"
    detail = "The user does not have the role that he would be assigned in"


class CenterOrTradeUnknown(Refused):
    slug = "center-or-trade-unknown"
    detail = "The center or the trade does not exist"


class SecondFactorRequired(Unauthenticated):
    """The first step was right; `members` carry the challenge for the second one."""

    slug = "second-factor-required"
    detail = "A code of your second factor is needed to sign in"


class SecondFactorDue(SecondFactorRequired):
    """The same, for who has to set one up first."""

    slug = "second-factor-due"
    detail = "Your role needs a second factor: set one up to sign in"


class ChallengeInvalid(Unauthenticated):
    slug = "challenge-invalid"
    detail = "This sign-in has expired. Please begin again."


class SecondFactorRefused(Unauthenticated):
    slug = "second-factor-refused"
    detail = "Wrong code, or one that was used already"


class CodeWrong(Refused):
    """As `SecondFactorRefused`, for somebody who is signed in and stays so."""

    slug = "code-wrong"
    detail = "Wrong code, or one that was used already"


class SecondFactorOn(Conflict):
    slug = "second-factor-on"
    detail = "A second factor is set up already; remove it first"


class SecondFactorOff(Conflict):
    slug = "second-factor-off"
    detail = "No second factor is set up"


class SecondFactorForStaff(Forbidden):
    slug = "second-factor-for-staff"
    detail = "Second factors are for staff"


class SecondFactorSealedOtherwise(Unavailable):
    slug = "second-factor-sealed-otherwise"
    detail = "The stored second factors were sealed with another SIGNING_KEY_SECRET"


class OidcOff(NotFound):
    slug = "oidc-off"
    detail = "Sign-in by an identity provider is not set up here"


class ReturnPathForeign(Refused):
    slug = "return-path-foreign"
    detail = "The way back must be a path of these pages"


class OidcFlowUnknown(Refused):
    slug = "oidc-flow-unknown"
    detail = "This sign-in has expired or was begun in another browser. Please begin again."


class OidcDenied(Forbidden):
    slug = "oidc-denied"
    detail = "The identity provider did not sign you in"


class OidcAnswerInvalid(Unauthenticated):
    slug = "oidc-answer-invalid"
    detail = "The identity provider's answer cannot be trusted"


class OidcIdentityUnknown(Forbidden):
    slug = "oidc-identity-unknown"
    detail = "Your identity belongs to no account here. Please contact an administrator."


class ProviderUnavailable(Unavailable):
    slug = "oidc-provider-unavailable"
    detail = "The identity provider does not answer. Please try again."


class IdentityTaken(Conflict):
    slug = "identity-taken"
    detail = "This identity belongs to another account"
