-- Opens the run of a summary for a day, as begin_window does for that window.
CREATE OR REPLACE FUNCTION begin_summary(p_name text, p_day date) RETURNS boolean
LANGUAGE plpgsql
SET search_path = public, pg_temp
AS $$
BEGIN
    RETURN begin_window(p_name, p_day::timestamp AT TIME ZONE 'UTC',
        (p_day + 1)::timestamp AT TIME ZONE 'UTC');
END
$$;
