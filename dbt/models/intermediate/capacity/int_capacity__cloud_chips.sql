{#
    Chips that come into the possession of the clouds per quarter and draw: Trainium as installed by the volumes run that
    has not seen the sites, everything else as published sales to their owner (no lag to installation is published, so a
    chip counts when it is sold). The first quarter of the marts holds what came before it.
#}
with buyers as (

    select *
    from (
        values
            ('Amazon', 'AWS'),
            ('Google', 'Google Cloud'),
            ('Microsoft', 'Azure'),
            ('Meta', 'Meta (self)'),
            ('Oracle', 'Oracle (OCI)'),
            ('CoreWeave', 'CoreWeave'),
            ('xAI', 'SpaceXAI')
    ) as owners (buyer, cloud_provider)

)

select
    'AWS' as cloud_provider,
    lower(generation) as chip,
    true as is_own_design,
    -- The campuses were built from Trainium2 on.
    generation <> 'Trainium1' as is_compared,
    quarter_start_date::date as quarter_start_date,
    draw_id::integer as draw_id,
    installed_chip_units as units
from {{ ref('int_volumes__without_site_power') }}

union all

select
    buyers.cloud_provider,
    purchases.accelerator as chip,
    purchases.designer = purchases.buyer as is_own_design,
    false as is_compared,
    greatest(purchases.quarter_start_date, date '2023-01-01') as quarter_start_date,
    purchases.draw_id,
    sum(greatest(purchases.units, 0)) as units
from {{ ref('int_purchases__draws') }} as purchases
inner join buyers
    on buyers.buyer = purchases.buyer
where purchases.designer <> 'Amazon'
group by all
