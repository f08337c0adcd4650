from datetime import date

from models.tco.validation import run_validation


def model(dbt, session):
    frames = {
        "systems": dbt.ref("int_tco__system_inputs").df(),
        "figures": dbt.ref("int_tco__published_figures").df(),
        "assumptions": dbt.ref("stg_assumptions").df(),
    }
    return run_validation(
        frames,
        as_of=date.fromisoformat(dbt.config.meta_get("as_of")),
        seed=dbt.config.meta_get("seed"),
        n_draws=dbt.config.meta_get("n_draws"),
    )
