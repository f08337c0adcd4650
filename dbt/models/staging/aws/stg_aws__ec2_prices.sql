with source as (

    select
        prices.*,
        vintages.vintage_date,
        vintages.vintage_date = max(vintages.vintage_date) over (partition by vintages.part) as is_latest,
        vintages.url
    from {{ source('raw', 'aws_price_list__ec2') }} as prices
    inner join ({{ vintages('aws_price_list', 'ec2') }}) as vintages
        on vintages.sha256 = prices._sha256
        and vintages.part = prices._part

),

renamed as (

    select
        -- ids
        {{ field('SKU', 'varchar', 'sku') }},
        {{ field('RateCode', 'varchar', 'rate_code') }},
        {{ field('Version', 'varchar', 'version') }},
        -- files of early years have no region code: then it is the region whose file this is
        coalesce(nullif("Region Code", ''), replace(_part, '_', '-')) as region,
        {{ field('Instance Type', 'varchar', 'instance_type') }},

        -- text
        {{ field('Instance Family', 'varchar', 'instance_family') }},
        url as source_url,

        -- numerics: what is not a plain number ("NA") is NULL
        try_cast("GPU" as double) as accelerator_count,
        try_cast("vCPU" as double) as vcpu_count,
        try_cast(replace(regexp_extract("Memory", '^([0-9.,]+) ?GiB', 1), ',', '') as double) as memory_gib,
        {{ field('PricePerUnit', 'double', 'price_usd_per_hour') }},

        -- booleans
        is_latest,

        -- dates: the day before the month was first until ISO dates came
        try_strptime("EffectiveDate", ['%Y-%m-%d', '%Y-%m-%dT%H:%M:%SZ', '%d/%m/%Y'])::date as effective_date,
        least(coalesce(try_cast(left("Publication Date", 10) as date), vintage_date), vintage_date) as price_date,
        vintage_date as known_from

    from source

)

select * from renamed
