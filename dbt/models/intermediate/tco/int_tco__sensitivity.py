from datetime import date

from models.tco.sensitivity import run_sensitivity


def model(dbt, session):
    frames = {
        "systems": dbt.ref("int_tco__system_inputs").df(),
        "assumptions": dbt.ref("stg_assumptions").df(),
    }
    return run_sensitivity(frames, as_of=date.fromisoformat(dbt.config.meta_get("as_of")))
