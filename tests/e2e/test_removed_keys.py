"""A signing key that has leaked is removed while the platform works (contract §2.3; fault 16).

Apart from planned rotations: between two changes of keys each part must have heard of the next one.
"""

import time

import httpx
import pytest
from chassis.waiting import eventually

GATEWAY_SECONDS = 60
SERVICE_SECONDS = 10


@pytest.mark.contract("2.3/removal-of-keys")
async def test_what_a_revoked_key_has_signed_is_refused_everywhere_and_new_logins_work(
    platform, student, next_key, newcomer, change
):
    """Contract §2.3, fault 16: emergency removal, ≤ 10 s in services, ≤ 60 s at the gateway."""
    headers = {"Authorization": f"Bearer {student.token}"}
    path = f"/api/v1/attempts/{student.attempt_id}/time-status"
    async with httpx.AsyncClient(timeout=10, trust_env=False) as client:

        async def refused(url: str) -> bool:
            return (await client.get(url, headers=headers)).status_code == 401

        services = [
            platform.service_url("attempts") + path,
            platform.service_url("auth") + "/api/v1/auth/me",
            platform.service_url("proctoring")
            + f"/api/v1/proctoring/attempt/{student.attempt_id}/events",
        ]
        assert not any([await refused(url) for url in (*services, platform.url + path)])
        async with student.socket(f"attempts/{student.attempt_id}") as socket:
            active = (await change("list"))[0]["kid"]
            began = time.monotonic()
            after = await change("revoke", active)
            assert active not in {key["kid"] for key in after}
            token = await newcomer()
            me = await client.get(
                f"{platform.url}/api/v1/auth/me", headers={"Authorization": f"Bearer {token}"}
            )
            assert me.status_code == 200
            for url in services:
                left = SERVICE_SECONDS - (time.monotonic() - began)
                await eventually(lambda url=url: refused(url), left)
            await eventually(lambda: socket.close_code, SERVICE_SECONDS)
            assert socket.close_code == 4501
            left = GATEWAY_SECONDS - (time.monotonic() - began)
            await eventually(lambda: refused(platform.url + path), left, every=0.5)
    assert after[0]["kid"] == next_key["kid"]
