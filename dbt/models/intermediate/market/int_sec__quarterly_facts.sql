{#
    Quarterly figures of the companies we follow, one row per company, metric and end of the fiscal quarter, as known by
    as_of. A figure stated for the quarter itself counts before one derived, its last filed version before earlier ones.

    Where only longer periods are stated (the fourth quarter; cash flows, which are told for the year to date), the
    quarter is the difference of two periods with one start. Both sides are taken as the filing that first stated the
    longer period knew them: a later restatement of one side only would turn up in the difference.

    The tag of a metric differs by filer and over time: the first tag below that has a figure for the quarter wins.
    `Revenues` comes first because it is the total; contract revenue is all of it for most, a part for some.
#}
with metric_tags (metric, taxonomy, tag, tag_priority, is_balance) as (

    values
    ('revenue', 'us-gaap', 'Revenues', 1, false),
    ('revenue', 'us-gaap', 'RevenueFromContractWithCustomerExcludingAssessedTax', 2, false),
    ('revenue', 'us-gaap', 'RevenueFromContractWithCustomerIncludingAssessedTax', 3, false),
    ('revenue', 'us-gaap', 'SalesRevenueNet', 4, false),
    ('revenue', 'ifrs-full', 'Revenue', 5, false),
    ('capital_expenditure', 'us-gaap', 'PaymentsToAcquirePropertyPlantAndEquipment', 1, false),
    ('capital_expenditure', 'us-gaap', 'PaymentsToAcquireProductiveAssets', 2, false),
    ('capital_expenditure', 'ifrs-full', 'PurchaseOfPropertyPlantAndEquipmentClassifiedAsInvestingActivities', 3, false),
    ('research_and_development', 'us-gaap', 'ResearchAndDevelopmentExpense', 1, false),
    ('research_and_development', 'us-gaap', 'ResearchAndDevelopmentExpenseExcludingAcquiredInProcessCost', 2, false),
    ('research_and_development', 'ifrs-full', 'ResearchAndDevelopmentExpense', 3, false),
    ('inventories', 'us-gaap', 'InventoryNet', 1, true),
    ('inventories', 'ifrs-full', 'Inventories', 2, true),
    ('purchase_obligations', 'us-gaap', 'PurchaseObligation', 1, true),
    ('purchase_obligations', 'us-gaap', 'UnrecordedUnconditionalPurchaseObligationBalanceSheetAmount', 2, true)

),

facts as (

    select
        facts.*,
        metric_tags.metric,
        metric_tags.tag_priority,
        metric_tags.is_balance
    from {{ ref('stg_sec__facts') }} as facts
    inner join metric_tags
        on metric_tags.taxonomy = facts.taxonomy
        and metric_tags.tag = facts.tag
        and metric_tags.is_balance = facts.is_instant
    where facts.unit = 'USD'

),

stated as (

    select
        *,
        first_value(value) over versions as first_value_usd,
        count(*) over versions as n_versions,
        bool_or(is_restated and not is_rounding_only) over versions as has_restatement
    from facts
    where is_quarter or is_balance
    window versions as (
        partition by ticker, metric, tag, start_date, end_date
        order by version_number
        rows between unbounded preceding and unbounded following
    )
    -- The filing that set the figure as it stands: one that only repeats it tells nothing new.
    qualify version_number
        = max(case when version_number = 1 or is_restated then version_number end) over versions

),

derived as (

    select
        longer.*,
        shorter.end_date + 1 as quarter_start_date,
        longer.value - shorter.value as quarter_value
    from facts as longer
    inner join facts as shorter
        on shorter.ticker = longer.ticker
        and shorter.metric = longer.metric
        and shorter.tag = longer.tag
        and shorter.start_date = longer.start_date
        and longer.end_date - shorter.end_date between 80 and 100
        and shorter.known_from <= longer.known_from
    where longer.version_number = 1
        and not longer.is_balance
        and longer.duration_days between 170 and 380
    qualify row_number() over (
        partition by longer.ticker, longer.metric, longer.tag, longer.start_date, longer.end_date
        order by shorter.end_date, shorter.version_number desc
    ) = 1

),

candidates as (

    select
        ticker,
        cik,
        metric,
        tag,
        tag_priority,
        start_date as quarter_start_date,
        end_date as quarter_end_date,
        calendar_quarter,
        value as value_usd,
        false as is_derived,
        first_value_usd,
        n_versions,
        has_restatement as is_restated,
        form,
        accession_number,
        source_url,
        known_from
    from stated
    union all by name
    select
        ticker,
        cik,
        metric,
        tag,
        tag_priority,
        quarter_start_date,
        end_date as quarter_end_date,
        {{ calendar_quarter('(quarter_start_date + ((end_date - quarter_start_date) // 2)::integer)') }} as calendar_quarter,
        quarter_value as value_usd,
        true as is_derived,
        quarter_value as first_value_usd,
        1 as n_versions,
        null::boolean as is_restated,
        form,
        accession_number,
        source_url,
        known_from
    from derived

)

select * exclude (tag_priority)
from candidates
qualify row_number() over (
    partition by ticker, metric, quarter_end_date
    order by tag_priority, is_derived, quarter_start_date desc
) = 1
