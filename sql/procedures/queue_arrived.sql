-- Queues jobs whose raw crash has come into the store. A job that does not wait any more stays as
-- it is. Returns how many were queued.
CREATE OR REPLACE FUNCTION queue_arrived(
    p_uuids       text[],
    p_received_at timestamptz[]
) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp
AS $$
DECLARE
    queued bigint;
BEGIN
    WITH arrived AS MATERIALIZED (
        SELECT jobs.uuid, pair.received_at FROM jobs
        JOIN unnest(p_uuids, p_received_at) AS pair (uuid, received_at) ON jobs.uuid = pair.uuid
        WHERE jobs.state = 'waiting_for_raw'
        ORDER BY jobs.uuid
        FOR UPDATE OF jobs
    )
    UPDATE jobs
    SET state = 'queued', asked_by = NULL, queued_at = now(), due_at = now(),
        received_at = arrived.received_at,
        -- Every take goes beyond the report's generation, if there is one.
        generation = greatest(jobs.generation, (
            SELECT reports.generation FROM reports
            WHERE reports.crash_day = jobs.crash_day AND reports.uuid = jobs.uuid))
    FROM arrived WHERE jobs.uuid = arrived.uuid;
    GET DIAGNOSTICS queued = ROW_COUNT;
    IF queued > 0 THEN
        PERFORM pg_notify('auxilio_jobs', 'priority');
    END IF;
    RETURN queued;
END
$$;
