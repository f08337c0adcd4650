from datetime import date

from models.tco.rental import run_costs


def model(dbt, session):
    frames = {
        "systems": dbt.ref("int_tco__rented_systems").df(),
        "assumptions": dbt.ref("stg_assumptions").df(),
    }
    return run_costs(
        frames,
        as_of=date.fromisoformat(dbt.config.meta_get("as_of")),
        seed=dbt.config.meta_get("seed"),
        n_draws=dbt.config.meta_get("n_draws"),
    )
