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
        "projected_steps": dbt.ref("int_capacity__projected_steps").df(),
        "building_stages": dbt.ref("int_capacity__building_stages").df(),
        "power_gates": dbt.ref("int_capacity__power_gates").df(),
        "campuses": dbt.ref("stg_evidence__campuses").df(),
        "tenancies": dbt.ref("int_capacity__tenancies").df(),
        "assumptions": dbt.ref("stg_assumptions").df(),
        "published_totals": dbt.ref("int_capacity__published_totals").df(),
    }
    return run(frames, as_of=date.fromisoformat(as_of), seed=seed, n_draws=n_draws)
