with source as (

    select
        *,
        nullif("start", '')::date as start_date,
        nullif("end", '')::date as end_date,
        nullif("val", '')::double as value
    from {{ source('raw', 'sec_edgar__companyfacts') }}
    where (_sha256, _part) in ({{ latest_content('sec_edgar', 'companyfacts') }})
        and {{ known_by_as_of('_known_from') }}

),

versioned as (

    select
        *,
        end_date - start_date + 1 as duration_days,
        row_number() over version as version_number,
        lag(value) over version as previous_value,
        accn = last_value(accn) over (version rows between unbounded preceding and unbounded following) as is_latest,
        -- The last digit that is not zero tells how far a whole amount is rounded: 832300000 to hundred thousands.
        case when val not like '%.%' then 10 ** (length(val) - length(rtrim(val, '0'))) / 2 end as rounding
    from source
    window version as (
        partition by _part, taxonomy, tag, unit, start_date, end_date
        order by "filed", accn
    )

),

renamed as (

    select
        -- ids
        upper(_part) as ticker,
        lpad("cik", 10, '0') as cik,
        {{ field('accn', 'varchar', 'accession_number') }},
        {{ field('taxonomy', 'varchar') }},
        {{ field('tag', 'varchar') }},

        -- text; fiscal year and period are those of the filing, not of the fact
        {{ field('entity', 'varchar', 'company_name') }},
        {{ field('unit', 'varchar') }},
        {{ field('form', 'varchar') }},
        {{ field('fp', 'varchar', 'filing_fiscal_period') }},
        {{ field('frame', 'varchar') }},
        'https://www.sec.gov/Archives/edgar/data/' || ltrim("cik", '0') || '/' || replace(accn, '-', '') as source_url,

        -- numerics
        {{ field('fy', 'bigint', 'filing_fiscal_year') }},
        value,
        previous_value,
        duration_days,
        version_number,

        -- booleans
        start_date is null as is_instant,
        coalesce(duration_days between 80 and 100, false) as is_quarter,
        coalesce(duration_days between 350 and 380, false) as is_year,
        is_latest,
        coalesce(value <> previous_value, false) as is_restated,
        coalesce(value <> previous_value and abs(value - previous_value) <= rounding, false) as is_rounding_only,

        -- dates. A fiscal quarter belongs to the calendar quarter in which its middle lies: SEC's own frames agree.
        start_date,
        end_date,
        case
            when start_date is null then {{ calendar_quarter('(end_date - 45)') }}
            when duration_days between 80 and 100
                then {{ calendar_quarter('(start_date + ((end_date - start_date) // 2)::integer)') }}
        end as calendar_quarter,
        _known_from::date as known_from

    from versioned

)

select * from renamed
