"""Trainium packages, racks and installed chips per SKU, quarter and joint draw."""

from models.volumes.run import run_volumes


def model(dbt, session):
    return run_volumes(
        {
            "assumptions": dbt.ref("stg_assumptions").df(),
            "posterior": dbt.ref("int_volumes__posterior").df(),
            "skus": dbt.ref("int_volumes__skus").df(),
        }
    )
