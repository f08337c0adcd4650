{{ monthly_revenue_reports('twse_monthly_revenue', 't187ap05_l') }}
