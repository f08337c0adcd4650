-- Grain: accelerator x assumption vintage. The server's share of the all-in price, where one publication states both.
with vintages as (

    select
        subject as assumption_vintage,
        value::integer as price_cutoff_year
    from {{ ref('stg_assumptions') }}
    where engine = 'tco'
        and parameter = 'price_cutoff_year'

)

select
    all_in.accelerator_id,
    vintages.assumption_vintage,
    avg(servers.price_usd_per_chip / all_in.price_usd_per_chip order by servers.evidence_id) as published_server_share,
    list(distinct servers.evidence_id order by servers.evidence_id) as evidence_ids,
    max(greatest(servers.known_from, all_in.known_from)) as known_from
from {{ ref('int_tco__capex_figures') }} as all_in
inner join {{ ref('int_tco__capex_figures') }} as servers
    on servers.accelerator_id = all_in.accelerator_id
    and servers.root_id = all_in.root_id
    and servers.known_from = all_in.known_from
    and servers.capex_basis = 'server_price'
    and servers.price_usd_per_chip < all_in.price_usd_per_chip
inner join vintages
    on year(all_in.known_from) <= vintages.price_cutoff_year
where all_in.capex_basis = 'published_all_in'
group by all_in.accelerator_id, vintages.assumption_vintage
