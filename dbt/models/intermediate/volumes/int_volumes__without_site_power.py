"""Installed Trainium of a run that has not seen the power of the sites, so that chips and power may be compared."""

from datetime import date

from models.volumes.run import run_posterior, run_volumes


def model(dbt, session):
    as_of = dbt.config.meta_get("as_of")
    seed = dbt.config.meta_get("seed")
    n_draws = dbt.config.meta_get("n_draws")
    skus = dbt.ref("int_volumes__skus").df()
    frames = {
        "assumptions": dbt.ref("stg_assumptions").df(),
        "statements": dbt.ref("int_volumes__statements").filter("is_used").df(),
        "revenue": dbt.ref("int_volumes__supplier_revenue").df(),
        "revenue_spans": dbt.ref("int_volumes__revenue_spans").df(),
        "controls": dbt.ref("int_volumes__controls").df(),
        # All rows but those that count: the frame keeps its columns.
        "site_power": dbt.ref("int_volumes__site_power").filter("false").df(),
        "skus": skus,
    }
    posterior = run_posterior(frames, as_of=date.fromisoformat(as_of), seed=seed, n_draws=n_draws)
    draws = run_volumes({**frames, "posterior": posterior})
    draws["generation"] = draws["sku_id"].map(dict(zip(skus["sku_id"], skus["generation"], strict=True)))
    keys = ["generation", "quarter_start_date", "draw_id"]
    return draws.groupby(keys, as_index=False)["installed_chip_units"].sum()
