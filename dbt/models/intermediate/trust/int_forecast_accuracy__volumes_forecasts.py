"""What the volumes engine and its rivals say on the build's date; built by `python -m serve.backtest` only."""

from datetime import date

from models.volumes.backtest import forecasts


def model(dbt, session):
    as_of = dbt.config.meta_get("as_of")
    seed = dbt.config.meta_get("seed")
    epoch = dbt.ref("stg_epoch_chips__estimates").filter(
        "designer_name = 'Amazon' and estimate_kind = 'sales' and chip_type is not null and is_latest"
    )
    return forecasts(
        {
            "assumptions": dbt.ref("stg_assumptions").df(),
            "posterior": dbt.ref("int_volumes__posterior").df(),
            "revenue": dbt.ref("int_volumes__supplier_revenue").df(),
            "revenue_spans": dbt.ref("int_volumes__revenue_spans").df(),
            "controls": dbt.ref("int_volumes__controls").df(),
            "statements": dbt.ref("int_volumes__statements").df(),
            "epoch": epoch.df(),
            "claims": dbt.ref("stg_evidence__volume_estimates").df(),
        },
        as_of=date.fromisoformat(as_of),
        seed=seed,
    )
