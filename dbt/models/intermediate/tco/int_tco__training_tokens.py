from datetime import date

from models.tco.tokens import run_training


def model(dbt, session):
    frames = {
        "cards": dbt.ref("int_tco__model_cards").df(),
        "chips": dbt.ref("int_tco__serving_chips").df(),
        "systems": dbt.ref("int_tco__system_inputs").df(),
        "assumptions": dbt.ref("stg_assumptions").df(),
    }
    return run_training(
        frames,
        as_of=date.fromisoformat(dbt.config.meta_get("as_of")),
        seed=dbt.config.meta_get("seed"),
        n_draws=dbt.config.meta_get("n_draws"),
    )
