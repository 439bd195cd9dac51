"""What auth announces to everybody: facts in the past tense, with absolute values."""

from chassis.outbox import Note

from auth.accounts import EndedLogin, EndedUser


def login_revoked(ended: EndedLogin) -> Note:
    """Say that no token of a login counts any more."""
    return Note(
        subject="oep.control.login_revoked",
        fact="login_revoked",
        data={
            "login_id": str(ended.login_id),
            "user_id": ended.user_id,
            "revoked_at": ended.revoked_at.isoformat().replace("+00:00", "Z"),
            "forget_at": ended.forget_at.isoformat().replace("+00:00", "Z"),
        },
        order_key=ended.user_id,
    )


def user_deactivated(ended: EndedUser) -> Note:
    """Say that no token that a user has got until now counts any more."""
    return Note(
        subject="oep.control.user_deactivated",
        fact="user_deactivated",
        data={
            "user_id": ended.user_id,
            "revoked_at": ended.revoked_at.isoformat().replace("+00:00", "Z"),
            "forget_at": ended.forget_at.isoformat().replace("+00:00", "Z"),
        },
        order_key=ended.user_id,
    )
