-- Ends a job for the holder of its lease: the row goes, its outcome stays.
--
-- Returns 'completed'; 'queued_again' if somebody asked for the crash in the meantime, so that
-- the job goes on; 'refused' if the lease is not the caller's, and nothing was changed. A holder
-- who lost our first answer and calls again gets that answer again.
CREATE OR REPLACE FUNCTION complete_job(
    p_uuid       text,
    p_token      bigint,
    p_generation bigint,
    p_outcome    text
) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp
AS $$
DECLARE
    job jobs%ROWTYPE;
BEGIN
    SELECT * INTO job FROM jobs
    WHERE jobs.uuid = p_uuid AND jobs.state = 'taken'
      AND jobs.token = p_token AND jobs.generation = p_generation
    FOR UPDATE;

    IF NOT FOUND THEN
        IF EXISTS (SELECT FROM job_outcomes AS ended
                   WHERE ended.uuid = p_uuid AND ended.token = p_token
                     AND ended.generation = p_generation AND ended.outcome = p_outcome) THEN
            RETURN 'completed';
        END IF;
        RETURN 'refused';
    END IF;

    IF job.again THEN
        UPDATE jobs
        SET state = 'queued', again = false, due_at = now(), queued_at = now(), owner = NULL,
            lease_until = NULL, token = NULL, attempts = 0, deaths = 0, lost_leases = 0,
            last_error = NULL
        WHERE jobs.uuid = p_uuid;
        PERFORM pg_notify('auxilio_jobs', job.lane);
        RETURN 'queued_again';
    END IF;

    DELETE FROM jobs WHERE jobs.uuid = p_uuid;
    INSERT INTO job_outcomes (uuid, outcome, lane, received_at, queued_at, owner, token,
        generation, attempts, deaths, lost_leases, last_error)
    VALUES (job.uuid, p_outcome, job.lane, job.received_at, job.queued_at, job.owner, job.token,
        job.generation, job.attempts, job.deaths, job.lost_leases, job.last_error);
    RETURN 'completed';
END
$$;
