from datetime import date

from models.tco.pairwise import run_pairwise


def model(dbt, session):
    frames = {
        "systems": dbt.ref("int_tco__system_inputs").df(),
        "estimates": dbt.ref("int_tco__estimates").df(),
        "assumptions": dbt.ref("stg_assumptions").df(),
    }
    return run_pairwise(
        frames,
        as_of=date.fromisoformat(dbt.config.meta_get("as_of")),
        seed=dbt.config.meta_get("seed"),
        n_draws=dbt.config.meta_get("n_draws"),
    )
