"""Joint draws of the campuses that a published sum may mean: same seed, same draws as int_capacity__quarterly."""

from datetime import date

from models.capacity.run import run_campus_draws


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
        "statement_campuses": dbt.ref("int_capacity__statement_campuses").df(),
    }
    # A campus has random numbers of its own and the fits read other frames: leaving the others out changes nothing.
    for name in ("building_steps", "plans"):
        frames[name] = frames[name][frames[name]["campus_id"].isin(frames["statement_campuses"]["campus_id"])]
    return run_campus_draws(frames, as_of=date.fromisoformat(as_of), seed=seed, n_draws=n_draws)
