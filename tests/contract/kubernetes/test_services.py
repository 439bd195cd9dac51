"""What containers are told is what services read; probes ask what answers; ends have their time."""

import importlib
import os
import re
from urllib.parse import parse_qs, urlsplit

import pytest
from chassis.settings import ServiceSettings
from contract.kubernetes.rendered import DUMMY, NAME, ROOT
from oep_web.app import PAGES
from oep_web.app import create_app as create_pages
from realtime import metrics
from realtime.settings import RealtimeSettings

STORED = ("auth", "attempts", "proctoring")
SERVICES = (*STORED, "realtime")
# Each service's pool, and what it opens beside it (relay, clock, background, intake, snapshots).
BESIDE = {"auth": 1, "attempts": 2, "proctoring": 6}
RESERVED = 20  # for the operator, psql and jobs


def settings(overlay, name, monkeypatch) -> ServiceSettings:
    """Return what the service itself makes of a container's environment, and of nothing else."""
    told = overlay.environment(name)
    for other in list(os.environ):
        monkeypatch.delenv(other)
    for key, value in told.items():
        monkeypatch.setenv(key, value)
    return main_of(name).SERVICE.settings.from_environment()


def main_of(name):
    return importlib.import_module(f"{name.removesuffix('-migrate')}.__main__")


JOBS = [f"{name}-migrate" for name in STORED]


@pytest.mark.parametrize("name", [*SERVICES, *JOBS])
def test_a_service_has_every_setting_that_it_demands(overlay, name, monkeypatch):
    read = settings(overlay, name, monkeypatch)
    assert read.host == "0.0.0.0"
    assert DUMMY not in read.masked()


def fields(name) -> set[str]:
    """Return the names in the environment that a service reads, as its own settings class says."""
    return {field.upper() for field in main_of(name).SERVICE.settings.model_fields}


OF_PYTHON = {"PYTHONUNBUFFERED", "PYTHONDONTWRITEBYTECODE"}


# Whose default is right for one machine only.
OF_ONE_MACHINE = {
    *("HOST", "NODE_ID", "NATS_REPLICAS", "ALLOWED_ORIGINS", "TRUSTED_PROXIES", "SHUTDOWN_SECONDS"),
    *("MTLS_CERTIFICATE_FILE", "MTLS_KEY_FILE", "MTLS_CA_FILE", "MTLS_CALLERS"),
    *("HASHING_THREADS", "DRAIN_SECONDS"),
}


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_is_told_what_is_another_than_on_one_machine(overlay, name):
    assert OF_ONE_MACHINE & fields(name) <= set(overlay.environment(name))


def test_what_is_another_than_on_one_machine_is_read_by_somebody():
    assert set().union(*(fields(name) for name in SERVICES)) >= OF_ONE_MACHINE


@pytest.mark.parametrize("name", [*SERVICES, *JOBS])
def test_a_service_is_told_nothing_that_it_does_not_read(overlay, name):
    """What all are told may be for another one; what a container is told itself is for itself."""
    own = set(overlay.environment(name)) - set(shared(overlay))
    assert own <= fields(name) | OF_PYTHON


def test_what_all_are_told_is_read_by_one_at_least(overlay):
    assert set(shared(overlay)) <= set().union(*(fields(name) for name in SERVICES))


def shared(overlay) -> dict[str, str]:
    [said] = [
        each["data"]
        for name, each in overlay.of("ConfigMap").items()
        if name.startswith("settings-")
    ]
    return said


def test_the_pages_are_told_where_to_listen(overlay):
    told = set(overlay.environment("web")) - OF_PYTHON
    text = (ROOT / "web/server/src/oep_web/__main__.py").read_text()
    assert told
    assert [name for name in told if f'"{name}"' not in text] == []


@pytest.mark.parametrize("name", [*SERVICES, *JOBS])
def test_a_container_runs_what_its_image_would(overlay, name):
    container, service = overlay.container(name), name.removesuffix("-migrate")
    program = f"exec python -m {service}"
    if "command" in container:
        assert container["command"][-1].endswith(program)
    else:
        image = (ROOT / "services" / service / "Dockerfile").read_text()
        [entry] = re.findall(r"^ENTRYPOINT (.*)$", image, flags=re.MULTILINE)
        assert program in entry
    assert container.get("args", []) == (["migrate"] if name in JOBS else [])


@pytest.mark.parametrize("name", SERVICES)
def test_streams_lie_on_every_server_of_the_bus_and_all_are_named(overlay, name, monkeypatch):
    read = settings(overlay, name, monkeypatch)
    servers = overlay.workloads["nats"]["spec"]["replicas"]
    assert read.nats_replicas == servers
    hosts = [urlsplit(url).hostname for url in read.nats_url.split(",")]
    assert hosts == [f"nats-{number}.nats" for number in range(servers)]


