-- Writes a run into the run log.
CREATE OR REPLACE FUNCTION log_run(
    p_name  text,
    p_from  timestamptz,
    p_to    timestamptz,
    p_began timestamptz,
    p_rows  bigint,
    p_note  text
) RETURNS void
LANGUAGE sql
SET search_path = public, pg_temp
AS $$
    INSERT INTO update_runs (name, window_from, window_to, started_at, took, rows, note)
    VALUES (p_name, p_from, p_to, p_began, clock_timestamp() - p_began, p_rows, p_note)
$$;
