"""The bundled evidence as the volumes engine takes it, read from the source's own files, for a run of full size."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

REPO = Path(__file__).parents[2]
EVIDENCE = REPO / "ingest" / "sources" / "evidence" / "sample"

# A run of 20,000 draws has ten times the draws of a build, so each needs fewer moves (docs/methods/volumes.md).
EFFORT = {"moves_per_step": 2, "final_moves": 12}


def frames() -> dict[str, pd.DataFrame]:
    """All frames of run_posterior and run_volumes: every assumption, SKU and supplier of the repository."""
    assumptions = pd.read_csv(
        REPO / "models" / "assumptions" / "volumes.csv", dtype={"subject": str}, parse_dates=["known_from"]
    )
    assumptions = assumptions.sort_values("known_from", na_position="first")
    assumptions = assumptions.drop_duplicates(["subject", "parameter"], keep="last").reset_index(drop=True)
    for parameter, value in EFFORT.items():
        assumptions.loc[assumptions["parameter"] == parameter, "value"] = value
    sku_ids = assumptions.loc[assumptions["parameter"] == "chips_per_rack", "subject"]
    quarters = _quarters()
    return {
        "assumptions": assumptions,
        "skus": pd.DataFrame({"sku_id": sku_ids, "generation": "Trainium" + sku_ids.str[3]}),
        "statements": _statements(),
        "revenue": _revenue(),
        "revenue_spans": quarters[quarters["ticker"].isin(["ALAB", "CRDO", "MRVL"])],
        "controls": _controls(quarters),
        "site_power": pd.DataFrame(
            {
                "observation_id": ["2025Q4", "2026Q2"],
                "observed_date": ["2025-12-31", "2026-06-30"],
                "it_power_mw": [957.0, 1499.0],
                "root_id": "epoch-ai-data-centers",
                "known_from": "2026-10-02",
            }
        ),
    }


def _statements() -> pd.DataFrame:
    rows = pd.read_csv(EVIDENCE / "volume_estimates.csv")
    used = {"AMZN-14M": "disclosure", "MS-MRVL25": "analyst_total", "UDN-TRN3-26": "analyst_total"}
    rows = rows[rows["estimate_id"].isin(used)]
    return rows.assign(
        evidence_kind=rows["estimate_id"].map(used),
        generation=rows["sku"].str.slice(0, 9),
        value_units=rows["value"],
    )


def _revenue() -> pd.DataFrame:
    rows = pd.read_csv(EVIDENCE / "supplier_monthly_revenue.csv", dtype={"ticker": str})
    return rows.drop_duplicates(["ticker", "revenue_month"], keep="last")


def _quarters() -> pd.DataFrame:
    rows = pd.read_csv(EVIDENCE / "quarterly_financials.csv")
    rows = rows[rows["metric"] == "total revenue"].reset_index(drop=True)
    last = (pd.to_datetime(rows["quarter_end_date"]) - pd.Timedelta(days=15)).dt.to_period("M")
    months = [";".join(str(month - back) for back in (2, 1, 0)) for month in last]
    return rows.assign(months=months, revenue_twd_thousand=float("nan"), revenue_usd_m=rows["value_usd_m"])


def _controls(quarters: pd.DataFrame) -> pd.DataFrame:
    own = quarters[quarters["ticker"] == "NVDA"]
    spread = own.assign(revenue_month=own["months"].str.split(";")).explode("revenue_month")
    return spread.assign(series="NVDA", value=spread["revenue_usd_m"] / 3)
