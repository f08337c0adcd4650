"""Chips against power per cloud and quarter, with intervals."""

from datetime import date

from models.capacity.balance import run_balance


def model(dbt, session):
    as_of = dbt.config.meta_get("as_of")
    seed = dbt.config.meta_get("seed")
    n_draws = dbt.config.meta_get("n_draws")
    return run_balance(
        {
            "assumptions": dbt.ref("stg_assumptions").df(),
            "chips": dbt.ref("int_capacity__cloud_chips").df(),
            "listed": dbt.ref("int_capacity__listed_power").df(),
            "compared": dbt.ref("int_capacity__compared_power").df(),
        },
        as_of=date.fromisoformat(as_of),
        seed=seed,
        n_draws=n_draws,
    )
