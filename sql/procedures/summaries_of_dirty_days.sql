-- Which summaries of which days must be made again when days are dirty, in the order in which they
-- read each other. A hang's report reads a day before and one after its own, explosiveness ten days
-- back. What was never made of a day is not made now.
CREATE OR REPLACE FUNCTION summaries_of_dirty_days(p_days date[])
RETURNS TABLE (name text, day date)
LANGUAGE sql STABLE
SET search_path = public, pg_temp
AS $$
    SELECT summary_days.name, summary_days.day
    FROM (VALUES
        ('signatures', 1, 0, 0), ('os_versions', 2, 0, 0), ('tcbs', 3, 0, 0),
        ('tcbs_build', 4, 0, 0), ('adu', 5, 0, 0), ('daily_crashes', 6, 0, 0),
        ('hang_report', 7, -1, 1), ('nightly_builds', 8, 0, 0), ('rank_compare', 9, 0, 0),
        ('crashes_by_url', 10, 0, 0), ('crashes_by_domain', 11, 0, 0),
        ('signature_summary', 12, 0, 0), ('crashes_by_flash_version', 13, 0, 0),
        ('explosiveness', 14, 0, 9)
    ) AS summaries (name, place, first_day, last_day)
    JOIN summary_days USING (name)
    WHERE EXISTS (
        SELECT FROM unnest(p_days) AS dirty
        WHERE summary_days.day BETWEEN dirty + first_day AND dirty + last_day)
      AND NOT EXISTS (
        SELECT FROM sealed_weeks
        WHERE sealed_weeks.week = date_trunc('week', summary_days.day::timestamp)::date)
    ORDER BY summaries.place, summary_days.day
$$;
