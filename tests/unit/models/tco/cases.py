"""Systems and assumption rows the engine's tests share."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd

ASSUMPTIONS = Path(__file__).parents[4] / "models" / "assumptions" / "tco.csv"
AS_OF = date(2026, 11, 22)

SYSTEM: dict[str, Any] = {
    "system_id": "hgx-h100-8",
    "accelerator_id": "h100-sxm",
    "vendor": "Nvidia",
    "family": "Hopper",
    "assumption_vintage": "v2025",
    "capex_basis": "published_all_in",
    "price_usd_per_chip": 31250.0,
    "price_low_usd_per_chip": 31250.0,
    "price_high_usd_per_chip": 31250.0,
    "published_tco_usd_per_chip_hour": float("nan"),
    "published_server_share": 0.76,
    "power_kw_per_chip": 1.37,
    "power_basis": "published_all_in",
    "dense_fp16_tflops": 989.5,
    "dense_fp8_tflops": 1979.0,
    "dense_fp4_tflops": float("nan"),
    "memory_bandwidth_tb_per_s": 3.35,
    "memory_gb": 80.0,
    "scale_up_bandwidth_gb_per_s": 450.0,
    "scale_up_domain_chips": 8,
    "mfu_subject": "Hopper",
    "known_from": pd.Timestamp("2025-10-09"),
}
GB200 = {
    "system_id": "gb200-nvl72",
    "accelerator_id": "gb200",
    "family": "Blackwell",
    "price_usd_per_chip": 3.9e6 / 72,
    "price_low_usd_per_chip": 3.9e6 / 72,
    "price_high_usd_per_chip": 3.9e6 / 72,
    "published_server_share": 3.1 / 3.9,
    "power_kw_per_chip": 1.87,
    "dense_fp16_tflops": 2500.0,
    "dense_fp8_tflops": 5000.0,
    "dense_fp4_tflops": 10_000.0,
    "memory_bandwidth_tb_per_s": 8.0,
    "memory_gb": 186.0,
    "scale_up_bandwidth_gb_per_s": 900.0,
    "scale_up_domain_chips": 72,
    "mfu_subject": "gb200",
}
TRAINIUM2 = {
    "system_id": "trn2-ultraserver",
    "accelerator_id": "trainium2",
    "vendor": "AWS",
    "family": "Trainium",
    "capex_basis": "prior_bound",
    "price_usd_per_chip": 14500.0,
    "price_low_usd_per_chip": 11700.0,
    "price_high_usd_per_chip": 18300.0,
    "published_server_share": float("nan"),
    "power_kw_per_chip": 0.84,
    "dense_fp16_tflops": 667.0,
    "dense_fp8_tflops": 1299.0,
    "memory_bandwidth_tb_per_s": 2.9,
    "memory_gb": 96.0,
    "scale_up_bandwidth_gb_per_s": 640.0,
    "scale_up_domain_chips": 64,
    "mfu_subject": "trainium2",
}


def assumptions_as_of(as_of: date) -> pd.DataFrame:
    """The rows valid at as_of: the latest known one per key, method rows (no date) where no dated one is valid."""
    rows = pd.read_csv(ASSUMPTIONS, parse_dates=["known_from"])
    rows = rows[rows["known_from"].isna() | (rows["known_from"] <= pd.Timestamp(as_of))]
    rows = rows.sort_values("known_from", na_position="first", kind="stable")
    return rows.groupby(["engine", "subject", "parameter"], as_index=False).last().reset_index(drop=True)
