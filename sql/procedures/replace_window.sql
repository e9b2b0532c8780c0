-- Makes the rows of a window, [from, to) by date_processed, in a table equal to those of a temporary
-- table with the same columns, and touches no row that is so already. Days that changed are marked
-- where summaries were made of them. A part of update_reports_clean.
CREATE OR REPLACE FUNCTION replace_window(
    p_table text,
    p_new   text,
    p_from  timestamptz,
    p_to    timestamptz
) RETURNS void
LANGUAGE plpgsql
SET search_path = public, pg_temp
AS $$
DECLARE
    first_day date := (p_from AT TIME ZONE 'UTC')::date;
    last_day  date := (p_to AT TIME ZONE 'UTC')::date;
BEGIN
    EXECUTE format(
        'WITH gone AS (
             DELETE FROM %1$I AS old
             WHERE old.crash_day BETWEEN %3$L AND %4$L
               AND old.date_processed >= %5$L AND old.date_processed < %6$L
               AND NOT EXISTS (
                 SELECT FROM %2$I AS new
                 WHERE new.crash_day = old.crash_day AND new.uuid = old.uuid
                   AND ROW(new.*) IS NOT DISTINCT FROM ROW(old.*))
             RETURNING crash_day
         )
         INSERT INTO dirty_days
         SELECT DISTINCT crash_day FROM gone JOIN summary_days ON day = crash_day',
        p_table, p_new, first_day, last_day, p_from, p_to);
    EXECUTE format(
        'WITH made AS (
             INSERT INTO %1$I
             SELECT * FROM %2$I AS new
             WHERE NOT EXISTS (
                 SELECT FROM %1$I AS old
                 WHERE old.crash_day BETWEEN %3$L AND %4$L
                   AND old.crash_day = new.crash_day AND old.uuid = new.uuid)
             ORDER BY date_processed, uuid
             RETURNING crash_day
         )
         INSERT INTO dirty_days
         SELECT DISTINCT crash_day FROM made JOIN summary_days ON day = crash_day',
        p_table, p_new, first_day, last_day);
END
$$;
