-- Notes how a run ended that a person asked for: without an error it is done.
CREATE OR REPLACE FUNCTION end_hand_run(p_token bigint, p_count bigint, p_error text)
RETURNS void
LANGUAGE sql SECURITY DEFINER
SET search_path = public, pg_temp
AS $$
    UPDATE cron_runs
    SET outcome = CASE WHEN p_error IS NULL THEN 'done' ELSE 'failed' END, ended_at = now(),
        count = p_count, error = p_error
    WHERE token = p_token AND by_hand AND outcome = 'running'
$$;
