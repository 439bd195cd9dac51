"""From a suspicion to the last word: event, review, decision, appeal, another person, history."""

HISTORY = """
    SELECT place, event_type, user_id, previous_hash, hash FROM proctoring.review_history
    WHERE review_id = %s ORDER BY place
"""


async def test_a_review_goes_from_an_event_to_another_persons_word(
    student, proctor, grader, hall_in_charge, admin, rows
):
    event = (await student.report(student.event("copy_paste_attempt"))).json()
    (await student.submit()).raise_for_status()
    attempt = f"/attempts/{student.attempt_id}"
    before = (await admin.http.get(attempt)).raise_for_status().json()
    mine = f"/proctoring/attempt/{student.attempt_id}/review"

    opened = await proctor.http.post(
        f"{mine}s", json={"reason": "He read from his sleeve", "event_ids": [event["id"]]}
    )
    assert opened.status_code == 201, opened.text
    place = f"/proctoring/reviews/{opened.json()['id']}"
    assert (await student.http.get(mine)).status_code == 404

    confirmed = await grader.http.post(
        f"{place}/decision",
        json={
            "decision": "confirmed",
            "reason_code": "forbidden_material",
            "explanation": "Text was pasted into question 3",
            "internal_note": "The hall has a video",
        },
    )
    assert confirmed.json()["state"] == "decided"

    shown = await student.http.get(mine)
    decision = shown.raise_for_status().json()
    assert (decision["outcome"], decision["may_appeal"]) == ("confirmed", True)
    assert [ground["id"] for ground in decision["grounds"]] == [event["id"]]
    assert "video" not in shown.text
    assert "sleeve" not in shown.text

    appeal = {"text": "I pasted my own sentence from question 2"}
    (await student.http.post(f"{place}/appeal", json=appeal)).raise_for_status()
    assert (await student.http.post(f"{place}/appeal", json=appeal)).status_code == 409

    ruling = {"decision": "overturned", "explanation": "The text is your own"}
    for judge in (grader, proctor):
        refused = await judge.http.post(f"{place}/appeal-decision", json=ruling)
        assert refused.status_code == 409
        assert "another person must decide" in refused.json()["detail"]
    last = await hall_in_charge.http.post(f"{place}/appeal-decision", json=ruling)
    assert (last.json()["state"], last.json()["outcome"]) == ("closed", "cleared")
    late = await admin.http.post(f"{place}/appeal-decision", json=ruling)
    assert late.json()["detail"] == (
        f"The appeal is decided already, by {hall_in_charge.user['full_name']}"
    )
    assert (await student.http.get(mine)).json()["outcome"] == "cleared"

    assert (await admin.http.get(attempt)).json() == before

    history = (await admin.http.get(f"{place}/history")).json()
    assert (history["is_intact"], history["changed"]) == (True, [])
    told = [(each["step"], each["by_id"]) for each in history["entries"]]
    assert told == [
        ("opened", proctor.user["id"]),
        ("decided", grader.user["id"]),
        ("appealed", student.user["id"]),
        ("appeal_decided", hall_in_charge.user["id"]),
    ]
    stored = rows(HISTORY, history["review_id"])
    assert [row[0] for row in stored] == [1, 2, 3, 4]
    assert [row[3] for row in stored[1:]] == [row[4] for row in stored[:-1]]
