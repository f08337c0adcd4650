"""The cases with their scores (models/scoring)."""

from models.scoring import COLUMNS, score


def model(dbt, session):
    cases = dbt.ref("int_forecast_accuracy__cases").df()
    return score(cases.rename(columns={f"forecast_value_{name}": name for name in COLUMNS}))
