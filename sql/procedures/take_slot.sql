-- Leases the slot of a job that follows p_after, for so many seconds. Returns the proof of the lease;
-- NULL if another has it, if the job has come further, or if it waits after a failure.
--
-- The run before, if its lease ran out, is noted as lost.
CREATE OR REPLACE FUNCTION take_slot(
    p_job   text,
    p_after timestamptz,
    p_slot  timestamptz,
    p_lease double precision
) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp
AS $$
BEGIN
    PERFORM FROM cron_jobs
    WHERE job = p_job AND done_until = p_after AND due_at <= now()
      AND (lease_until IS NULL OR lease_until <= now())
    FOR UPDATE;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    UPDATE cron_jobs
    SET attempts = attempts + 1, first_run = coalesce(first_run, now()), last_run = now()
    WHERE job = p_job;
    RETURN lease_job(p_job, p_slot, p_lease, false);
END
$$;
