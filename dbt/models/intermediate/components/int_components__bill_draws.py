"""Content of packages and racks, one draw for each joint draw of the volumes."""

from models.volumes.components import SHARED_PARAMETER, bill_draws


def model(dbt, session):
    seed = dbt.config.meta_get("seed")
    posterior = dbt.ref("int_volumes__posterior")
    draws = bill_draws(
        dbt.ref("stg_assumptions").df(),
        posterior.filter(f"ends_with(latent, '/{SHARED_PARAMETER}')").df(),
        n_draws=posterior.aggregate("max(draw_id) + 1").fetchone()[0],
        seed=seed,
    )
    # An empty frame has no types of its own.
    types = {"subject": "varchar", "parameter": "varchar", "draw_id": "integer", "value": "double"}
    columns = ", ".join(f"{name}::{kind} as {name}" for name, kind in types.items())
    return session.from_df(draws).project(columns)
