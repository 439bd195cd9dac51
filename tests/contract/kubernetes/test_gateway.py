"""The gateway as its pod runs it: TLS that is renewed under it, figures, and its end."""

import asyncio
import contextlib
import re
import shutil
import ssl
import subprocess
from pathlib import Path

import envoy
import httpx
import pytest
import trustme
import yaml
from chassis.waiting import eventually
from oep_local import ports

HOST = "exams.school.example"


class Mounted:
    """A folder of files as kubelet mounts it: all are replaced at once, by one moved link."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._version = 0

    def put(self, files: dict[str, str]) -> None:
        self._version += 1
        behind = self.folder / f"..{self._version}"
        behind.mkdir(parents=True)
        for name, text in files.items():
            (behind / name).write_text(text)
            with contextlib.suppress(FileExistsError):
                (self.folder / name).symlink_to(f"..data/{name}")
        (self.folder / "..new").symlink_to(behind.name)
        (self.folder / "..new").replace(self.folder / "..data")


class Gateway:
    """Envoy with the small overlay's configuration, in a folder, on ports of its own."""

    def __init__(self, overlay, folder: Path) -> None:
        self.ca, self.admin = trustme.CA(), ports.free_port()
        self._rest: dict[str, str] = {}
        self._live: dict[str, str] = {}
        self.tls, self.live = (Mounted(folder / "etc/oep" / name) for name in ("tls", "live"))
        self.stop_command = overlay.container("gateway")["lifecycle"]["preStop"]["exec"]["command"]
        for path, text in overlay.mounted_maps("gateway").items():
            here = re.sub(r"(?<![\w/])/etc/(envoy|oep)/", rf"{folder}/etc/\1/", text)
            place = folder / path.removeprefix("/")
            if place.parent == self.tls.folder:
                self._rest[place.name] = here
                continue
            if place.parent == self.live.folder:
                self._live[place.name] = self._alone(here)
                continue
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(self._alone(here) if place.name == "envoy.yaml" else here)
        self.renew()
        self.live.put(self._live)
        config, binary = folder / "etc/envoy/envoy.yaml", Path(envoy.__file__).parent / "_bin/envoy"
        command = [binary, "-c", config, "--disable-hot-restart", "--concurrency", "1"]
        self.log = folder / "envoy.log"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [*command, "--drain-time-s", "1"], stdout=subprocess.DEVNULL, stderr=log
            )

    def _alone(self, text: str) -> str:
        """Take free ports, and an address where nobody is for the services."""
        text = re.sub(r"port_value: (8000|9902)$", "port_value: 0", text, flags=re.MULTILINE)
        text = text.replace("port_value: 9901", f"port_value: {self.admin}")
        return re.sub(
            r"address: (auth|attempts|proctoring|realtime|web)$",
            "address: 127.0.0.2",
            text,
            flags=re.MULTILINE,
        )

    def renew(self) -> None:
        made = self.ca.issue_cert(HOST)
        pair = {"tls.crt": made.cert_chain_pems[0], "tls.key": made.private_key_pem}
        self.tls.put(self._rest | {name: pem.bytes().decode() for name, pem in pair.items()})

    def move_pages(self) -> None:
        """Apply the map with other routes, as `kubectl apply` and kubelet do together."""
        routes = self._live["routes.yaml"]
        assert "path_separated_prefix: /app\n" in routes
        changed = routes.replace("path_separated_prefix: /app\n", "path_separated_prefix: /new\n")
        self.live.put(self._live | {"routes.yaml": changed})

    async def listening(self, name: str) -> int:
        """Return the port of a listener; 0 as long as there is none."""
        assert self.process.poll() is None, self.log.read_text()
        with contextlib.suppress(httpx.HTTPError):
            async with httpx.AsyncClient(trust_env=False, timeout=10) as http:
                said = await http.get(f"http://127.0.0.1:{self.admin}/listeners?format=json")
                for each in said.json().get("listener_statuses", ()):
                    if each["name"] == name:
                        return each["local_address"]["socket_address"]["port_value"]
        return 0

    def trust(self) -> ssl.SSLContext:
        context = ssl.create_default_context()
        self.ca.configure_trust(context)
        return context

    async def ask(self, path: str) -> tuple[int, bytes]:
        """Ask the public port by TLS; return the status and the certificate that was shown."""
        context = self.trust()
        url = f"https://127.0.0.1:{await self.listening('public')}{path}"
        async with (
            httpx.AsyncClient(verify=context, trust_env=False, timeout=10) as http,
            http.stream(
                "GET", url, headers={"host": HOST}, extensions={"sni_hostname": HOST}
            ) as got,
        ):
            line = got.extensions["network_stream"].get_extra_info("ssl_object")
            return got.status_code, line.getpeercert(binary_form=True)


