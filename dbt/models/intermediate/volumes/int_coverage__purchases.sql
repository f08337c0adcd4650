with buyers as (

    select
        'accelerator_purchases_quarterly' as mart_name,
        'buyer' as subject_kind,
        buyer || '/' || accelerator as subject_id,
        case
            when count(units_p50) = 0 then 'unknown'
            when coalesce(max(units_p95), 0) = 0 then 'known_zero'
            else 'known'
        end as coverage_status,
        case
            when count(units_p50) = 0 then 'only our own engine has a figure'
            when count(units_p50) < count(*)
                then 'published for ' || count(units_p50) || ' of ' || count(*) || ' quarters, the others are unknown'
            else 'published for all ' || count(*) || ' quarters'
        end as reason
    from {{ ref('accelerator_purchases_quarterly') }}
    group by buyer, accelerator

),

-- Owners of these exist, and no file says which: all of it is unallocated.
no_owner as (

    select
        'accelerator_purchases_quarterly' as mart_name,
        'owners_of' as subject_kind,
        accelerator || '/' || quarter_start_date::varchar as subject_id,
        'unknown' as coverage_status,
        'no owner is published for this quarter: all sales are unallocated' as reason
    from {{ ref('int_purchases__unallocated') }}
    where interval_basis = 'published_sales'

),

end_users as (

    select
        'chip_end_use_quarterly' as mart_name,
        'end_user' as subject_kind,
        end_user || '/' || accelerator as subject_id,
        'known' as coverage_status,
        case
            when max(n_named_campuses) > 0 then 'named on ' || max(n_named_campuses) || ' counted campuses; the rest is a prior'
            else 'no tenancy names this end user: a prior alone'
        end as reason
    from {{ ref('chip_end_use_quarterly') }}
    group by end_user, accelerator

),

not_covered as (

    select
        'chip_end_use_quarterly' as mart_name,
        'accelerator' as subject_kind,
        accelerator as subject_id,
        'not_covered' as coverage_status,
        'no campus with a chip count and no stated use' as reason
    from (values ('Trainium1'), ('Trainium4'), ('Inferentia2')) as missing (accelerator)

)

select * from buyers
union all
select * from no_owner
union all
select * from end_users
union all
select * from not_covered
