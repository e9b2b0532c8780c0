-- Takes away the marks of sealed weeks and counts them there.
CREATE OR REPLACE FUNCTION refuse_sealed_marks() RETURNS void
LANGUAGE sql
SET search_path = public, pg_temp
AS $$
    WITH hours AS (
        DELETE FROM dirty_hours USING sealed_weeks
        WHERE date_trunc('week', dirty_hours.hour AT TIME ZONE 'UTC')::date = sealed_weeks.week
        RETURNING sealed_weeks.week
    ), days AS (
        DELETE FROM dirty_days USING sealed_weeks
        WHERE date_trunc('week', dirty_days.day::timestamp)::date = sealed_weeks.week
        RETURNING sealed_weeks.week
    )
    UPDATE sealed_weeks SET refused = refused + counted.many
    FROM (
        SELECT week, count(*) AS many
        FROM (SELECT week FROM hours UNION ALL SELECT week FROM days) AS t GROUP BY week) AS counted
    WHERE sealed_weeks.week = counted.week
$$;
