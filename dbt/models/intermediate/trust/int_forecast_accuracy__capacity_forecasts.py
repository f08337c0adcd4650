"""What the capacity engine and its rivals say on the build's date; built by `python -m serve.backtest` only."""

from datetime import date

from models.capacity.backtest import forecasts


def model(dbt, session):
    as_of = dbt.config.meta_get("as_of")
    seed = dbt.config.meta_get("seed")
    n_draws = dbt.config.meta_get("n_draws")
    return forecasts(
        {
            "building_steps": dbt.ref("int_capacity__building_steps").df(),
            "plans": dbt.ref("int_capacity__plans").df(),
            "projected_steps": dbt.ref("int_capacity__projected_steps").df(),
            "building_stages": dbt.ref("int_capacity__building_stages").df(),
            "power_gates": dbt.ref("int_capacity__power_gates").df(),
            "campuses": dbt.ref("stg_evidence__campuses").df(),
            "assumptions": dbt.ref("stg_assumptions").df(),
            "timelines": dbt.ref("stg_epoch_data_centers__timelines").df(),
            "deals": dbt.ref("stg_evidence__deals").df(),
        },
        as_of=date.fromisoformat(as_of),
        seed=seed,
        n_draws=n_draws,
    )
