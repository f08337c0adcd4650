with figures as (

    select
        figure_id,
        lab,
        cloud_provider,
        value as published_capacity_mw,
        try_cast(as_of_date as date) as observed_date,
        source_url,
        root_id,
        known_from
    from {{ ref('stg_evidence__lab_capacity_published') }}
    where comparison = 'campus_statement'

),

campuses as (

    select
        candidates.figure_id,
        candidates.campus_id,
        candidates.probability_share,
        bool_or(tenancies.confidence in ('confident', 'likely')) as is_well_known_tenant
    from {{ ref('int_capacity__statement_campuses') }} as candidates
    inner join figures
        on figures.figure_id = candidates.figure_id
    left join {{ ref('int_capacity__tenancies') }} as tenancies
        on tenancies.campus_id = candidates.campus_id
        and tenancies.lab = figures.lab
        and coalesce(tenancies.valid_from, date '-infinity') <= figures.observed_date
        and coalesce(tenancies.valid_to, date 'infinity') >= figures.observed_date
    group by all

),

-- Campuses meant for certain, with each that may be the last one: the chances of the alternatives are made to add to one.
alternatives as (

    select
        figure_id,
        campus_id,
        probability_share / sum(probability_share) over (partition by figure_id) as set_probability_share,
        coalesce(sum(probability_share) over (
            partition by figure_id order by campus_id rows between unbounded preceding and 1 preceding
        ), 0) / sum(probability_share) over (partition by figure_id) as first_share
    from campuses
    where probability_share < 1

),

members as (

    select
        campuses.figure_id,
        'candidate' as set_kind,
        coalesce(alternatives.campus_id, '') as set_key,
        coalesce(alternatives.set_probability_share, 1) as set_probability_share,
        campuses.campus_id,
        0 as first_share,
        1 as last_share
    from campuses
    left join alternatives
        on alternatives.figure_id = campuses.figure_id
    where campuses.probability_share = 1 or campuses.campus_id = alternatives.campus_id

    union all

    -- Each draw takes one of the alternatives, in the proportion of their chances.
    select
        campuses.figure_id,
        'mixture' as set_kind,
        '' as set_key,
        1 as set_probability_share,
        campuses.campus_id,
        coalesce(alternatives.first_share, 0) as first_share,
        coalesce(alternatives.first_share + alternatives.set_probability_share, 1) as last_share
    from campuses
    left join alternatives
        on alternatives.figure_id = campuses.figure_id
        and alternatives.campus_id = campuses.campus_id

    union all

    select
        figure_id,
        'without_speculative_tenants' as set_kind,
        '' as set_key,
        null as set_probability_share,
        campus_id,
        0 as first_share,
        1 as last_share
    from campuses
    where is_well_known_tenant

),

sets as (

    select
        members.figure_id,
        members.set_kind,
        members.set_key,
        max(members.set_probability_share) as set_probability_share,
        string_agg(members.campus_id, ' + ' order by members.campus_id) as campus_set,
        sum(printed.it_capacity_mw_stated) as it_capacity_mw_stated
    from members
    inner join figures
        on figures.figure_id = members.figure_id
    left join lateral (
        select arg_max_null(steps.it_capacity_mw, steps.observed_date) as it_capacity_mw_stated
        from {{ ref('int_capacity__steps') }} as steps
        where steps.campus_id = members.campus_id
            and steps.observed_date <= figures.observed_date
    ) as printed
        on true
    group by members.figure_id, members.set_kind, members.set_key

),

draws as (

    select * from {{ ref('int_capacity__statement_draws') }}

),

-- Sum per set, quarter and draw. The golden ratio's multiples fill 0-1 evenly, whatever the number of draws.
sums as (

    select
        members.figure_id,
        members.set_kind,
        members.set_key,
        draws.quarter_start_date,
        draws.draw_id,
        sum(draws.it_capacity_mw) as it_mw,
        sum(draws.energised_it_capacity_mw + draws.under_construction_it_capacity_mw) as begun_it_mw
    from members
    inner join draws
        on draws.campus_id = members.campus_id
        and (draws.draw_id * 0.6180339887498949::double) % 1 >= members.first_share
        and (draws.draw_id * 0.6180339887498949::double) % 1 < members.last_share
    group by all

),

