-- Chips of one kind at each campus on one day: the last count by then. Adding counts of a campus would count chips again.
-- select * from campus_chips_on('Trainium2', date '2025-12-31')
create or replace macro campus_chips_on(wanted_chip, wanted_day) as table
    select
        c.campus_id,
        c.chip_type,
        c.observed_date,
        c.installed_chip_units_stated,
        c.installed_chip_units_p05,
        c.installed_chip_units_p50,
        c.installed_chip_units_p95,
        c.count_basis,
        c.is_power_consistent
    from marts.campus_chips as c
    where c.chip_type = wanted_chip
        and c.observed_date <= wanted_day
        and (c.replaced_date is null or c.replaced_date > wanted_day);

-- A generation of Trainium at each campus at a quarter's end, and beside it (repeated in every row) what all campuses hold
-- and what the volumes marts have installed. The counts of campuses and Amazon's own count, on which the volumes rest, are
-- not independent. gap_pct: campuses over the volumes' median, less 100.
-- select * from campus_chips_against_volumes('Trainium2', '2025Q4')
create or replace macro campus_chips_against_volumes(wanted_generation, wanted_quarter) as table
    select
        c.campus_id,
        c.observed_date,
        c.installed_chip_units_p50,
        c.count_basis,
        c.is_power_consistent,
        sum(c.installed_chip_units_p50) over () as all_campuses_chip_units,
        v.installed_chip_units_cumulative_p05,
        v.installed_chip_units_cumulative_p50,
        v.installed_chip_units_cumulative_p95,
        100 * (sum(c.installed_chip_units_p50) over () / v.installed_chip_units_cumulative_p50 - 1) as gap_pct
    from marts.trainium_volumes_quarterly as v
    inner join marts.campus_chips as c
        on c.chip_type = v.generation
        and c.observed_date < v.quarter_start_date + interval 3 month
        and (c.replaced_date is null or c.replaced_date >= v.quarter_start_date + interval 3 month)
    where v.sku_level = 'generation'
        and v.generation = wanted_generation
        and v.calendar_quarter = wanted_quarter;
