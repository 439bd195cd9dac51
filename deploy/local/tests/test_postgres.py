import psutil
import psycopg2
import pytest


def query(url, statement):
    with psycopg2.connect(url) as connection, connection.cursor() as cursor:
        cursor.execute(statement)
        rows = cursor.fetchall() if cursor.description else []
    connection.close()
    return rows


@pytest.fixture(scope="module")
def proctoring(database):
    made = database("proctoring")
    query(made.owner_url, "CREATE TABLE proctoring_events (id int PRIMARY KEY, note text)")
    query(made.app_url, "INSERT INTO proctoring_events VALUES (1, 'seen')")
    return made


def test_the_server_is_a_postgresql_18_that_keeps_what_it_promises(postgres_server):
    names = (
        "server_version_num",
        "fsync",
        "data_checksums",
        "password_encryption",
        "listen_addresses",
    )
    values = {
        name: query(postgres_server.url("postgres", "postgres"), f"SHOW {name}")[0][0]
        for name in names
    }
    assert values.pop("server_version_num").startswith("18")
    assert values["fsync"] == values["data_checksums"] == "on"
    assert values["password_encryption"] == "scram-sha-256"


def test_a_wrong_password_is_refused(postgres_server):
    wrong = postgres_server.url("postgres", "postgres").replace(
        postgres_server.passwords["postgres"], "wrong"
    )
    with pytest.raises(psycopg2.OperationalError, match="password authentication failed"):
        psycopg2.connect(wrong)


def test_the_service_works_on_rows_but_changes_no_table(proctoring):
    assert query(proctoring.app_url, "SELECT note FROM proctoring_events") == [("seen",)]
    with pytest.raises(psycopg2.errors.InsufficientPrivilege):
        query(proctoring.app_url, "CREATE TABLE mine (id int)")
    with pytest.raises(psycopg2.errors.InsufficientPrivilege):
        query(proctoring.app_url, "DROP TABLE proctoring_events")


def test_people_read_proctoring_by_bare_table_names_and_write_nothing(proctoring):
    assert query(proctoring.exam_user_url, "SELECT id FROM proctoring_events") == [(1,)]
    with pytest.raises(psycopg2.errors.InsufficientPrivilege):
        query(proctoring.exam_user_url, "DELETE FROM proctoring_events")


def test_no_service_sees_the_schema_of_another(proctoring, postgres_server):
    name = proctoring.app_url.rpartition("/")[2]
    stranger = postgres_server.url("attempts_app", name)
    with pytest.raises(psycopg2.errors.InsufficientPrivilege):
        query(stranger, "SELECT * FROM proctoring.proctoring_events")


def test_roles_can_be_made_again_over_what_is_there(proctoring, postgres_server):
    postgres_server.make_database(proctoring.app_url.rpartition("/")[2])
    assert query(proctoring.app_url, "SELECT id FROM proctoring_events") == [(1,)]


@pytest.mark.usefixtures("proctoring")
def test_two_databases_of_one_service_do_not_share_rows(database):
    other = database("proctoring")
    assert query(other.app_url, "SELECT to_regclass('proctoring_events')") == [(None,)]


def test_the_server_never_runs_as_root(postgres_server):
    listening = (
        connection.pid
        for connection in psutil.net_connections("tcp4")
        if connection.laddr.port == postgres_server.port and connection.status == "LISTEN"
    )
    assert psutil.Process(next(listening)).uids().real != 0
