"""What suppliers earn on Trainium, per generation, quarter and joint draw of int_volumes__draws."""

from models.volumes.run import run_suppliers


def model(dbt, session):
    return run_suppliers(
        {
            "assumptions": dbt.ref("stg_assumptions").df(),
            "posterior": dbt.ref("int_volumes__posterior").df(),
            "skus": dbt.ref("int_volumes__skus").df(),
        }
    )
