-- Leases the oldest due jobs of a lane to a processor: those that are its own, have no owner, or
-- whose owner did not come in time. Jobs that another take holds at this moment are passed over.
--
-- Each take gets a token, the proof of the lease, and a generation: greater than any that the
-- crash had before, and than its arrival, whatever the clocks did in between.
CREATE OR REPLACE FUNCTION take_jobs(
    p_processor     bigint,
    p_lane          text,
    p_max           integer,
    p_lease_seconds double precision
) RETURNS TABLE (
    uuid        text,
    lane        text,
    token       bigint,
    generation  bigint,
    lease_until timestamptz,
    attempts    integer,
    deaths      integer,
    lost_leases integer
)
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp
-- A plan made while the queue was short must not read all of it once it is long.
SET enable_seqscan = off
SET enable_bitmapscan = off
SET enable_hashjoin = off
SET enable_mergejoin = off
-- What is switched off counts as dear where it can't be avoided, and dear plans are compiled.
SET jit = off
AS $$
#variable_conflict use_column
BEGIN
    -- Its jobs would be taken back at once.
    IF NOT EXISTS (SELECT FROM processors WHERE processors.id = p_processor) THEN
        RAISE EXCEPTION 'processor % is not registered', p_processor USING ERRCODE = 'AX001';
    END IF;
    RETURN QUERY
    WITH chosen AS MATERIALIZED (
        SELECT jobs.uuid FROM jobs
        WHERE jobs.state = 'queued' AND jobs.lane = p_lane AND jobs.due_at <= now()
          AND (jobs.owner IS NULL OR jobs.owner = p_processor OR jobs.assigned_until <= now())
        ORDER BY jobs.due_at, jobs.uuid
        LIMIT p_max
        FOR UPDATE SKIP LOCKED
    ), taken AS (
        UPDATE jobs
        SET state = 'taken',
            owner = p_processor,
            assigned_until = NULL,
            token = nextval('job_tokens'),
            generation = greatest(
                floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint,
                jobs.generation + 1,
                floor(extract(epoch FROM jobs.received_at) * 1000)::bigint + 1),
            lease_until = now() + make_interval(secs => p_lease_seconds),
            attempts = jobs.attempts + 1
        FROM chosen
        WHERE jobs.uuid = chosen.uuid
        RETURNING jobs.uuid, jobs.lane, jobs.token, jobs.generation, jobs.lease_until,
            jobs.attempts, jobs.deaths, jobs.lost_leases, jobs.due_at
    )
    SELECT taken.uuid, taken.lane, taken.token, taken.generation, taken.lease_until,
        taken.attempts, taken.deaths, taken.lost_leases
    FROM taken ORDER BY taken.due_at, taken.uuid;
END
$$;
