"""Joint draws of the power energised at the compared campuses together: same seed, same draws as the capacity marts."""

from datetime import date

from models.capacity.run import run_campus_draws


def model(dbt, session):
    as_of = dbt.config.meta_get("as_of")
    seed = dbt.config.meta_get("seed")
    n_draws = dbt.config.meta_get("n_draws")
    campuses = dbt.ref("int_capacity__compared_campuses").df()
    frames = {
        "building_steps": dbt.ref("int_capacity__building_steps").df(),
        "plans": dbt.ref("int_capacity__plans").df(),
        "projected_steps": dbt.ref("int_capacity__projected_steps").df(),
        "building_stages": dbt.ref("int_capacity__building_stages").df(),
        "power_gates": dbt.ref("int_capacity__power_gates").df(),
        "campuses": dbt.ref("stg_evidence__campuses").df(),
        "tenancies": dbt.ref("int_capacity__tenancies").df(),
        "assumptions": dbt.ref("stg_assumptions").df(),
        "statement_campuses": campuses,
    }
    # A campus has random numbers of its own and the fits read other frames: leaving the others out changes nothing.
    for name in ("building_steps", "plans"):
        frames[name] = frames[name][frames[name]["campus_id"].isin(campuses["campus_id"])]
    draws = run_campus_draws(frames, as_of=date.fromisoformat(as_of), seed=seed, n_draws=n_draws)
    draws["cloud_provider"] = draws["campus_id"].map(campuses.set_index("campus_id")["cloud_provider"])
    total = draws.groupby(["cloud_provider", "quarter_start_date", "draw_id"], as_index=False, observed=True)
    columns = """
        cloud_provider::varchar as cloud_provider, quarter_start_date::date as quarter_start_date,
        draw_id::integer as draw_id, energised_it_capacity_mw::double as it_mw
    """
    return session.from_df(total["energised_it_capacity_mw"].sum()).project(columns)
