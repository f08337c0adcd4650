import numpy as np
import pytest

from models.volumes.posterior import (
    Effort,
    NoPosteriorError,
    effective_draws,
    effective_size,
    informed,
    largest_step,
    sample,
    systematic,
)

EFFORT = Effort(prior_draws=4000, n_draws=1000, min_effective_share=0.5, moves_per_step=4, final_moves=20)


def test_sampler_finds_a_known_posterior() -> None:
    # Normal prior, two precise normal observations of the first latent and of the sum of two: exact answer known.
    def log_likelihood(scores: np.ndarray) -> np.ndarray:
        return -0.5 * ((scores[:, 0] - 2.5) / 0.1) ** 2 - 0.5 * ((scores[:, 0] + scores[:, 1] - 1.0) / 0.2) ** 2

    precision = np.eye(2) + np.outer([1, 0], [1, 0]) / 0.01 + np.outer([1, 1], [1, 1]) / 0.04
    covariance = np.linalg.inv(precision)
    mean = covariance @ (np.array([1, 0]) * 2.5 / 0.01 + np.array([1, 1]) * 1.0 / 0.04)
    drawn = sample(log_likelihood, 4, EFFORT, np.random.default_rng(3))
    assert drawn.n_steps > 1
    assert drawn.scores[:, :2].mean(axis=0) == pytest.approx(mean, abs=0.03)
    assert np.cov(drawn.scores[:, :2].T) == pytest.approx(covariance, abs=0.01)
    # What nothing speaks of keeps its prior.
    assert drawn.scores[:, 2:].std() == pytest.approx(1.0, abs=0.06)
    assert effective_draws(drawn.scores[:, 0], drawn.ancestor) > 200


def test_without_evidence_the_posterior_is_the_prior() -> None:
    drawn = sample(lambda scores: np.zeros(len(scores)), 3, EFFORT, np.random.default_rng(0))
    assert drawn.n_steps == 1
    assert drawn.scores.mean() == pytest.approx(0, abs=0.06)
    assert drawn.scores.std() == pytest.approx(1, abs=0.06)


def test_informed_names_the_columns_that_matter() -> None:
    columns = informed(lambda scores: scores[:, 1] * scores[:, 3], 5, np.random.default_rng(0))
    assert columns.tolist() == [1, 3]


def test_rounding_is_no_information() -> None:
    """The last digits of a sum may depend on what else is computed beside it."""

    def log_likelihood(scores: np.ndarray) -> np.ndarray:
        return np.asarray(np.where(scores[:, 2] > 1, -np.inf, 100 + scores[:, 1] + 1e-13 * scores[:, 0]))

    assert informed(log_likelihood, 4, np.random.default_rng(0)).tolist() == [1, 2]


def test_impossible_evidence_is_said_so() -> None:
    with pytest.raises(NoPosteriorError, match="only 0 of 4000 prior draws can explain the evidence"):
        sample(lambda scores: np.full(len(scores), -np.inf), 2, EFFORT, np.random.default_rng(0))


def test_effective_size_and_steps() -> None:
    assert effective_size(np.zeros(10)) == pytest.approx(10)
    assert effective_size(np.array([0.0, -1e6])) == pytest.approx(1)
    fit = -(np.linspace(0, 100, 1000) ** 2)
    step = largest_step(fit, 1.0, 500)
    assert 0 < step < 1
    assert effective_size(step * fit) == pytest.approx(500, rel=0.01)
    assert largest_step(np.zeros(1000), 1.0, 500) == 1.0


def test_systematic_resampling_is_proportional() -> None:
    index = systematic(np.log([0.1, 0.6, 0.3]), 1000, np.random.default_rng(0))
    assert np.bincount(index) == pytest.approx([100, 600, 300], abs=1)


def test_draws_of_one_family_count_once() -> None:
    rng = np.random.default_rng(0)
    ancestor = np.repeat(np.arange(10), 100)
    assert effective_draws(np.repeat(rng.standard_normal(10), 100), ancestor) == pytest.approx(10, rel=0.5)
    assert effective_draws(rng.standard_normal(1000), ancestor) > 400


def test_the_work_is_linear_in_draws() -> None:
    """Counted, not timed: rows of draws the likelihood is asked about beyond those of the prior."""

    def rows_asked(n_draws: int) -> int:
        asked: list[int] = []

        def log_likelihood(scores: np.ndarray) -> np.ndarray:
            asked.append(len(scores))
            return -0.5 * ((scores[:, 0] - 1.0) / 0.2) ** 2

        effort = Effort(prior_draws=20_000, n_draws=n_draws, min_effective_share=0.5, moves_per_step=4, final_moves=20)
        sample(log_likelihood, 2, effort, np.random.default_rng(3))
        return sum(asked) - effort.prior_draws

    once, four_times = rows_asked(1000), rows_asked(4000)
    assert 3 < four_times / once < 5


def test_chunks_and_threads_do_not_change_a_byte(monkeypatch: pytest.MonkeyPatch) -> None:
    def log_likelihood(scores: np.ndarray) -> np.ndarray:
        return -0.5 * ((np.exp(scores[:, 0]) - scores[:, 1] - 2.5) / 0.3) ** 2

    def drawn() -> bytes:
        return sample(log_likelihood, 3, EFFORT, np.random.default_rng(11)).scores.tobytes()

    first = drawn()
    monkeypatch.setattr("models.volumes.posterior._WORKERS", 1)
    monkeypatch.setattr("models.volumes.posterior._CHUNK_DRAWS", 97)
    assert drawn() == first
