"""What auth announces to everybody: facts in the past tense, with absolute values."""

from chassis.outbox import Note

from auth.accounts import EndedLogin, EndedUser


def key_rotated(active_kid: str, next_kid: str, revoked_kid: str | None) -> Note:
    """Say which keys sign now and next, and which one does not count from this moment on."""
    return Note(
        subject="oep.control.key_rotated",
        fact="key_rotated",
        data={"active_kid": active_kid, "next_kid": next_kid, "revoked_kid": revoked_kid},
        order_key=0,
    )


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
