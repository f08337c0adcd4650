{{ config(materialized="view") }}

{#
    Supplier revenue on Trainium at three levels in every draw: per SKU, per generation (as the engine has it) and in all.
    Within a generation a SKU's content is the generation's, times its relative content where the assumptions name one,
    scaled so that the SKUs add up to the generation.
#}
with relative as (

    select
        split_part(subject, '/', 1) as ticker,
        split_part(subject, '/', 2) as sku_id,
        value as relative_content
    from {{ ref('stg_assumptions') }}
    where engine = 'components'
        and parameter = 'relative_content'

),

generations as (

    select
        ticker,
        generation,
        content_unit,
        quarter_start_date::date as quarter_start_date,
        draw_id,
        content_usd_per_unit,
        billed_units,
        implied_revenue_usd_m
    from {{ ref('int_volumes__supplier_draws') }}

),

-- Mean relative content of what is made; 1 for suppliers of whom none is named.
mean_content as (

    select
        weighted.ticker,
        shares.generation,
        shares.quarter_start_date,
        shares.draw_id,
        sum(shares.package_share * coalesce(relative.relative_content, 1)) as per_package,
        sum(shares.rack_share * coalesce(relative.relative_content, 1)) as per_rack
    from (select distinct ticker from relative) as weighted
    cross join {{ ref('int_exposure__sku_shares') }} as shares
    left join relative
        on relative.ticker = weighted.ticker
        and relative.sku_id = shares.sku_id
    group by all

),

split as (

    select
        generations.*,
        shares.sku_id,
        case generations.content_unit when 'rack' then shares.rack_share else shares.package_share end as unit_share,
        coalesce(relative.relative_content, 1)
            / coalesce(
                case generations.content_unit when 'rack' then mean_content.per_rack else mean_content.per_package end, 1
            ) as content_ratio
    from generations
    inner join {{ ref('int_exposure__sku_shares') }} as shares
        on shares.generation = generations.generation
        and shares.quarter_start_date = generations.quarter_start_date
        and shares.draw_id = generations.draw_id
    left join relative
        on relative.ticker = generations.ticker
        and relative.sku_id = shares.sku_id
    left join mean_content
        on mean_content.ticker = generations.ticker
        and mean_content.generation = generations.generation
        and mean_content.quarter_start_date = generations.quarter_start_date
        and mean_content.draw_id = generations.draw_id

)

select
    'sku' as sku_level,
    ticker,
    generation,
    sku_id,
    content_unit,
    quarter_start_date,
    draw_id,
    content_usd_per_unit * content_ratio as content_usd_per_unit,
    billed_units * unit_share as billed_units,
    implied_revenue_usd_m * unit_share * content_ratio as implied_revenue_usd_m
from split
union all
select
    'generation' as sku_level,
    ticker,
    generation,
    'all:' || generation as sku_id,
    content_unit,
    quarter_start_date,
    draw_id,
    content_usd_per_unit,
    billed_units,
    implied_revenue_usd_m
from generations
union all
-- Contents of different generations are different things: only money adds up.
select
    'family' as sku_level,
    ticker,
    'all' as generation,
    'all:Trainium' as sku_id,
    null as content_unit,
    quarter_start_date,
    draw_id,
    null as content_usd_per_unit,
    null as billed_units,
    sum(implied_revenue_usd_m) as implied_revenue_usd_m
from generations
group by ticker, quarter_start_date, draw_id
