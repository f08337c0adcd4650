"""Chips of campuses whose power is known and whose chips nobody counts."""

from models.capacity.balance import run_chips_from_power


def model(dbt, session):
    seed = dbt.config.meta_get("seed")
    n_draws = dbt.config.meta_get("n_draws")
    return run_chips_from_power(
        {
            "assumptions": dbt.ref("stg_assumptions").df(),
            "campuses": dbt.ref("int_capacity__uncounted_campuses").df(),
        },
        seed=seed,
        n_draws=n_draws,
    )
