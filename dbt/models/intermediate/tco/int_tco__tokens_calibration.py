from datetime import date

from models.tco.tokens import run_calibration


def model(dbt, session):
    frames = {
        "runs": dbt.ref("int_tco__inference_runs").df(),
        "cards": dbt.ref("int_tco__model_cards").df(),
        "chips": dbt.ref("int_tco__serving_chips").df(),
        "assumptions": dbt.ref("stg_assumptions").df(),
    }
    return run_calibration(frames, as_of=date.fromisoformat(dbt.config.meta_get("as_of")))
