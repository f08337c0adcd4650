"""Which frames each variant keeps, and the table of a cheap run."""

from collections.abc import Callable
from datetime import date

import numpy as np
import pandas as pd
import pytest

from models.volumes.ablation import ablate, variants
from serve.ablation import table

AS_OF = date(2026, 11, 22)


@pytest.fixture
def frames(
    assumptions: pd.DataFrame,
    skus: pd.DataFrame,
    landed: pd.DataFrame,
    accton: pd.DataFrame,
    nvidia: pd.DataFrame,
    power: pd.DataFrame,
) -> dict[str, pd.DataFrame]:
    """All frames, with Celestica's two quarters as the negative control."""
    control = pd.DataFrame(
        {
            "ticker": "CLS",
            "months": ["2025-01;2025-02;2025-03", "2026-01;2026-02;2026-03"],
            "revenue_twd_thousand": np.nan,
            "revenue_usd_m": [2647.0, 4050.0],
            "known_from": "2026-05-05",
        }
    )
    return {
        "assumptions": assumptions,
        "skus": skus,
        "statements": landed,
        "revenue": accton,
        "revenue_spans": control.iloc[:0],
        "controls": nvidia,
        "site_power": power,
        "negative_control": control,
    }


def test_a_variant_leaves_out_what_it_says(frames: dict[str, pd.DataFrame]) -> None:
    known: dict[str, Callable[[], dict[str, pd.DataFrame]]] = variants(frames)  # type: ignore[assignment]
    assert known["without Amazon's count"]()["statements"].empty
    assert len(known["without brokers"]()["statements"]) == 1
    assert known["without 2345"]()["revenue"].empty
    assert len(known["without 6669"]()["revenue"]) == len(frames["revenue"])
    assert known["without taking Nvidia out"]()["controls"].empty
    only = known["suppliers only"]()
    assert only["statements"].empty and only["site_power"].empty and not only["revenue"].empty
    muted = only["assumptions"]
    weights = muted[muted["parameter"] == "weight"].set_index("subject")["value"]
    assert weights["cowos"] == 0
    assert (frames["assumptions"].loc[frames["assumptions"]["parameter"] == "weight", "value"] == 1).all()
    control = known["all, with CLS read as a supplier"]()
    assert set(control["revenue_spans"]["ticker"]) == {"CLS"}
    assert "CLS/Trainium2" in set(control["assumptions"]["subject"])


def test_the_table_has_a_line_per_variant(frames: dict[str, pd.DataFrame]) -> None:
    names = ["all", "suppliers only", "nothing (prior)"]
    rows = ablate(frames, AS_OF, seed=3, n_draws=200, names=names)
    assert rows.groupby("variant", sort=False).size().to_dict() == dict.fromkeys(names, 4)
    assert ((rows["p05"] < rows["p50"]) & (rows["p50"] < rows["p95"])).all()
    installed = rows[rows["measure"] == "installed_chip_units"].set_index(["variant", "generation"])
    spread = np.log(installed["p95"] / installed["p05"])
    assert spread["all", "Trainium2"] < spread["nothing (prior)", "Trainium2"]
    shown = [tuple(row) for row in rows[["variant", "generation", "measure", "p05", "p50", "p95"]].to_numpy()]
    lines = table(shown).splitlines()
    assert [line.split("  ")[0] for line in lines] == ["evidence used", *names]
    assert table(shown, is_markdown=True).splitlines()[1] == "|---|---|---|---|---|"


def test_an_unknown_variant_is_named(frames: dict[str, pd.DataFrame]) -> None:
    with pytest.raises(KeyError, match="without rumours"):
        ablate(frames, AS_OF, seed=3, n_draws=10, names=["without rumours"])
