-- Gives each due new job that has no owner to the live processor with the most free capacity, for a
-- short while; after it anybody may take the job. Priority jobs and crashes that are processed again
-- stay free for all. Returns how many were assigned: never more than there is free capacity, so
-- that a backlog costs nothing.
-- Wakes the processors in any case, for jobs that nobody owns are new, too.
CREATE OR REPLACE FUNCTION assign_jobs(
    p_hold_seconds       double precision,
    p_dead_after_seconds double precision
) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp
AS $$
DECLARE
    assigned bigint;
BEGIN
    WITH live AS (
        SELECT processors.id, processors.capacity - (
            SELECT count(*) FROM jobs
            WHERE jobs.owner = processors.id
              AND (jobs.state = 'taken' OR jobs.assigned_until > now())
        ) AS free
        FROM processors
        WHERE processors.heartbeat_at > now() - make_interval(secs => p_dead_after_seconds)
          AND 'standard' = ANY (processors.lanes)
    ), seats AS (
        -- A row for each free place. The fullest processor's last places come last.
        SELECT live.id, row_number() OVER (ORDER BY live.free - seat.used DESC, live.id) AS place
        FROM live CROSS JOIN LATERAL generate_series(0, live.free - 1) AS seat (used)
    ), chosen AS MATERIALIZED (
        SELECT jobs.uuid, jobs.due_at FROM jobs
        WHERE jobs.state = 'queued' AND jobs.owner IS NULL
          AND jobs.lane = 'standard' AND jobs.due_at <= now()
        ORDER BY jobs.due_at, jobs.uuid
        LIMIT (SELECT count(*) FROM seats)
        FOR UPDATE SKIP LOCKED
    ), placed AS (
        SELECT chosen.uuid, row_number() OVER (ORDER BY chosen.due_at, chosen.uuid) AS place
        FROM chosen
    )
    UPDATE jobs
    SET owner = seats.id, assigned_until = now() + make_interval(secs => p_hold_seconds)
    FROM placed JOIN seats ON seats.place = placed.place
    WHERE jobs.uuid = placed.uuid;
    GET DIAGNOSTICS assigned = ROW_COUNT;
    PERFORM pg_notify('auxilio_jobs', 'standard');
    RETURN assigned;
END
$$;
