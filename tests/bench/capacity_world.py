"""A world of campuses somewhat larger than the bundled one, for timing the capacity engine."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pandas as pd

from models.capacity.parameters import STAGES

REPO = Path(__file__).parents[2]
KNOWN = pd.Timestamp("2026-09-24")
FAMILIES = ("aws_hall", "google_hall", "meta_h", "neocloud_retrofit", "other")


def frames(n_campuses: int, buildings_per_campus: int) -> dict[str, pd.DataFrame]:
    """The engine's frames: half of every campus's buildings are seen running, the others are printed ahead."""
    steps, stages, printed, tenancies = [], [], [], []
    for c in range(n_campuses):
        campus_id, family = f"campus-{c:03d}", FAMILIES[c % len(FAMILIES)]
        for b in range(1, buildings_per_campus + 1):
            building_id = f"{campus_id}-b{b:02d}"
            is_seen = b <= buildings_per_campus // 2
            opens = date(2024, 1, 1) + timedelta(days=7 * (c % 50) + 120 * b) if is_seen else date(2026, 12, 1)
            opens += timedelta(days=0 if is_seen else 10 * (c % 40) + 90 * b)
            steps.append(
                {
                    "building_id": building_id, "campus_id": campus_id, "operator": f"operator {c % 20}",
                    "cloud_provider": f"cloud {c % 6}", "building_number": b, "step_number": b, "observed_date": opens,
                    "previous_observed_date": opens - timedelta(days=60), "confirmed_date": None,
                    "vintage_date": KNOWN, "date_basis": "observed" if is_seen else "projected", "is_started": True,
                    "it_increment_mw": 50.0 + c % 30, "facility_increment_mw": 65.0 + c % 30, "design_family": family,
                    "capacity_evidence_kind": "permit" if is_seen else "estimate", "known_from": KNOWN,
                }
            )  # fmt: skip
            for number in range(3, 10 if is_seen else 7):
                seen = opens - timedelta(days=80 * (9 - number)) if is_seen else date(2026, 3 + number % 5, 1)
                stages.append(
                    {
                        "building_id": building_id, "campus_id": campus_id, "design_family": family,
                        "stage": STAGES[number - 1], "stage_number": number,
                        "not_yet_date": seen - timedelta(days=70), "seen_date": seen, "last_look_date": KNOWN,
                        "is_estimate": False, "is_campus_level": False, "known_from": KNOWN,
                    }
                )  # fmt: skip
            for vintage in (date(2025, 11, 12), date(2026, 4, 3), date(2026, 8, 3)):
                due = vintage + timedelta(days=20 + c % 90)
                reached = due + timedelta(days=(c * 13) % 200)
                printed.append(
                    {
                        "campus_id": campus_id, "level_kind": "buildings", "level": float(b), "vintage_date": vintage,
                        "projected_date": due, "lead_days": (due - vintage).days, "outcome": "realised",
                        "outcome_from_date": reached, "outcome_to_date": reached, "newest_vintage_date": KNOWN,
                        "design_family": family, "known_from": KNOWN,
                    }
                )  # fmt: skip
        tenancies.append(
            {
                "tenancy_id": f"t{c}", "campus_id": campus_id, "lab": f"lab {c % 12}", "cloud_provider": None,
                "valid_from": None, "valid_to": None, "confidence": "likely", "share_low": None, "share_high": None,
                "known_from": KNOWN,
            }
        )  # fmt: skip
    assumptions = pd.read_csv(REPO / "models/assumptions/capacity.csv")
    plans = [
        "building_id", "campus_id", "operator", "cloud_provider", "planned_it_capacity_mw",
        "planned_facility_capacity_mw", "status_class", "is_started", "start_earliest_date", "start_latest_date",
        "known_from",
    ]  # fmt: skip
    found = {
        "building_steps": pd.DataFrame(steps), "building_stages": pd.DataFrame(stages),
        "projected_steps": pd.DataFrame(printed), "tenancies": pd.DataFrame(tenancies),
        "plans": pd.DataFrame(columns=plans), "assumptions": assumptions[assumptions["known_from"].isna()],
    }  # fmt: skip
    for frame in found.values():
        for column in frame.columns:
            if column.endswith("_date") or column in ("known_from", "valid_from", "valid_to"):
                frame[column] = pd.to_datetime(frame[column])
    return found