def test_each_service_has_a_role_of_its_own_and_a_job_its_schemas_owner(overlay, monkeypatch):
    users = {}
    for name in STORED:
        told = overlay.environment(name)
        assert "MIGRATION_DATABASE_URL" not in told
        users[name] = told["DATABASE_URL"]
        users[f"{name}-migrate"] = overlay.environment(f"{name}-migrate")["MIGRATION_DATABASE_URL"]
    for name, url in users.items():
        parts = urlsplit(url)
        owner = name.endswith("-migrate")
        assert parts.username == f"{name.removesuffix('-migrate')}_{'owner' if owner else 'app'}"
        assert parts.path == "/exam_db"
        asked = parse_qs(parts.query)
        assert asked["sslmode"] == ["verify-full"]
        mounted = overlay.container(name)["volumeMounts"]
        assert asked["sslrootcert"][0].rpartition("/")[0] in {m["mountPath"] for m in mounted}
    assert len({urlsplit(url).username for url in users.values()}) == len(users)


def test_the_job_that_makes_roles_has_every_password(overlay):
    text = (ROOT / "deploy/postgres/roles.sql").read_text()
    asked = set(re.findall(r"^\\getenv \w+ (\w+)", text, flags=re.MULTILINE))
    assert asked
    assert asked <= set(overlay.environment("database-roles"))


def test_the_database_lets_in_as_many_as_may_come(overlay, monkeypatch):
    most = RESERVED
    for name in STORED:
        spec = overlay.workloads[name]["spec"]
        replicas = spec["replicas"] + spec["strategy"]["rollingUpdate"]["maxSurge"]
        with monkeypatch.context() as context:
            size = settings(overlay, name, context).database_pool_size
        most += replicas * (size + BESIDE[name])
    [cluster] = overlay.of("Cluster").values()
    assert most <= int(cluster["spec"]["postgresql"]["parameters"]["max_connections"])


def test_what_is_acknowledged_is_on_two_machines_where_there_are_several(overlay):
    [cluster] = overlay.of("Cluster").values()
    if cluster["spec"]["instances"] == 1:
        assert overlay.name == "small"
    else:
        wanted = {"method": "any", "number": 1, "dataDurability": "required"}
        assert cluster["spec"]["postgresql"]["synchronous"] == wanted


def test_hashing_takes_the_processors_that_auth_may_have(overlay, monkeypatch):
    """By itself it would take as many as the machine has, and be throttled with all else."""
    limit = overlay.container("auth")["resources"]["limits"]["cpu"]
    assert settings(overlay, "auth", monkeypatch).hashing_threads == int(limit)


# Certificates


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_shows_a_certificate_with_its_own_name(overlay, name, monkeypatch):
    read = settings(overlay, name, monkeypatch)
    paths = (read.mtls_certificate_file, read.mtls_key_file, read.mtls_ca_file)
    pod, container = overlay.pod(name), overlay.container(name)
    [mount] = [m for m in container["volumeMounts"] if m["name"] == "mtls"]
    assert [str(path) for path in paths] == [
        f"{mount['mountPath']}/{file}" for file in ("tls.crt", "tls.key", "ca.crt")
    ]
    assert "subPath" not in mount, "a mount of one file is never renewed"
    [volume] = [v for v in pod["volumes"] if v["name"] == "mtls"]
    [spec] = [
        each["spec"]
        for each in overlay.of("Certificate").values()
        if each["spec"]["secretName"] == volume["secret"]["secretName"]
    ]
    assert spec["dnsNames"] == [name]
    assert spec["commonName"] == name
    assert "client auth" in spec["usages"]
    assert ("server auth" in spec["usages"]) == (name in STORED)
    assert spec["issuerRef"]["name"] == "mtls"
    assert volume["secret"]["defaultMode"] == 0o440
    assert pod["securityContext"]["fsGroup"] == pod["securityContext"]["runAsUser"]


def test_names_of_neighbours_are_those_that_clients_demand(overlay, monkeypatch):
    for name in SERVICES:
        with monkeypatch.context() as context:
            read = settings(overlay, name, context)
        for peer in STORED:
            address = getattr(read, f"{peer}_grpc", None)
            if address is not None:
                port = overlay.environment(peer)["GRPC_PORT"]
                assert address == f"dns:///{peer}:{port}"
    found = []
    for file in (ROOT / "services").glob("*/src/*/*.py"):
        asked = r'channel\(\s*\w*\.?settings\.(\w+)_grpc(?:,\s*"(\w+)",\s*[iI]dentity)?'
        found += re.findall(asked, file.read_text())
    assert {address for address, _ in found} == set(STORED)
    assert [each for each in found if each[0] != each[1]] == []


# Probes


def routes(app) -> set[str]:
    return {getattr(route, "path", "") for route in app.routes}


@pytest.fixture
def pages(tmp_path):
    for page in PAGES.values():
        (tmp_path / page).parent.mkdir(exist_ok=True)
        (tmp_path / page).touch()
    (tmp_path / "assets").mkdir()
    return tmp_path


