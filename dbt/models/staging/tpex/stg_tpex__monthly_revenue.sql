select * exclude (is_latest, vintage_kind)
from {{ ref('stg_tpex__monthly_revenue_reports') }}
where is_latest
