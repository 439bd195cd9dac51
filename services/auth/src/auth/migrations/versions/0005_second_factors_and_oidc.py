"""Second factors with their recovery codes, and sign-in by an identity provider."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _may_be("'password', 'hall_ticket', 'oidc'")
    op.create_table(
        "second_factors",
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("sealed_secret", sa.LargeBinary(), nullable=False),
        _moment("created_at", server_default=sa.func.now(), nullable=False),
        _moment("confirmed_at"),
        sa.Column("last_step", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_second_factors")),
        _of_user("second_factors"),
        schema="auth",
    )
    op.create_table(
        "recovery_codes",
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("code_hash", sa.String(length=64), nullable=False),
        _moment("used_at"),
        sa.PrimaryKeyConstraint("user_id", "code_hash", name=op.f("pk_recovery_codes")),
        _of_user("recovery_codes"),
        schema="auth",
    )
    op.create_table(
        "challenges",
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("purpose", sa.String(length=20), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("method", sa.String(length=20), nullable=False),
        sa.Column("browser_hash", sa.String(length=64), nullable=True),
        _moment("expires_at", nullable=False),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_challenges")),
        sa.CheckConstraint(
            "purpose IN ('exchange', 'code', 'enrolment')", name=op.f("ck_challenges_purpose")
        ),
        sa.CheckConstraint(
            "(purpose = 'exchange') = (browser_hash IS NOT NULL)",
            name=op.f("ck_challenges_exchange_has_browser"),
        ),
        _of_user("challenges"),
        schema="auth",
    )
    _index("challenges", "user_id")
    _index("challenges", "expires_at")
    op.create_table(
        "oidc_flows",
        sa.Column("state_hash", sa.String(length=64), nullable=False),
        sa.Column("browser_hash", sa.String(length=64), nullable=False),
        sa.Column("nonce", sa.String(length=64), nullable=False),
        sa.Column("code_verifier", sa.String(length=128), nullable=False),
        sa.Column("return_path", sa.String(length=500), nullable=False),
        _moment("expires_at", nullable=False),
        sa.PrimaryKeyConstraint("state_hash", name=op.f("pk_oidc_flows")),
        schema="auth",
    )
    _index("oidc_flows", "expires_at")
    op.create_table(
        "oidc_links",
        sa.Column("issuer", sa.String(length=500), nullable=False),
        sa.Column("subject", sa.String(length=255), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column(
            "granted_roles",
            sa.ARRAY(sa.String(length=50)),
            server_default=sa.text("'{}'"),
            nullable=False,
        ),
        _moment("linked_at", server_default=sa.func.now(), nullable=False),
        _moment("last_used_at"),
        sa.PrimaryKeyConstraint("issuer", "subject", name=op.f("pk_oidc_links")),
        sa.UniqueConstraint("user_id", "issuer", name=op.f("uq_oidc_links_user_id_issuer")),
        _of_user("oidc_links"),
        schema="auth",
    )
    _index("oidc_links", "user_id")


def downgrade() -> None:
    for table in ("oidc_links", "oidc_flows", "challenges", "recovery_codes", "second_factors"):
        op.drop_table(table, schema="auth")
    op.execute("DELETE FROM auth.logins WHERE method = 'oidc'")
    _may_be("'password', 'hall_ticket'")


def _may_be(methods: str) -> None:
    op.execute("ALTER TABLE auth.logins DROP CONSTRAINT ck_logins_method")
    op.execute(
        f"ALTER TABLE auth.logins ADD CONSTRAINT ck_logins_method CHECK (method IN ({methods}))"
    )


def _moment(name, **more):
    return sa.Column(name, sa.DateTime(timezone=True), **({"nullable": True} | more))


def _of_user(table):
    return sa.ForeignKeyConstraint(
        ["user_id"],
        ["auth.users.id"],
        name=op.f(f"fk_{table}_user_id"),
        ondelete="CASCADE",
    )


def _index(table, column):
    op.create_index(op.f(f"ix_{table}_{column}"), table, [column], schema="auth")
