{#
    Every claim about a cloud provider's revenue in a calendar quarter, ranked: rank 1 is believed, the rest are kept
    for marts.conflicts. Providers enter here once their owner reports the cloud as a segment in US dollars.
#}
with segments (ticker, metric, cloud_provider) as (

    values ('AMZN', 'AWS segment revenue', 'AWS')

),

claims as (

    select
        segments.cloud_provider,
        date_trunc('quarter', financials.quarter_end_date)::date as quarter_start_date,
        financials.value_usd_m as revenue_usd_m,
        financials.source_url,
        financials.publisher,
        financials.basis_class,
        financials.root_id,
        financials.known_from
    from {{ ref('stg_evidence__quarterly_financials') }} as financials
    inner join segments
        on segments.ticker = financials.ticker
        and segments.metric = financials.metric

)

select
    *,
    row_number() over (
        partition by cloud_provider, quarter_start_date
        order by {{ basis_rank() }}, known_from desc, root_id, source_url, revenue_usd_m
    ) as claim_rank
from claims