-- A quarter in which nothing runs has no rows: it is zero in every draw.
complete as (

    select
        sets.figure_id,
        sets.set_kind,
        sets.set_key,
        quarters.quarter_start_date,
        quarters.quarter_end_date,
        quarters.calendar_quarter,
        every_draw.draw_id,
        coalesce(sums.it_mw, 0) as it_mw,
        coalesce(sums.begun_it_mw, 0) as begun_it_mw
    from sets
    cross join {{ ref('int_capacity__quarters') }} as quarters
    cross join (select distinct draw_id from draws) as every_draw
    left join sums
        on sums.figure_id = sets.figure_id
        and sums.set_kind = sets.set_kind
        and sums.set_key = sets.set_key
        and sums.quarter_start_date = quarters.quarter_start_date
        and sums.draw_id = every_draw.draw_id

),

with_previous as (

    select
        *,
        coalesce(lag(it_mw) over (partition by figure_id, set_kind, set_key, draw_id order by quarter_start_date), 0)
            as previous_it_mw
    from complete

),

-- The day in each draw on which the sum passes the published figure, on a straight line between two quarter ends.
passing as (

    select
        with_previous.figure_id,
        with_previous.set_kind,
        with_previous.set_key,
        with_previous.draw_id,
        min(
            case
                when with_previous.previous_it_mw < figures.published_capacity_mw
                    and with_previous.it_mw >= figures.published_capacity_mw
                    then with_previous.quarter_start_date + (
                        (with_previous.quarter_end_date - with_previous.quarter_start_date)
                        * (figures.published_capacity_mw - with_previous.previous_it_mw)
                        / (with_previous.it_mw - with_previous.previous_it_mw)
                    )::integer
            end
        ) as passing_date
    from with_previous
    inner join figures
        on figures.figure_id = with_previous.figure_id
    group by all

),

passing_quantiles as (

    select
        figure_id,
        set_kind,
        set_key,
        -- A draw that never gets there within the quarters counts as later than all others.
        {% for statistic in ['05', '50', '95'] -%}
        nullif(quantile_disc(coalesce(passing_date, date '9999-12-31'), 0.{{ statistic }}), date '9999-12-31')
            as passing_date_p{{ statistic }},
        {% endfor -%}
        avg((passing_date is not null)::integer) as passing_by_horizon_share
    from passing
    group by all

),

at_statement as (

    select
        complete.figure_id,
        complete.set_kind,
        complete.set_key,
        complete.calendar_quarter,
        {% for statistic in ['05', '50', '95'] -%}
        quantile_cont(complete.it_mw, 0.{{ statistic }}) as it_capacity_mw_p{{ statistic }},
        quantile_cont(complete.begun_it_mw, 0.{{ statistic }}) as begun_it_capacity_mw_p{{ statistic }},
        {% endfor -%}
        avg((complete.it_mw >= figures.published_capacity_mw)::integer) as operational_reaches_share,
        avg((complete.begun_it_mw >= figures.published_capacity_mw)::integer) as begun_reaches_share
    from complete
    inner join figures
        on figures.figure_id = complete.figure_id
        and figures.observed_date between complete.quarter_start_date and complete.quarter_end_date
    group by all

)

select
    figures.figure_id,
    sets.set_kind,
    sets.campus_set,
    sets.set_probability_share,
    figures.lab,
    figures.cloud_provider,
    figures.observed_date,
    at_statement.calendar_quarter,
    figures.published_capacity_mw,
    sets.it_capacity_mw_stated,
    at_statement.it_capacity_mw_p05,
    at_statement.it_capacity_mw_p50,
    at_statement.it_capacity_mw_p95,
    at_statement.begun_it_capacity_mw_p05,
    at_statement.begun_it_capacity_mw_p50,
    at_statement.begun_it_capacity_mw_p95,
    at_statement.operational_reaches_share,
    at_statement.begun_reaches_share,
    passing_quantiles.passing_date_p05,
    passing_quantiles.passing_date_p50,
    passing_quantiles.passing_date_p95,
    passing_quantiles.passing_by_horizon_share,
    'estimated' as value_kind,
    figures.source_url,
    figures.root_id,
    figures.known_from,
    {{ as_of_date() }} as as_of_date,
    'capacity-2' as methodology_version
from sets
inner join figures
    on figures.figure_id = sets.figure_id
inner join at_statement
    on at_statement.figure_id = sets.figure_id
    and at_statement.set_kind = sets.set_kind
    and at_statement.set_key = sets.set_key
inner join passing_quantiles
    on passing_quantiles.figure_id = sets.figure_id
    and passing_quantiles.set_kind = sets.set_kind
    and passing_quantiles.set_key = sets.set_key
