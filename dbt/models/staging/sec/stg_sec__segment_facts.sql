with source as (

    select
        facts.*,
        contents.known_from,
        contents.url
    from {{ source('raw', 'sec_edgar__segment_facts') }} as facts
    inner join ({{ known_contents('sec_edgar', 'segment_facts') }}) as contents
        on contents.sha256 = facts._sha256
        and contents.part = facts._part
    -- A filing does not change: had again, it says the same, and was known since it was first had.
    qualify row_number() over (
        partition by
            facts._part, facts.accession, facts.concept, facts.segment_member, facts.other_dimensions, facts."start",
            facts."end", facts.unit, facts.decimals
        order by contents.known_from, contents.sha256
    ) = 1

),

typed as (

    select
        *,
        nullif("start", '')::date as start_date,
        nullif("end", '')::date as end_date,
        end_date - start_date + 1 as duration_days
    from source

),

renamed as (

    select
        -- ids
        upper(_part) as ticker,
        lpad("cik", 10, '0') as cik,
        {{ field('accession', 'varchar', 'accession_number') }},
        {{ field('concept', 'varchar') }},
        {{ field('segment_member', 'varchar') }},
        {{ field('other_dimensions', 'varchar') }},

        -- text
        case split_part(segment_member, ':', 2)
            when 'AmazonWebServicesSegmentMember' then 'AWS'
            when 'NorthAmericaSegmentMember' then 'North America'
            when 'InternationalSegmentMember' then 'International'
            else split_part(segment_member, ':', 2)
        end as segment_name,
        case concept
            when 'us-gaap:RevenueFromContractWithCustomerExcludingAssessedTax' then 'revenue'
            when 'us-gaap:Revenues' then 'revenue'
            when 'us-gaap:CostsAndExpenses' then 'operating_expenses'
            when 'us-gaap:OperatingIncomeLoss' then 'operating_income'
            when 'us-gaap:PropertyPlantAndEquipmentAdditions' then 'property_additions'
            when 'us-gaap:Assets' then 'assets'
        end as metric,
        {{ field('form', 'varchar') }},
        {{ field('unit', 'varchar') }},
        'https://www.sec.gov/Archives/edgar/data/' || ltrim("cik", '0') || '/' || replace(accession, '-', '') as source_url,

        -- numerics
        case when unit = 'iso4217:USD' then nullif("value", '')::double end as value_usd,
        case when decimals <> 'INF' then try_cast(decimals as integer) end as decimal_places,
        duration_days,

        -- booleans: any further dimension but "one of the operating segments" cuts out a part of the segment
        coalesce(
            other_dimensions = 'srt:ConsolidationItemsAxis=us-gaap:OperatingSegmentsMember', other_dimensions is null
        ) as is_whole_segment,
        start_date is null as is_instant,
        coalesce(duration_days between 80 and 100, false) as is_quarter,
        coalesce(duration_days between 350 and 380, false) as is_year,

        -- dates
        start_date,
        end_date,
        {{ field('document_period_end', 'date', 'document_period_end_date') }},
        known_from::date as known_from

    from typed

)

select * from renamed
