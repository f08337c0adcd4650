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

-- The centre case of one system with some inputs changed: from tco_what_if(sku := 'gb200-nvl72', wacc := 0.09). An input
-- left out (NULL) keeps its centre from marts.tco_inputs; sku, buyer := NULL give all, vintage := NULL the newest. `opex`
-- is the whole facility cost per kW and month, in place of its parts. Same arithmetic as models/tco/centre.py: recost.
create or replace macro tco_what_if(
    sku := 'gb200-nvl72', buyer := 'hyperscaler', vintage := null, capex := null, wacc := null, life_years := null,
    residual := null, network := null, power_kw := null, electricity := null, power_utilisation := null, pue := null,
    colo := null, other_opex := null, opex := null, utilisation := null, mfu := null
) as table
    with chosen as (
        select
            i.system_id,
            i.buyer_class,
            i.assumption_vintage,
            coalesce(capex, i.capex_usd_per_chip)::double as capex_usd_per_chip,
            coalesce(wacc, i.wacc_ratio)::double as wacc_ratio,
            coalesce(life_years, i.life_years)::double as life_years,
            coalesce(residual, i.residual_share)::double as residual_share,
            i.backend_network_capex_share,
            coalesce(network, i.backend_network_cost_ratio)::double as backend_network_cost_ratio,
            coalesce(power_kw, i.all_in_power_kw_per_chip)::double as all_in_power_kw_per_chip,
            coalesce(electricity, i.electricity_usd_per_kwh)::double as electricity_usd_per_kwh,
            coalesce(power_utilisation, i.power_utilisation_ratio)::double as power_utilisation_ratio,
            coalesce(pue, i.pue_ratio)::double as pue_ratio,
            coalesce(colo, i.colo_usd_per_kw_month)::double as colo_usd_per_kw_month,
            coalesce(other_opex, i.other_opex_usd_per_kw_month)::double as other_opex_usd_per_kw_month,
            i.opex_scale_ratio,
            opex::double as opex_usd_per_kw_month,
            coalesce(utilisation, i.utilisation_share)::double as utilisation_share,
            coalesce(mfu, i.mfu_share)::double as mfu_share,
            i.dense_fp16_tflops,
            i.memory_bandwidth_tb_per_s,
            i.tco_usd_per_chip_hour as centre_usd_per_chip_hour
        from marts.tco_inputs as i
        where (sku is null or i.system_id = sku)
            and (buyer is null or i.buyer_class = buyer)
            and i.assumption_vintage
                = coalesce(vintage, (select max(newest.assumption_vintage) from marts.tco_inputs as newest))
    ),
    checked as (
        select
            c.*,
            case
                when c.wacc_ratio < 0 or c.wacc_ratio > 1 then error('wacc is a share of 1 a year: 0.09 is 9 percent')
                when c.life_years <= 0 then error('life_years must be above zero')
                when c.capex_usd_per_chip < 0 then error('capex is USD per chip and not negative')
                when c.pue_ratio < 1 then error('pue below 1 is impossible: facility power includes IT power')
                when c.utilisation_share <= 0 or c.utilisation_share > 1 then error('utilisation is a share above 0, up to 1')
                when c.mfu_share <= 0 or c.mfu_share > 1 then error('mfu is a share above 0, up to 1')
                else true
            end as is_possible
        from chosen as c
    ),
    costed as (
        select
            c.*,
            annuity_usd_per_hour(
                c.capex_usd_per_chip, c.wacc_ratio, c.life_years, residual_share := c.residual_share
            ) * (1 + c.backend_network_capex_share * (c.backend_network_cost_ratio - 1)) as capital_usd_per_chip_hour,
            c.all_in_power_kw_per_chip * coalesce(
                c.opex_usd_per_kw_month,
                c.opex_scale_ratio * (
                    c.electricity_usd_per_kwh * c.power_utilisation_ratio * c.pue_ratio * 730.0
                    + c.colo_usd_per_kw_month
                    + c.other_opex_usd_per_kw_month
                )
            ) / 730.0 as operating_usd_per_chip_hour
        from checked as c
        where c.is_possible
    )
    select
        t.system_id,
        t.buyer_class,
        t.assumption_vintage,
        t.capital_usd_per_chip_hour + t.operating_usd_per_chip_hour as tco_usd_per_chip_hour,
        t.capital_usd_per_chip_hour,
        t.operating_usd_per_chip_hour,
        (t.capital_usd_per_chip_hour + t.operating_usd_per_chip_hour) / t.utilisation_share
            as tco_usd_per_useful_chip_hour,
        (t.capital_usd_per_chip_hour + t.operating_usd_per_chip_hour) * 1000 / (t.dense_fp16_tflops * t.mfu_share)
            as usd_per_effective_pflop_hour,
        (t.capital_usd_per_chip_hour + t.operating_usd_per_chip_hour) / t.memory_bandwidth_tb_per_s
            as usd_per_tb_per_s_hour,
        t.centre_usd_per_chip_hour,
        (t.capital_usd_per_chip_hour + t.operating_usd_per_chip_hour) / t.centre_usd_per_chip_hour as tco_ratio_to_centre,
        t.capex_usd_per_chip,
        t.wacc_ratio,
        t.life_years,
        t.residual_share,
        t.all_in_power_kw_per_chip,
        t.electricity_usd_per_kwh,
        t.pue_ratio,
        t.utilisation_share,
        t.mfu_share
    from costed as t;
