with source as (

    select * from {{ source('raw', 'sec_edgar__submissions') }}
    where {{ known_by_as_of('_known_from') }}
    -- The list holds the newest filings only: one that has left it stays, one that is still there counts as last listed.
    qualify row_number() over (
        partition by _part, "accessionNumber"
        order by _retrieved_at desc, _sha256
    ) = 1

),

renamed as (

    select
        -- ids
        upper(_part) as ticker,
        lpad("cik", 10, '0') as cik,
        "accessionNumber" as accession_number,

        -- text
        {{ field('name', 'varchar', 'company_name') }},
        {{ field('form', 'varchar') }},
        {{ field('items', 'varchar', 'item_numbers') }},
        {{ field('fiscalYearEnd', 'varchar', 'fiscal_year_end_month_day') }},
        {{ field('primaryDocDescription', 'varchar', 'document_description') }},
        'https://www.sec.gov/Archives/edgar/data/' || ltrim("cik", '0') || '/' || replace("accessionNumber", '-', '')
        || '/' || nullif("primaryDocument", '') as source_url,

        -- booleans: item 2.02 of a 8-K is "results of operations", the earnings release
        "form" in ('8-K', '8-K/A') and list_contains(string_split(coalesce("items", ''), ','), '2.02') as is_earnings_release,
        "form" in ('10-Q', '10-K', '20-F', '40-F') as is_periodic_report,
        "form" like '%/A' as is_amendment,
        nullif("isXBRL", '') = '1' as has_xbrl,

        -- dates
        {{ field('reportDate', 'date', 'report_date') }},
        {{ field('acceptanceDateTime', 'timestamp', 'accepted_at') }},
        {{ field('filingDate', 'date', 'filed_date') }},
        _known_from::date as known_from

    from source

)

select * from renamed
