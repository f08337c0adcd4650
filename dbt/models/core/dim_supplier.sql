{#
    One row per listed supplier. stg_evidence__suppliers has one row per role and may name two companies in one ('4979 /
    4977' on 'TPEx/TWSE'): they are parted here, exchange by exchange where there are as many of them.

    No document we hold gives a FIGI, and none is made up: `composite_figi` fills itself once a source does.
#}
with listings as (

    select
        supplier,
        trim(unnest(string_split(ticker, '/'))) as ticker,
        generate_subscripts(string_split(ticker, '/'), 1) as position,
        string_split(exchange, '/') as exchanges,
        len(string_split(ticker, '/')) as n_tickers,
        exchange,
        country,
        known_from
    from {{ ref('stg_evidence__suppliers') }}
    where ticker is not null

),

placed as (

    select
        * exclude (exchange),
        case when n_tickers > 1 and len(exchanges) = n_tickers then exchanges[position] else exchange end as exchange
    from listings

)

select
    ticker,
    min(supplier) as supplier,
    min(exchange) as exchange,
    min(country) as country,
    case
        when min(exchange) in ('TWSE', 'TPEx') then 'TWD'
        when min(exchange) = 'KRX' then 'KRW'
        when min(exchange) similar to '(NASDAQ|NYSE).*' then 'USD'
    end as reporting_currency,
    null::varchar as composite_figi,
    'no source on file gives a FIGI' as identifier_note,
    count(*)::integer as n_roles,
    min(known_from) as known_from
from placed
group by ticker
