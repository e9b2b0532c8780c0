-- Notes a run that a person asked for. It moves no slot. Returns its number.
CREATE OR REPLACE FUNCTION begin_hand_run(p_job text, p_slot timestamptz) RETURNS bigint
LANGUAGE sql SECURITY DEFINER
SET search_path = public, pg_temp
AS $$
    INSERT INTO cron_runs (token, job, slot, by_hand)
    VALUES (nextval('cron_tokens'), p_job, p_slot, true)
    RETURNING token
$$;