@pytest.fixture
async def gateway(overlays, tmp_path):
    gateway = Gateway(overlays["small"], tmp_path)
    try:

        async def is_there():
            return await gateway.listening("public") and await gateway.listening("stats")

        await eventually(is_there, seconds=30)
        yield gateway
    finally:
        gateway.process.terminate()
        gateway.process.wait(20)


async def test_a_gateway_from_begin_to_end(gateway):
    """One process for all of it: it speaks TLS, takes a new certificate, tells figures, drains."""
    status, before = await gateway.ask("/health")
    assert status == 200
    gateway.renew()

    async def is_new():
        return (await gateway.ask("/health"))[1] != before

    await eventually(is_new, seconds=20)

    # Routes change under a connection that is open, and it stays.
    reader, writer = await asyncio.open_connection(
        "127.0.0.1", await gateway.listening("public"), ssl=gateway.trust(), server_hostname=HOST
    )
    assert await said_on(reader, writer, "/app/") == 503, "nobody is behind this gateway"
    gateway.move_pages()

    async def has_moved():
        return (await gateway.ask("/app/"))[0] == 404 and (await gateway.ask("/new/"))[0] == 503

    await eventually(has_moved, seconds=20)
    assert await said_on(reader, writer, "/app/") == 404
    writer.close()

    figures = f"http://127.0.0.1:{await gateway.listening('stats')}"
    async with httpx.AsyncClient(trust_env=False, timeout=10) as http:
        said = await http.get(f"{figures}/stats/prometheus")
        assert "envoy_cluster_membership_healthy" in said.text
        for path in ("/", "/config_dump", "/quitquitquit", "/stats"):
            assert (await http.post(figures + path)).status_code == 404, path

    shell, *words = gateway.stop_command
    words[-1] = words[-1].replace("/9901", f"/{gateway.admin}").replace("sleep 60", "true")
    command = [shutil.which(Path(shell).name) or shell, *words]
    await asyncio.to_thread(subprocess.run, command, check=True, timeout=20)

    async def is_closed():
        try:
            await gateway.ask("/health")
        except httpx.HTTPError:
            return gateway.process.poll() is None
        return False

    await eventually(is_closed, seconds=20)


async def said_on(reader, writer, path):
    """Ask on a connection that is open; return the status."""
    writer.write(f"GET {path} HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode())
    head = (await reader.readuntil(b"\r\n\r\n")).decode()
    length = re.search(r"content-length: (\d+)", head)
    await reader.readexactly(int(length[1]))
    return int(head.split()[1])


def test_a_change_of_the_map_reaches_running_gateways(overlays):
    """A name that stays, and a whole folder: kubelet replaces nothing below a subPath."""
    for overlay in overlays.values():
        assert "gateway-live" in overlay.of("ConfigMap")
        [volume] = [each for each in overlay.pod("gateway")["volumes"] if each["name"] == "live"]
        assert volume["configMap"] == {"name": "gateway-live"}
        mounts = overlay.container("gateway")["volumeMounts"]
        [mount] = [each for each in mounts if each["name"] == "live"]
        assert mount == {"name": "live", "mountPath": "/etc/oep/live", "readOnly": True}
        maps = overlay.mounted_maps("gateway")
        assert {"/etc/oep/live/routes.yaml", "/etc/oep/live/clusters.yaml"} < set(maps)


def test_the_names_in_this_file_are_the_overlays(overlays):
    [host] = overlays["small"].of("Certificate")["gateway-tls"]["spec"]["dnsNames"]
    assert host == HOST
    [text] = [
        text
        for path, text in overlays["small"].mounted_maps("gateway").items()
        if path.endswith("envoy.yaml")
    ]
    listeners = yaml.safe_load(text)["static_resources"]["listeners"]
    places = {each["name"]: each["address"]["socket_address"]["port_value"] for each in listeners}
    assert places == {"public": 8000, "stats": 9902}
