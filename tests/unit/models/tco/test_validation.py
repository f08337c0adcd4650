"""Published figures beside ours: the same thing of the same chip, buyer and vintage."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from models.tco.assumptions import LookAheadError
from models.tco.run import KEY, run
from models.tco.validation import OURS, run_validation
from tests.unit.models.tco.cases import AS_OF

SEED, N_DRAWS = 9, 600


def figure(figure_id: str, metric_name: str, accelerator: str = "gb200", **changes: object) -> dict[str, object]:
    return {
        "figure_id": figure_id, "metric_name": metric_name, "accelerator_id": accelerator, "rival_accelerator_id": None,
        "buyer_class": "hyperscaler", "assumption_vintage": "v2025", "known_from": pd.Timestamp("2025-11-28"),
        **changes,
    }  # fmt: skip


FIGURES = pd.DataFrame(
    [
        figure("F1", "tco"),
        figure("F2", "tco", buyer_class="neocloud_giant", assumption_vintage="v2026"),
        figure("F3", "capital_share"),
        figure("F4", "tco_ratio", rival_accelerator_id="h100-sxm"),
        figure("F5", "per_bf16_pflop"),
        figure("F6", "per_8_bit_pflop"),
        figure("F7", "per_fp4_pflop"),
        figure("F8", "per_tb_per_s"),
        figure("F9", "tco", accelerator="unpriced"),
        figure("F10", "tco", buyer_class="not_stated"),
        figure("F11", "per_fp4_pflop", accelerator="h100-sxm"),
        figure("F12", "tco_ratio", rival_accelerator_id="unpriced"),
    ]
)


def test_ours_is_the_same_thing(frames: dict[str, pd.DataFrame]) -> None:
    rows = run_validation({**frames, "figures": FIGURES}, AS_OF, SEED, N_DRAWS).set_index("figure_id")
    estimates = run(frames, AS_OF, SEED, N_DRAWS).set_index(KEY)
    gb200 = estimates.loc[("gb200-nvl72", "hyperscaler", "v2025")]
    for name, metric in (
        ("F1", "tco_usd_per_chip_hour"), ("F5", "usd_per_marketed_pflop_hour"),
        ("F6", "usd_per_marketed_fp8_pflop_hour"), ("F7", "usd_per_marketed_fp4_pflop_hour"),
        ("F8", "usd_per_tb_per_s_hour"),
    ):  # fmt: skip
        for q in ("p05", "p50", "p95"):
            assert rows.loc[name, f"{OURS}_{q}"] == pytest.approx(gb200[f"{metric}_{q}"], rel=1e-9), (name, q)
    neocloud = estimates.loc[("gb200-nvl72", "neocloud_giant", "v2026")]
    assert rows.loc["F2", f"{OURS}_p50"] == pytest.approx(neocloud["tco_usd_per_chip_hour_p50"], rel=1e-9)
    # The two published examples: capital 0.774 of the cost, 1.6 times an H100.
    assert rows.loc["F3", f"{OURS}_p50"] == pytest.approx(0.78, abs=0.02)
    assert rows.loc["F4", f"{OURS}_p50"] == pytest.approx(1.64, abs=0.04)


def test_without_a_counterpart_there_is_no_row(frames: dict[str, pd.DataFrame]) -> None:
    rows = run_validation({**frames, "figures": FIGURES}, AS_OF, SEED, N_DRAWS)
    assert {"F9", "F10", "F11", "F12"}.isdisjoint(rows["figure_id"])


def test_an_unknown_metric_is_refused(frames: dict[str, pd.DataFrame]) -> None:
    with pytest.raises(ValueError, match="has no counterpart"):
        run_validation({**frames, "figures": pd.DataFrame([figure("F1", "vibes")])}, AS_OF, SEED, N_DRAWS)


def test_figures_of_tomorrow_are_refused(frames: dict[str, pd.DataFrame]) -> None:
    late = FIGURES.assign(known_from=pd.Timestamp("2027-01-01"))
    with pytest.raises(LookAheadError):
        run_validation({**frames, "figures": late}, AS_OF, SEED, N_DRAWS)


def test_an_early_day_is_empty_and_typed(frames: dict[str, pd.DataFrame]) -> None:
    nothing = run_validation({**frames, "figures": FIGURES.iloc[:0]}, AS_OF, SEED, N_DRAWS)
    assert len(nothing) == 0
    assert nothing[f"{OURS}_p50"].dtype == np.float64
