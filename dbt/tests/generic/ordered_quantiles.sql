{#
    p05 <= p50 <= p95 for every prefix (`it_capacity_mw` checks it_capacity_mw_p05 ...); quantiles come all or none.
    Rows matching strict_where must have p05 < p50 < p95 where the median is above zero: an estimate has a width.
#}
{% test ordered_quantiles(model, prefixes, strict_where="value_kind <> 'disclosed'") %}
{% for prefix in prefixes %}
select
    '{{ prefix }}' as prefix,
    {{ prefix }}_p05 as p05,
    {{ prefix }}_p50 as p50,
    {{ prefix }}_p95 as p95
from {{ model }}
where ({{ prefix }}_p05 is null) <> ({{ prefix }}_p50 is null)
    or ({{ prefix }}_p95 is null) <> ({{ prefix }}_p50 is null)
    or {{ prefix }}_p05 > {{ prefix }}_p50
    or {{ prefix }}_p50 > {{ prefix }}_p95
    or (
        ({{ strict_where }})
        and {{ prefix }}_p50 > 0
        and ({{ prefix }}_p05 >= {{ prefix }}_p50 or {{ prefix }}_p50 >= {{ prefix }}_p95)
    )
{{ 'union all' if not loop.last }}
{% endfor %}
{% endtest %}
