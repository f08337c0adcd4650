"""Quarter-end MW with intervals, all levels, from the capacity engine."""

from datetime import date

from models.capacity.run import run


def model(dbt, session):
    as_of = dbt.config.meta_get("as_of")
    seed = dbt.config.meta_get("seed")
    n_draws = dbt.config.meta_get("n_draws")
    frames = {
        "building_steps": dbt.ref("int_capacity__building_steps").df(),
        "plans": dbt.ref("int_capacity__plans").df(),
        "tenancies": dbt.ref("int_capacity__tenancies").df(),
        "assumptions": dbt.ref("stg_assumptions").df(),
    }
    return run(frames, as_of=date.fromisoformat(as_of), seed=seed, n_draws=n_draws)
