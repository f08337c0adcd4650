from datetime import date

from models.tco.rental import run_returns


def model(dbt, session):
    frames = {
        "systems": dbt.ref("int_tco__rented_systems").df(),
        "assumptions": dbt.ref("stg_assumptions").df(),
        "rents": dbt.ref("int_tco__newest_rents").df(),
        "prices": dbt.ref("int_rental_prices__comparable").df(),
    }
    return run_returns(
        frames,
        as_of=date.fromisoformat(dbt.config.meta_get("as_of")),
        seed=dbt.config.meta_get("seed"),
        n_draws=dbt.config.meta_get("n_draws"),
    )
