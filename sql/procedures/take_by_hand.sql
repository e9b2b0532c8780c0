-- Leases a job for a person, for so many seconds, and notes the run: nobody else works at the job
-- meanwhile, whatever the slot. It waits after no failure and moves no slot. Returns the proof of the
-- lease; NULL if another has it.
CREATE OR REPLACE FUNCTION take_by_hand(
    p_job   text,
    p_slot  timestamptz,
    p_lease double precision
) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp
AS $$
BEGIN
    PERFORM FROM cron_jobs
    WHERE job = p_job AND (lease_until IS NULL OR lease_until <= now())
    FOR UPDATE;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    RETURN lease_job(p_job, p_slot, p_lease, true);
END
$$;
