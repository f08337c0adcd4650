-- Intervals of any roll-up of Trainium volumes, from the joint draws: sum within a draw, then take quantiles.
-- generation: 'Trainium1' to 'Trainium4', or 'all'. Quarters are text like '2025Q4'.
--
--   all Trainium through 2025   FROM trainium_packages(generation := 'all', through_quarter := '2025Q4')
--   Trainium beside Google      FROM trainium_share_of_trainium_and_tpu(from_quarter := '2025Q1', through_quarter := '2025Q4')
--   growth per quarter          FROM trainium_package_growth(generation := 'all')
--   memory for 2027             FROM component_demand(component := 'hbm_gb', from_quarter := '2027Q1', through_quarter := '2027Q4')

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

-- Trainium packages over Trainium packages + Google's TPUs, 0 to 1.
-- Trainium: the joint draws. TPU: the published series has three percentiles per chip and quarter and no draws, so each is
-- a log-normal joined at its median (a half for each side), and all of them share one score per draw: one house's errors in
-- price and mix are the same errors in every quarter. That is the widest band a sum can have. The score is independent
-- of Trainium; it comes from a fixed low-discrepancy sequence, so equal questions get equal answers.
-- NULL when a quarter of the range has no complete TPU figure: a missing quarter is not a quarter without TPUs.
CREATE OR REPLACE MACRO trainium_share_of_trainium_and_tpu(from_quarter := '2024Q1', through_quarter := '2025Q4') AS TABLE
WITH trainium AS (
    SELECT t.draw_id, sum(t.package_units) AS units
    FROM draws.trainium_volumes_quarterly AS t
    WHERE t.calendar_quarter BETWEEN from_quarter AND through_quarter
    GROUP BY t.draw_id
),
published AS (
    SELECT p.calendar_quarter, p.units_p05, p.units_p50, p.units_p95, p.is_incomplete
    FROM marts.accelerator_purchases_quarterly AS p
    WHERE p.accelerator_family = 'TPU' AND p.buyer = 'Google'
        AND p.calendar_quarter BETWEEN from_quarter AND through_quarter
),
complete AS (
    SELECT count(*) = (
        SELECT count(DISTINCT t.calendar_quarter) FROM draws.trainium_volumes_quarterly AS t
        WHERE t.calendar_quarter BETWEEN from_quarter AND through_quarter
    ) AS is_complete
    FROM (
        SELECT published.calendar_quarter FROM published GROUP BY published.calendar_quarter
        HAVING NOT bool_or(published.is_incomplete OR published.units_p50 IS NULL)
    )
),
-- Box-Muller on the R2 sequence: a standard normal score per draw.
scores AS (
    SELECT
        trainium.draw_id,
        sqrt(-2 * ln(1 - ((trainium.draw_id + 0.5)::DOUBLE * 0.7548776662466927::DOUBLE) % 1))
            * cos(2 * pi() * (((trainium.draw_id + 0.5)::DOUBLE * 0.5698402909980532::DOUBLE) % 1)) AS score
    FROM trainium
),
tpu AS (
    SELECT
        scores.draw_id,
        sum(
            CASE
                WHEN published.units_p50 = 0 THEN 0
                WHEN scores.score > 0
                    THEN published.units_p50 * exp(scores.score / 1.6448536269514722 * ln(published.units_p95 / published.units_p50))
                -- A band that reaches zero has no logarithm: a straight line down to zero.
                WHEN published.units_p05 <= 0
                    THEN greatest(0, published.units_p50 * (1 + scores.score / 1.6448536269514722))
                ELSE published.units_p50 * exp(scores.score / 1.6448536269514722 * ln(published.units_p50 / published.units_p05))
            END
        ) AS units
    FROM scores
    CROSS JOIN published
    GROUP BY scores.draw_id
),
shares AS (
    SELECT CASE WHEN complete.is_complete THEN trainium.units / nullif(trainium.units + tpu.units, 0) END AS share
    FROM trainium
    LEFT JOIN tpu ON tpu.draw_id = trainium.draw_id
    CROSS JOIN complete
)
SELECT
    quantile_cont(shares.share, 0.05) AS trainium_share_p05,
    quantile_cont(shares.share, 0.50) AS trainium_share_p50,
    quantile_cont(shares.share, 0.95) AS trainium_share_p95
FROM shares;

-- Components over any quarters. component: hbm_stacks, hbm_gb, package_starts, cowos_wafers, scale_up_switch_trays or
-- scale_up_switch_chips. NULL when a part of the sum is unknown; 2028Q4 always is.
CREATE OR REPLACE MACRO component_demand(
    component := 'hbm_gb', generation := 'all', from_quarter := '2023Q1', through_quarter := '2028Q3'
) AS TABLE
WITH parts AS (
    SELECT
        c.draw_id,
        CASE component
            WHEN 'hbm_stacks' THEN c.hbm_stack_units
            WHEN 'hbm_gb' THEN c.hbm_gb
            WHEN 'package_starts' THEN c.package_start_units
            WHEN 'cowos_wafers' THEN c.cowos_wafer_units
            WHEN 'scale_up_switch_trays' THEN c.scale_up_switch_tray_units
            WHEN 'scale_up_switch_chips' THEN c.scale_up_switch_chip_units
        END AS demand
    FROM draws.component_demand_quarterly AS c
    WHERE (c.generation = generation OR generation = 'all')
        AND c.calendar_quarter BETWEEN from_quarter AND through_quarter
),
is_known AS (
    SELECT count(*) = count(parts.demand) AS is_known FROM parts
),
totals AS (
    SELECT parts.draw_id, sum(parts.demand) AS demand FROM parts GROUP BY parts.draw_id
)
SELECT
    CASE WHEN any_value(is_known.is_known) THEN quantile_cont(totals.demand, 0.05) END AS demand_value_p05,
    CASE WHEN any_value(is_known.is_known) THEN quantile_cont(totals.demand, 0.50) END AS demand_value_p50,
    CASE WHEN any_value(is_known.is_known) THEN quantile_cont(totals.demand, 0.95) END AS demand_value_p95
FROM totals
CROSS JOIN is_known;
