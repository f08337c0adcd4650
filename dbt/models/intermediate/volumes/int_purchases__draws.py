"""Draws of published accelerator sales and owners, and of what no owner accounts for."""

from models.volumes.purchases import run_purchases


def model(dbt, session):
    seed = dbt.config.meta_get("seed")
    n_draws = dbt.config.meta_get("n_draws")
    draws = run_purchases(
        {"assumptions": dbt.ref("stg_assumptions").df(), "estimates": dbt.ref("int_purchases__estimates").df()},
        seed=seed,
        n_draws=n_draws,
    )
    # An empty frame has no types of its own.
    columns = """
        designer::varchar as designer, accelerator::varchar as accelerator,
        quarter_start_date::date as quarter_start_date, buyer::varchar as buyer, draw_id::integer as draw_id,
        units::double as units
    """
    return session.from_df(draws).project(columns)
