{% set areas = ['volumes', 'purchases', 'components', 'capacity', 'chips', 'tco', 'tokens', 'market'] %}

with areas as (

    {% for area in areas %}
    select
        mart_name,
        subject_kind,
        subject_id,
        coverage_status,
        reason
    from {{ ref('int_coverage__' ~ area) }}
    {{ 'union all' if not loop.last }}
    {% endfor %}

)

select
    mart_name,
    subject_kind,
    subject_id,
    coverage_status,
    reason,
    {{ as_of_date() }} as as_of_date
from areas
