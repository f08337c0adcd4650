{#
    Instances with accelerators only: the catalogues list thousands without. Trainium and Inferentia rows may lack the
    accelerator's name, so these are known by the instance type.
#}
{% set clouds = {
    'aws_vms': 'AWS',
    'nebius_vms': 'Nebius',
    'lambda_vms': 'Lambda',
    'azure_vms': 'Azure',
    'gcp_vms': 'GCP',
} %}

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
        and vintages.part = vms._part
    where nullif(vms."AcceleratorName", '') is not null
        or regexp_matches(vms."InstanceType", '^(trn|inf)[0-9]')
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

),

flagged as (

    select
        *,
        spot_price_usd_per_hour is not null
        and abs(spot_price_usd_per_hour - 0.1 * on_demand_price_usd_per_hour)
        < 0.000001 + 0.00001 * on_demand_price_usd_per_hour as is_tenth
    from renamed

)

select
    * exclude (is_tenth),
    -- what the catalogue writes where no spot market is: the on-demand price, or in several regions a tenth of it
    coalesce(spot_price_usd_per_hour = on_demand_price_usd_per_hour, false)
    or (
        is_tenth
        and count(distinct case when is_tenth then region end) over (
            partition by resource, instance_type, price_date
        ) > 1
    ) as is_spot_sentinel
from flagged
