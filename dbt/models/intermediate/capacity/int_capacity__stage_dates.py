"""When each building reaches the last stages and each campus 1 GW: the dates behind int_capacity__quarterly."""

from datetime import date

from models.capacity.run import run_stage_dates


def model(dbt, session):
    as_of = dbt.config.meta_get("as_of")
    seed = dbt.config.meta_get("seed")
    n_draws = dbt.config.meta_get("n_draws")
    frames = {
        "building_steps": dbt.ref("int_capacity__building_steps").df(),
        "plans": dbt.ref("int_capacity__plans").df(),
        "projected_steps": dbt.ref("int_capacity__projected_steps").df(),
        "building_stages": dbt.ref("int_capacity__building_stages").df(),
        "power_gates": dbt.ref("int_capacity__power_gates").df(),
        "campuses": dbt.ref("stg_evidence__campuses").df(),
        "assumptions": dbt.ref("stg_assumptions").df(),
    }
    return run_stage_dates(frames, as_of=date.fromisoformat(as_of), seed=seed, n_draws=n_draws)
