from datetime import date

from models.tco.tokens import run_frontier


def model(dbt, session):
    frames = {
        "runs": dbt.ref("int_tco__inference_runs").df(),
        "cards": dbt.ref("int_tco__model_cards").df(),
        "chips": dbt.ref("int_tco__serving_chips").df(),
        "calibration": dbt.ref("int_tco__tokens_calibration").df(),
        "systems": dbt.ref("int_tco__system_inputs").df(),
        "assumptions": dbt.ref("stg_assumptions").df(),
    }
    return run_frontier(
        frames,
        as_of=date.fromisoformat(dbt.config.meta_get("as_of")),
        seed=dbt.config.meta_get("seed"),
        n_draws=dbt.config.meta_get("n_draws"),
    )
