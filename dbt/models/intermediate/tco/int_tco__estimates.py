from datetime import date

from models.tco.run import run


def model(dbt, session):
    frames = {
        "systems": dbt.ref("int_tco__system_inputs").df(),
        "benchmarks": dbt.ref("int_tco__benchmark_runs").df(),
        "assumptions": dbt.ref("stg_assumptions").df(),
    }
    return run(
        frames,
        as_of=date.fromisoformat(dbt.config.meta_get("as_of")),
        seed=dbt.config.meta_get("seed"),
        n_draws=dbt.config.meta_get("n_draws"),
    )
