"""Installed chips per accelerator, end user, quarter and draw."""

from datetime import date

from models.volumes.end_use import run_end_use


def model(dbt, session):
    as_of = dbt.config.meta_get("as_of")
    seed = dbt.config.meta_get("seed")
    assumptions = dbt.ref("stg_assumptions").filter("engine = 'end_use'")
    used = run_end_use(
        {
            "assumptions": assumptions.df(),
            "installed": dbt.ref("int_end_use__installed").df(),
            "sites": dbt.ref("int_end_use__sites").df(),
            "tenants": dbt.ref("int_end_use__tenants").df(),
        },
        as_of=date.fromisoformat(as_of),
        seed=seed,
    )
    # NaN is how numpy says that nothing is installed; an empty frame has no types of its own.
    columns = """
        accelerator::varchar as accelerator, end_user::varchar as end_user,
        quarter_start_date::date as quarter_start_date, draw_id::integer as draw_id,
        installed_units::double as installed_units, named_units::double as named_units,
        case when isnan(share::double) then null else share::double end as share
    """
    return session.from_df(used).project(columns)
