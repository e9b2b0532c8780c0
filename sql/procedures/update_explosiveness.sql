-- How much more a signature crashes a version on a day than on the days before, as the original
-- reckoned it from crashes per million users of the last ten days; days without any count 0.
--
-- One day, over 10 crashes: the rate above the mean of the nine days before, measured in how far the
-- worst of these was above it. Three days, over 10 on average: above the mean of the seven days
-- before, measured in their standard deviation. The measure is at least 30 crashes' rate. Nothing is
-- said where no users are known of the first of the ten days.
CREATE OR REPLACE FUNCTION update_explosiveness(p_day date) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp
SET work_mem = '64MB'
SET jit = off
AS $$
DECLARE
    began timestamptz := clock_timestamp();
    made  bigint;
BEGIN
    IF NOT begin_summary('explosiveness', p_day) THEN
        RETURN 0;
    END IF;
    DELETE FROM explosiveness WHERE last_date = p_day;
    INSERT INTO explosiveness (product_version_id, signature_id, last_date, oneday, threeday,
        day0, day1, day2, day3, day4, day5, day6, day7, day8, day9)
    WITH users AS MATERIALIZED (
        SELECT product_version_id, adu_date, sum(adu_count) AS users
        FROM product_adu
        WHERE adu_date BETWEEN p_day - 9 AND p_day
        GROUP BY product_version_id, adu_date HAVING sum(adu_count) > 0
    ), measures AS (
        SELECT product_version_id,
               avg(30 * 1000000 / users) FILTER (WHERE adu_date = p_day) AS least_one,
               avg(30 * 1000000 / users) FILTER (WHERE adu_date > p_day - 3) AS least_three
        FROM users GROUP BY product_version_id
    ), rates AS (
        SELECT tcbs.product_version_id, tcbs.signature_id, p_day - tcbs.report_date AS back,
               sum(tcbs.report_count) * 1000000::numeric / users.users AS rate
        FROM tcbs
        JOIN users ON users.product_version_id = tcbs.product_version_id
            AND users.adu_date = tcbs.report_date
        WHERE tcbs.report_date BETWEEN p_day - 9 AND p_day
        GROUP BY tcbs.product_version_id, tcbs.signature_id, tcbs.report_date, users.users
    ), days AS (
        SELECT product_version_id, signature_id, ARRAY[
                   coalesce(sum(rate) FILTER (WHERE back = 0), 0),
                   coalesce(sum(rate) FILTER (WHERE back = 1), 0),
                   coalesce(sum(rate) FILTER (WHERE back = 2), 0),
                   coalesce(sum(rate) FILTER (WHERE back = 3), 0),
                   coalesce(sum(rate) FILTER (WHERE back = 4), 0),
                   coalesce(sum(rate) FILTER (WHERE back = 5), 0),
                   coalesce(sum(rate) FILTER (WHERE back = 6), 0),
                   coalesce(sum(rate) FILTER (WHERE back = 7), 0),
                   coalesce(sum(rate) FILTER (WHERE back = 8), 0),
                   coalesce(sum(rate) FILTER (WHERE back = 9), 0)] AS day
        FROM rates GROUP BY product_version_id, signature_id
        -- Neither measure is above 10 where these three days are below.
        HAVING sum(rate) FILTER (WHERE back <= 2) > 10
    ), reckoned AS (
        SELECT days.*,
               CASE WHEN day[1] > 10 THEN round(
                   (day[1] - nine.mean) / greatest(nine.worst - nine.mean, least_one), 2)
                   END AS oneday,
               CASE WHEN three.mean > 10 THEN round(
                   (three.mean - seven.mean) / greatest(seven.deviation, least_three), 2)
                   END AS threeday
        FROM days
        JOIN measures USING (product_version_id)
        CROSS JOIN LATERAL (
            SELECT avg(rate) AS mean, max(rate) AS worst FROM unnest(day[2:10]) AS rate) AS nine
        CROSS JOIN LATERAL (SELECT avg(rate) AS mean FROM unnest(day[1:3]) AS rate) AS three
        CROSS JOIN LATERAL (
            SELECT avg(rate) AS mean, stddev(rate) AS deviation
            FROM unnest(day[4:10]) AS rate) AS seven
    )
    SELECT product_version_id, signature_id, p_day, oneday, threeday, day[1], day[2], day[3],
           day[4], day[5], day[6], day[7], day[8], day[9], day[10]
    FROM reckoned
    WHERE (oneday IS NOT NULL OR threeday IS NOT NULL)
      AND EXISTS (SELECT FROM product_adu WHERE adu_date = p_day - 9);
    GET DIAGNOSTICS made = ROW_COUNT;
    RETURN end_summary('explosiveness', p_day, began, made);
END
$$;
