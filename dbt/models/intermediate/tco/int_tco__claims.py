from datetime import date

from models.tco.claims import run_claims


def model(dbt, session):
    frames = {
        "systems": dbt.ref("int_tco__system_inputs").df(),
        "earlier_specs": dbt.ref("int_tco__earlier_specs").df(),
        "tokens": dbt.ref("int_tco__claim_tokens").df(),
        "assumptions": dbt.ref("stg_assumptions").df(),
    }
    return run_claims(
        frames,
        as_of=date.fromisoformat(dbt.config.meta_get("as_of")),
        seed=dbt.config.meta_get("seed"),
        n_draws=dbt.config.meta_get("n_draws"),
    )
