{# The published figure that counts for each buyer (NULL: sales), accelerator and quarter: the newest, and what stands behind it. #}
with counted as (

    select
        estimate_kind,
        designer,
        accelerator,
        buyer,
        quarter_start_date,
        count(distinct source_url) as n_sources,
        count(distinct root_id) as n_independent_roots
    from {{ ref('int_purchases__published') }}
    group by all

),

latest as (

    select *
    from {{ ref('int_purchases__published') }}
    qualify row_number() over (
        partition by estimate_kind, designer, accelerator, buyer, quarter_start_date
        order by known_from desc, source_rank, source_url
    ) = 1

)

select
    latest.* exclude (source_rank),
    counted.n_sources,
    counted.n_independent_roots
from latest
inner join counted
    on counted.estimate_kind = latest.estimate_kind
    and counted.designer = latest.designer
    and counted.accelerator = latest.accelerator
    and counted.buyer is not distinct from latest.buyer
    and counted.quarter_start_date = latest.quarter_start_date
