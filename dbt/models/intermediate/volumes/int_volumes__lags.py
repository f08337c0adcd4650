"""How long a chip takes from packaging to a rack and from there to a hall, as the evidence leaves it."""

from models.volumes.run import run_lags


def model(dbt, session):
    return run_lags(
        {"assumptions": dbt.ref("stg_assumptions").df(), "posterior": dbt.ref("int_volumes__posterior").df()}
    )
