{# Claims that lost against a different value for the same thing; an equal value from a second source is support. #}
with rental as (

    select
        'rental_prices_daily' as mart_name,
        'rental price' as subject_kind,
        concat_ws(
            ' | ', provider, region, availability_zone, instance_type, accelerator_label, purchase_model
        ) as subject_id,
        price_date::varchar as period,
        'usd_per_accelerator_hour' as unit,
        price_usd_per_accelerator_hour as claim_value,
        source_url,
        root_id,
        basis_class,
        known_from,
        claim_rank,
        'the provider over a catalogue over a hand list, list over market over estimate, then the latest known, then the lowest'
            as winner_rule
    from {{ ref('int_rental_prices__claims') }}

),

cloud_revenue as (

    select
        'cloud_revenue_quarterly' as mart_name,
        'cloud revenue' as subject_kind,
        cloud_provider as subject_id,
        {{ calendar_quarter('quarter_start_date') }} as period,
        'usd_m' as unit,
        revenue_usd_m as claim_value,
        source_url,
        root_id,
        basis_class,
        known_from,
        claim_rank,
        'sourced over derived over memory, then the latest known' as winner_rule
    from {{ ref('int_cloud_revenue__claims') }}

),

supplier_revenue as (

    select
        'supplier_monthly_revenue' as mart_name,
        'supplier revenue' as subject_kind,
        ticker as subject_id,
        revenue_month as period,
        'twd_thousand' as unit,
        revenue_twd_thousand as claim_value,
        source_url,
        root_id,
        basis_class,
        known_from,
        claim_rank,
        'exchange feed over a copy of it' as winner_rule
    from {{ ref('int_supplier_revenue__claims') }}

),

claims as (

    select * from rental
    union all
    select * from cloud_revenue
    union all
    select * from supplier_revenue

)

select
    losing.mart_name,
    losing.subject_kind,
    losing.subject_id,
    losing.period,
    losing.unit,
    losing.claim_rank,
    winning.claim_value as winning_value,
    winning.source_url as winning_source_url,
    winning.root_id as winning_root_id,
    losing.claim_value as losing_value,
    losing.source_url as losing_source_url,
    losing.root_id as losing_root_id,
    losing.basis_class as losing_basis_class,
    losing.known_from as losing_known_from,
    losing.winner_rule
from claims as losing
inner join claims as winning
    on winning.mart_name = losing.mart_name
    and winning.subject_id = losing.subject_id
    and winning.period = losing.period
    and winning.claim_rank = 1
where losing.claim_rank > 1
    and losing.claim_value is distinct from winning.claim_value
