-- Grain: accelerator x assumption vintage. The best class of evidence wins whole; within it, figures close to the newest
-- one are pooled (geometric mean, since price errors are multiplicative). A published TCO can only be turned back into a
-- price in its own vintage, where life and cost of capital are those it was made with.
with vintages as (

    select
        subject as assumption_vintage,
        value::integer as price_cutoff_year,
        known_from as vintage_known_from
    from {{ ref('stg_assumptions') }}
    where engine = 'tco'
        and parameter = 'price_cutoff_year'

),

price_window as (

    select value::integer as days
    from {{ ref('stg_assumptions') }}
    where engine = 'tco'
        and parameter = 'price_window_days'

),

priorities (capex_basis, capex_basis_rank) as (

    values
    ('published_bom', 1),
    ('published_all_in', 2),
    ('server_price', 3),
    ('list_server_price', 4),
    ('chip_price', 5),
    ('list_chip_price', 6),
    ('inverse_tco', 7),
    ('prior_bound', 8)

),

visible as (

    select
        vintages.assumption_vintage,
        vintages.vintage_known_from,
        priorities.capex_basis_rank,
        figures.*
    from {{ ref('int_tco__capex_figures') }} as figures
    inner join priorities using (capex_basis)
    inner join vintages
        on year(figures.known_from) <= vintages.price_cutoff_year
        and (figures.capex_basis <> 'inverse_tco' or year(figures.known_from) = vintages.price_cutoff_year)

),

best_class as (

    select *
    from visible
    qualify capex_basis_rank = min(capex_basis_rank) over (partition by accelerator_id, assumption_vintage)

),

recent as (

    select *
    from best_class
    qualify known_from >= max(known_from) over (partition by accelerator_id, assumption_vintage)
        - to_days((select days from price_window))

)

select
    accelerator_id,
    assumption_vintage,
    capex_basis,
    capex_basis_rank,
    capex_basis in ('inverse_tco', 'prior_bound') as is_derived_bound,
    round(exp(avg(ln(price_usd_per_chip) order by evidence_id)), 2) as price_usd_per_chip,
    min(coalesce(price_low_usd_per_chip, price_usd_per_chip)) as price_low_usd_per_chip,
    max(coalesce(price_high_usd_per_chip, price_usd_per_chip)) as price_high_usd_per_chip,
    avg(published_tco_usd_per_chip_hour order by evidence_id) as published_tco_usd_per_chip_hour,
    list(evidence_id order by evidence_id) as evidence_ids,
    list(distinct source_url order by source_url) as source_urls,
    list(distinct root_id order by root_id) as root_ids,
    greatest(max(known_from), max(vintage_known_from)) as known_from
from recent
group by all
