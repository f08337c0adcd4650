{{ monthly_revenue_reports('tpex_monthly_revenue', 't187ap05_o') }}
