-- Intervals of any roll-up of Trainium volumes, from the joint draws: sum within a draw, then take quantiles.
-- generation: 'Trainium1' to 'Trainium4', or 'all'. Quarters are text like '2025Q4'.

CREATE OR REPLACE MACRO trainium_packages(generation := 'Trainium2', from_quarter := '2023Q1', through_quarter := '2025Q4') AS TABLE
WITH totals AS (
    SELECT t.draw_id, sum(t.package_units) AS units
    FROM draws.trainium_volumes_quarterly AS t
    WHERE (t.generation = generation OR generation = 'all')
        AND t.calendar_quarter BETWEEN from_quarter AND through_quarter
    GROUP BY t.draw_id
)
SELECT
    quantile_cont(totals.units, 0.05) AS package_units_p05,
    quantile_cont(totals.units, 0.50) AS package_units_p50,
    quantile_cont(totals.units, 0.95) AS package_units_p95
FROM totals;

CREATE OR REPLACE MACRO trainium_racks(generation := 'Trainium2', from_quarter := '2023Q1', through_quarter := '2025Q4') AS TABLE
WITH totals AS (
    SELECT t.draw_id, sum(t.rack_units) AS units
    FROM draws.trainium_volumes_quarterly AS t
    WHERE (t.generation = generation OR generation = 'all')
        AND t.calendar_quarter BETWEEN from_quarter AND through_quarter
    GROUP BY t.draw_id
)
SELECT
    quantile_cont(totals.units, 0.05) AS rack_units_p05,
    quantile_cont(totals.units, 0.50) AS rack_units_p50,
    quantile_cont(totals.units, 0.95) AS rack_units_p95
FROM totals;

CREATE OR REPLACE MACRO trainium_installed_chips(generation := 'Trainium2', from_quarter := '2023Q1', through_quarter := '2025Q4') AS TABLE
WITH totals AS (
    SELECT t.draw_id, sum(t.installed_chip_units) AS units
    FROM draws.trainium_volumes_quarterly AS t
    WHERE (t.generation = generation OR generation = 'all')
        AND t.calendar_quarter BETWEEN from_quarter AND through_quarter
    GROUP BY t.draw_id
)
SELECT
    quantile_cont(totals.units, 0.05) AS installed_chip_units_p05,
    quantile_cont(totals.units, 0.50) AS installed_chip_units_p50,
    quantile_cont(totals.units, 0.95) AS installed_chip_units_p95
FROM totals;

-- Growth of packages on the quarter before, in percent; no row for a quarter after one without packages.
CREATE OR REPLACE MACRO trainium_package_growth(generation := 'Trainium2') AS TABLE
WITH quarters AS (
    SELECT t.calendar_quarter, t.draw_id, sum(t.package_units) AS units
    FROM draws.trainium_volumes_quarterly AS t
    WHERE t.generation = generation OR generation = 'all'
    GROUP BY t.calendar_quarter, t.draw_id
),
growth AS (
    SELECT
        quarters.calendar_quarter,
        100 * (quarters.units / nullif(lag(quarters.units) OVER previous, 0) - 1) AS qoq_pct
    FROM quarters
    WINDOW previous AS (PARTITION BY quarters.draw_id ORDER BY quarters.calendar_quarter)
)
SELECT
    growth.calendar_quarter,
    quantile_cont(growth.qoq_pct, 0.05) AS qoq_pct_p05,
    quantile_cont(growth.qoq_pct, 0.50) AS qoq_pct_p50,
    quantile_cont(growth.qoq_pct, 0.95) AS qoq_pct_p95
FROM growth
WHERE growth.qoq_pct IS NOT NULL
GROUP BY growth.calendar_quarter
ORDER BY growth.calendar_quarter;