@pytest.mark.parametrize("name", [*SERVICES, "web"])
def test_probes_ask_what_the_service_answers_where_it_listens(overlay, name, monkeypatch, pages):
    if name == "web":
        there, port = routes(create_pages(pages)), int(overlay.environment(name)["REST_PORT"])
    else:
        read = settings(overlay, name, monkeypatch)
        there, port = routes(main_of(name).SERVICE.create_app(read)), read.rest_port
    container = overlay.container(name)
    ports = {each["name"]: each["containerPort"] for each in container["ports"]}
    for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
        asked = container[probe]["httpGet"]
        assert asked["path"] in there
        assert ports[asked["port"]] == port
    assert container["livenessProbe"]["httpGet"]["path"] == "/health/live"
    assert container["readinessProbe"]["httpGet"]["path"] == "/health/ready"
    if name in STORED:
        assert ports["grpc"] == read.grpc_port


def test_the_gateways_probes_ask_a_page_of_its_own(overlay):
    container = overlay.container("gateway")
    text = overlay.mounted_maps("gateway")["/etc/oep/live/routes.yaml"]
    for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
        asked = container[probe]["httpGet"]
        assert (asked["port"], asked["scheme"]) == ("public", "HTTPS")
        assert f"path: {asked['path']}\n" in text


# Ends


def test_a_pod_that_ends_has_the_time_that_it_takes(overlay, monkeypatch):
    for name in SERVICES:
        with monkeypatch.context() as context:
            read = settings(overlay, name, context)
        pause = overlay.container(name)["lifecycle"]["preStop"]["sleep"]["seconds"]
        assert pause >= 5, "until nobody sends anything new"
        takes = pause + read.shutdown_seconds + getattr(read, "drain_seconds", 0)
        assert takes < overlay.pod(name)["terminationGracePeriodSeconds"], name
    drain = RealtimeSettings.model_fields["drain_seconds"].default
    assert drain < 60 == float(overlay.environment("realtime")["DRAIN_SECONDS"])


def test_the_gateway_drains_for_a_minute_and_is_given_it(overlay):
    words = overlay.container("gateway")["lifecycle"]["preStop"]["exec"]["command"][-1]
    assert "POST /drain_listeners?graceful" in words
    assert int(re.findall(r"sleep (\d+)", words)[0]) == 60
    assert overlay.pod("gateway")["terminationGracePeriodSeconds"] > 60
    assert "--drain-time-s 50" in overlay.container("gateway")["command"][-1]


# Scale


def test_realtime_follows_a_figure_that_it_really_counts(overlays):
    spec = overlays["large"].of("ScaledObject")["realtime"]["spec"]
    [trigger] = [each for each in spec["triggers"] if each["type"] == "prometheus"]
    [name] = re.findall(r"oep_\w+", trigger["metadata"]["query"])
    [family] = metrics._CONNECTIONS.collect()
    assert name == family.name
    assert trigger["metricType"] == "AverageValue"
    assert "sum(" in trigger["metadata"]["query"], "a node's sockets are of several kinds"


def test_realtime_stands_before_the_exam_and_can_hold_all(overlays):
    large = overlays["large"]
    spec = large.of("ScaledObject")["realtime"]["spec"]
    [cron] = [each["metadata"] for each in spec["triggers"] if each["type"] == "cron"]
    [load] = [each["metadata"] for each in spec["triggers"] if each["type"] == "prometheus"]
    before, most = int(cron["desiredReplicas"]), spec["maxReplicaCount"]
    assert spec["minReplicaCount"] >= 2
    assert before * int(load["threshold"]) >= 100_000
    assert most > before
    assert spec["fallback"]["replicas"] >= before
    assert int(cron["end"].split()[1]) > int(cron["start"].split()[1])
    deployment = large.workloads["realtime"]["spec"]
    assert "replicas" not in deployment, "applying it would undo what the scaler has done"
    assert spec["scaleTargetRef"]["name"] == "realtime"
    # One node may go, and the others take its sockets: as many files as sockets, and room for it.
    files = int(re.findall(r"ulimit -n (\d+)", large.container("realtime")["command"][-1])[0])
    assert files > 2 * int(load["threshold"])


def test_scaled_down_nodes_go_one_by_one(overlays):
    spec = overlays["large"].of("ScaledObject")["realtime"]["spec"]
    behaviour = spec["advanced"]["horizontalPodAutoscalerConfig"]["behavior"]
    [policy] = behaviour["scaleDown"]["policies"]
    assert (policy["type"], policy["value"]) == ("Pods", 1)
    grace = overlays["large"].pod("realtime")["terminationGracePeriodSeconds"]
    assert policy["periodSeconds"] > grace


def test_one_school_needs_no_scaler(overlays):
    assert not overlays["small"].of("ScaledObject")
    for name, each in overlays["small"].of("Deployment").items():
        assert each["spec"]["replicas"] == 1, name
        assert each["metadata"]["labels"][NAME] == name
