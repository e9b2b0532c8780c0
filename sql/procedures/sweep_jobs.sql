-- Takes back what nobody works on any more: forgets processors without a sign of life, and queues
-- again, at their old place, the jobs of expired leases and of processors that are gone. Each of
-- them has lost a lease. Returns how many processors and leases that were.
CREATE OR REPLACE FUNCTION sweep_jobs(
    p_dead_after_seconds double precision,
    OUT dead_processors  bigint,
    OUT lost_leases      bigint
)
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    DELETE FROM processors
    WHERE processors.heartbeat_at <= now() - make_interval(secs => p_dead_after_seconds);
    GET DIAGNOSTICS dead_processors = ROW_COUNT;

    WITH lost AS MATERIALIZED (
        SELECT jobs.uuid FROM jobs
        WHERE jobs.state = 'taken'
          AND (jobs.lease_until <= now()
               OR NOT EXISTS (SELECT FROM processors WHERE processors.id = jobs.owner))
        ORDER BY jobs.uuid
        -- One that is being completed or renewed at this moment is not lost.
        FOR UPDATE OF jobs SKIP LOCKED
    )
    UPDATE jobs
    SET state = 'queued', owner = NULL, lease_until = NULL, token = NULL, again = false,
        lost_leases = jobs.lost_leases + 1,
        last_error = 'the processor let its lease run out'
    FROM lost WHERE jobs.uuid = lost.uuid;
    GET DIAGNOSTICS lost_leases = ROW_COUNT;

    IF lost_leases > 0 THEN
        PERFORM pg_notify('auxilio_jobs', '');
    END IF;
END
$$;
