-- Writes how the queue stands, one row for each slot; a slot that has its row keeps it. Averages are of
-- the five minutes before the slot. Returns the rows written.
--
-- A slot that is more than five minutes past gets none: how the queue stood then nobody knows any more.
CREATE OR REPLACE FUNCTION write_server_status(p_slot timestamptz) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp
AS $$
DECLARE
    written bigint;
BEGIN
    INSERT INTO server_status (date_recently_completed, date_oldest_job_queued, avg_process_sec,
        avg_wait_sec, waiting_job_count, processors_count, date_created)
    SELECT
        (SELECT max(ended_at) FROM job_outcomes
         WHERE ended_on >= (p_slot AT TIME ZONE 'UTC')::date - 1),
        (SELECT min(queued_at) FROM jobs WHERE state = 'queued'),
        recent.process, recent.wait,
        (SELECT count(*) FROM jobs WHERE state = 'queued'),
        (SELECT count(*) FROM processors),
        p_slot
    FROM (
        SELECT avg(extract(epoch FROM completed_datetime - started_datetime)) AS process,
               avg(extract(epoch FROM started_datetime - date_processed)) AS wait
        FROM reports
        WHERE crash_day >= (p_slot AT TIME ZONE 'UTC')::date - 1
          AND date_processed >= p_slot - interval '1 day'
          AND completed_datetime >= p_slot - interval '5 minutes' AND completed_datetime < p_slot
    ) AS recent
    WHERE p_slot >= now() - interval '5 minutes'
    ON CONFLICT (date_created) DO NOTHING;
    GET DIAGNOSTICS written = ROW_COUNT;
    RETURN written;
END
$$;
