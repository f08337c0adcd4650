"""The inference with each family of evidence left out or alone; built by `python -m serve.ablation` only."""

from datetime import date

from models.volumes.ablation import ablate


def model(dbt, session):
    as_of = dbt.config.meta_get("as_of")
    seed = dbt.config.meta_get("seed")
    n_draws = dbt.config.meta_get("n_draws")
    return ablate(
        {
            "assumptions": dbt.ref("stg_assumptions").df(),
            "statements": dbt.ref("int_volumes__statements").filter("is_used").df(),
            "revenue": dbt.ref("int_volumes__supplier_revenue").df(),
            "revenue_spans": dbt.ref("int_volumes__revenue_spans").df(),
            "controls": dbt.ref("int_volumes__controls").df(),
            "site_power": dbt.ref("int_volumes__site_power").df(),
            "skus": dbt.ref("int_volumes__skus").df(),
            "negative_control": dbt.ref("int_volumes__negative_control").df(),
        },
        as_of=date.fromisoformat(as_of),
        seed=seed,
        n_draws=n_draws,
    )
