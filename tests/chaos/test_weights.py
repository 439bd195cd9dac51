"""How growth is read from what was weighed."""

import pytest

from chaos.weights import Weights, growth

HOUR = 3_600.0


def life(began, mib, rate, seconds=600, first=0.0):
    """Weigh every 10 s what begins with `mib` and grows by `rate` MiB an hour, warm or not."""
    return [
        (began + at, mib + rate * at / HOUR + (first if at < 120 else 0.0))
        for at in range(0, seconds, 10)
    ]


def test_growth_is_the_slope_of_a_life():
    assert growth([life(0, 50, 12)]) == pytest.approx(12)


def test_what_fills_in_the_first_two_minutes_is_no_growth():
    assert growth([life(0, 50, 0, first=-30)]) == pytest.approx(0, abs=1e-6)


def test_a_process_that_begins_anew_is_no_growth():
    assert growth([life(0, 50, 6), life(700, 20, 6)]) == pytest.approx(6)


def test_a_longer_life_says_more():
    assert 8 < growth([life(0, 50, 9, seconds=1_200), life(2_000, 50, 0, seconds=300)]) < 9


@pytest.mark.parametrize("lives", [[], [life(0, 50, 6, seconds=100)], [[(0, 1)], [(200, 2)]]])
def test_what_lived_too_short_says_nothing(lives):
    assert growth(lives) is None


def test_a_part_is_told_with_what_it_holds_in_the_end(monkeypatch):
    monkeypatch.setattr("load.meters.family", lambda pid: [pid, pid + 1])
    monkeypatch.setattr("chaos.weights._kib", lambda pid: 0 if pid > 100 else 512 * pid)
    weights = Weights()
    weights.weigh({"auth": 1, "gone": 1000}, 0.0)
    weights.weigh({"auth": 3}, 10.0)
    assert list(weights.words) == ["auth 4 MiB (no life was long enough)"]
