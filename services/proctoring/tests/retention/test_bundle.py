"""What retention has removed is missing in the bundle of evidence, accounted for, and all holds."""

import pytest
from oep_local import verify_evidence as verifier
from proctoring.evidence import sealing
from proctoring.evidence.seal import Reason
from proctoring.evidence.sealing import Ending


async def verified(archive, sat) -> tuple[dict, dict[str, str], list[str]]:
    rig = archive.rig
    document = (await rig.client(sat.student_id).get(f"/attempt/{sat.attempt_id}/evidence")).json()
    keys = (await rig.client(None).get("/evidence-keys")).json()
    found = verifier.findings(document, keys)
    said = dict(text.split(": ", 1) for _, text in found)
    return document, said, [text for verdict, text in found if verdict != verifier.HOLDS]


@pytest.mark.parametrize(("days", "gone", "records"), [(91, 3, 1), (181, 6, 2)])
async def test_after_an_erasure_the_bundle_verifies_and_says_how_much_is_gone(
    archive, days, gone, records
):
    sat = await archive.sat(days_ago=days)
    ending = Ending(sat.attempt_id, sat.exam_id, Reason.SUBMITTED)
    await archive.rig.rows(sealing.seal, archive.rig.app.state.signing_key, [ending])
    before, said, flaws = await verified(archive, sat)
    assert (flaws, said["payloads"]) == ([], "all fit; 0 were erased, as 0 removal records say")
    await archive.run(sat)
    after, said, flaws = await verified(archive, sat)
    words = f"all fit; {gone} were erased, as {records} removal records say"
    assert (flaws, said["payloads"]) == ([], words)
    assert after["heads"] == before["heads"], "what was sealed before the erasure still stands"
    assert [e["hash"] for e in after["events"]] == [e["hash"] for e in before["events"]]
    assert all(event["network"] is None for event in after["events"])
