import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.volumes.assumptions import Assumption, AssumptionError, Assumptions, from_scores, generator

SCORES = np.array([-1.6448536269514722, 0.0, 1.6448536269514722])


@pytest.mark.parametrize(("family", "middle"), [("normal", 30.0), ("lognormal", 30.0)])
def test_band_is_the_5th_and_95th_percentile(family: str, middle: float) -> None:
    low, high = (20.0, 40.0) if family == "normal" else (20.0, 45.0)
    drawn = from_scores(Assumption(middle, low, high, family), SCORES)
    assert drawn == pytest.approx([low, middle, high])


def test_uniform_and_triangular_stay_within_their_bounds() -> None:
    scores = np.random.default_rng(0).standard_normal(20_000)
    for family in ("uniform", "triangular"):
        drawn = from_scores(Assumption(1.0, -1.0, 4.0, family), scores)
        assert drawn.min() >= -1.0
        assert drawn.max() <= 4.0
    # The mean of a triangular is the mean of its three corners.
    assert drawn.mean() == pytest.approx((1 - 1 + 4) / 3, abs=0.03)


def test_beta_has_the_stated_mean_and_spread() -> None:
    scores = np.random.default_rng(0).standard_normal(50_000)
    drawn = from_scores(Assumption(0.9, 0.8, 0.98, "beta"), scores)
    assert drawn.mean() == pytest.approx(0.9, abs=0.002)
    assert drawn.std() == pytest.approx(0.18 / 3.29, rel=0.03)
    assert drawn.min() > 0
    assert drawn.max() < 1


@given(family=st.sampled_from(["normal", "lognormal", "uniform", "triangular", "beta"]), shift=st.floats(0.01, 2))
def test_a_higher_score_never_gives_a_lower_value(family: str, shift: float) -> None:
    belief = Assumption(0.5, 0.3, 0.8, family)
    scores = np.linspace(-3, 3, 31)
    assert (from_scores(belief, scores + shift) >= from_scores(belief, scores)).all()


@pytest.mark.parametrize(
    ("belief", "said"),
    [
        (Assumption(1, 2, 1, "normal"), "low must be below high"),
        (Assumption(1, 0, 2, "cauchy"), "unknown distribution 'cauchy'"),
        (Assumption(0.5, 0.0, 3.0, "beta"), "too wide"),
    ],
)
def test_a_belief_that_cannot_be_drawn_is_refused(belief: Assumption, said: str) -> None:
    with pytest.raises(AssumptionError, match=said):
        from_scores(belief, SCORES)


def test_two_rows_for_one_parameter_are_refused() -> None:
    row = {"engine": "volumes", "subject": "a", "parameter": "b", "value": 1, "low": 0, "high": 2}
    twice = pd.DataFrame([{**row, "distribution": "normal"}] * 2)
    with pytest.raises(AssumptionError, match="volumes/a/b has two rows"):
        Assumptions(twice)


def test_a_missing_parameter_says_where_to_add_it(assumptions: pd.DataFrame) -> None:
    with pytest.raises(AssumptionError, match=r"volumes/Trainium9/plateau is missing; add a row to models/assumptions"):
        Assumptions(assumptions).value("Trainium9", "plateau")


def test_generators_depend_on_names_only() -> None:
    assert generator(1, "a", "b").random() == generator(1, "a", "b").random()
    assert generator(1, "a", "b").random() != generator(1, "ab").random()
    assert generator(1, "a").random() != generator(2, "a").random()
