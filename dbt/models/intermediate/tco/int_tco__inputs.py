from datetime import date

from models.tco.centre import run_inputs


def model(dbt, session):
    frames = {
        "systems": dbt.ref("int_tco__system_inputs").df(),
        "assumptions": dbt.ref("stg_assumptions").df(),
    }
    return run_inputs(frames, as_of=date.fromisoformat(dbt.config.meta_get("as_of")))
