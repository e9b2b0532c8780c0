-- Ends the run of a summary: the day has it from now on. Returns the rows.
CREATE OR REPLACE FUNCTION end_summary(
    p_name  text,
    p_day   date,
    p_began timestamptz,
    p_rows  bigint
) RETURNS bigint
LANGUAGE plpgsql
SET search_path = public, pg_temp
AS $$
BEGIN
    INSERT INTO summary_days (day, name) VALUES (p_day, p_name) ON CONFLICT DO NOTHING;
    PERFORM log_run(p_name, p_day::timestamp AT TIME ZONE 'UTC',
        (p_day + 1)::timestamp AT TIME ZONE 'UTC', p_began, p_rows, NULL);
    RETURN p_rows;
END
$$;
