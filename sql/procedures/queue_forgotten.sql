-- Queues crashes that the store has and whose processing was forgotten, in lane 'reprocess': because
-- Postgres was restored from a dump that did not know them, say.
--
-- The caller has looked at the store, and before that at the report's generation (NULL where there
-- was none). A crash that has a job, or whose report is another one by now, is left alone: it was
-- not forgotten. Returns the crashes that were queued.
CREATE OR REPLACE FUNCTION queue_forgotten(
    p_uuids       text[],
    p_received_at timestamptz[],
    p_seen        bigint[]
) RETURNS TABLE (uuid text)
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    queued text[];
BEGIN
    WITH inserted AS (
        -- In the order of ids, so that two callers never wait for each other in a circle.
        INSERT INTO jobs (uuid, lane, state, received_at, generation)
        SELECT DISTINCT ON (told.uuid) told.uuid, 'reprocess', 'queued', told.received_at, told.seen
        FROM unnest(p_uuids, p_received_at, p_seen) AS told (uuid, received_at, seen)
        ORDER BY told.uuid
        ON CONFLICT (uuid) DO NOTHING
        RETURNING jobs.uuid
    )
    SELECT array_agg(inserted.uuid) INTO queued FROM inserted;
    -- Only now, in a statement of its own: a job that ended until a moment ago left its report, and
    -- since ours is there no other can come. LIMIT keeps it a look-up in one week for each crash.
    DELETE FROM jobs
    WHERE jobs.uuid = ANY (queued) AND jobs.generation IS DISTINCT FROM (
        SELECT reports.generation FROM reports
        WHERE reports.crash_day = jobs.crash_day AND reports.uuid = jobs.uuid
        LIMIT 1);
    RETURN QUERY SELECT jobs.uuid FROM jobs WHERE jobs.uuid = ANY (queued);
    PERFORM pg_notify('auxilio_jobs', 'reprocess');
END
$$;
