-- Level hourly payment for a purchase; the engine's capital_usd_per_hour with the same 730-hour month.
create or replace macro annuity_usd_per_hour(capex, wacc, life_years, residual_share := 0) as
    case
        when wacc = 0 then capex * (1 - residual_share) / (12.0 * life_years)
        else
            capex
            * (1 - residual_share * pow(1 + wacc / 12.0, -12.0 * life_years))
            * (wacc / 12.0)
            / (1 - pow(1 + wacc / 12.0, -12.0 * life_years))
    end / 730.0;

-- Interval of the cost of a chip-hour of one system: from tco_interval('gb200-nvl72', buyer := 'neocloud_giant').
create or replace macro tco_interval(system, buyer := 'hyperscaler') as table
    select
        t.system_id,
        t.buyer_class,
        t.assumption_vintage,
        quantile_cont(t.capital_usd_per_chip_hour + t.operating_usd_per_chip_hour, 0.05)
            as tco_usd_per_chip_hour_p05,
        quantile_cont(t.capital_usd_per_chip_hour + t.operating_usd_per_chip_hour, 0.50)
            as tco_usd_per_chip_hour_p50,
        quantile_cont(t.capital_usd_per_chip_hour + t.operating_usd_per_chip_hour, 0.95)
            as tco_usd_per_chip_hour_p95,
        count(*) as n_draws
    from draws.tco_by_system as t
    where t.system_id = system
        and t.buyer_class = buyer
    group by all;

-- Probability that a chip-hour of system a costs less than one of system b, on paired draws (a tie counts half), and the
-- interval of their ratio: from tco_probability_cheaper('trn2-ultraserver', 'gb200-nvl72').
create or replace macro tco_probability_cheaper(a, b, buyer := 'hyperscaler') as table
    select
        avg(case when x.tco < y.tco then 1.0 when x.tco = y.tco then 0.5 else 0.0 end) as cheaper_probability,
        quantile_cont(x.tco / y.tco, 0.05) as tco_ratio_p05,
        quantile_cont(x.tco / y.tco, 0.50) as tco_ratio_p50,
        quantile_cont(x.tco / y.tco, 0.95) as tco_ratio_p95,
        count(*) as n_draws
    from (
        select t.draw_id, t.assumption_vintage, t.capital_usd_per_chip_hour + t.operating_usd_per_chip_hour as tco
        from draws.tco_by_system as t
        where t.system_id = a and t.buyer_class = buyer
    ) as x
    inner join (
        select t.draw_id, t.assumption_vintage, t.capital_usd_per_chip_hour + t.operating_usd_per_chip_hour as tco
        from draws.tco_by_system as t
        where t.system_id = b and t.buyer_class = buyer
    ) as y using (draw_id, assumption_vintage);
