{% set clouds = {'aws_vms': 'AWS', 'nebius_vms': 'Nebius', 'lambda_vms': 'Lambda'} %}

with source as (

    {% for resource, provider in clouds.items() %}
    select
        '{{ provider }}' as provider,
        vintages.vintage_date,
        vintages.vintage_date = max(vintages.vintage_date) over () as is_latest,
        '{{ resource }}' as resource,
        vintages.url as source_url,
        vms."InstanceType",
        vms."AcceleratorName",
        vms."AcceleratorCount",
        vms."Price",
        vms."SpotPrice",
        vms."Region",
        vms."AvailabilityZone"
    from {{ source('raw', 'skypilot_catalog__' ~ resource) }} as vms
    inner join ({{ vintages('skypilot_catalog', resource) }}) as vintages
        on vintages.sha256 = vms._sha256
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

renamed as (

    select
        -- ids
        resource,
        provider,
        {{ field('Region', 'varchar', 'region') }},
        {{ field('AvailabilityZone', 'varchar', 'availability_zone') }},
        {{ field('InstanceType', 'varchar', 'instance_type') }},

        -- text
        {{ field('AcceleratorName', 'varchar', 'accelerator_label') }},
        source_url,

        -- numerics: an empty price means "not sold this way", never zero
        {{ field('AcceleratorCount', 'double', 'accelerator_count') }},
        {{ field('Price', 'double', 'on_demand_price_usd_per_hour') }},
        {{ field('SpotPrice', 'double', 'spot_price_usd_per_hour') }},

        -- booleans
        is_latest,

        -- dates
        vintage_date as price_date,
        vintage_date as known_from

    from source

)

select * from renamed
