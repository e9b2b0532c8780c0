-- Asks for crashes that the store has: because somebody waits for them (lane 'priority'), or to
-- have them processed again (lane 'reprocess'). Standard jobs are not to be had here.
--
-- Asking raises the lane and never lowers it. While a job is taken, asking has it queued once
-- more when its run is done. The time of arrival may be NULL for a crash that has a report.
-- Returns the state that each job is in now.
CREATE OR REPLACE FUNCTION ask_jobs(
    p_uuids       text[],
    p_received_at timestamptz[],
    p_lane        text
) RETURNS TABLE (uuid text, state text)
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    order_of_lanes constant text[] := ARRAY['reprocess', 'standard', 'priority'];
BEGIN
    IF p_lane NOT IN ('priority', 'reprocess') THEN
        RAISE EXCEPTION 'lane "%" is not to be asked for', p_lane
            USING ERRCODE = 'invalid_parameter_value';
    END IF;
    RETURN QUERY
    WITH asked AS (
        SELECT DISTINCT ON (pair.uuid) pair.uuid, pair.received_at,
            make_date(2000 + substr(pair.uuid, 31, 2)::integer,
                      substr(pair.uuid, 33, 2)::integer,
                      substr(pair.uuid, 35, 2)::integer) AS crash_day
        FROM unnest(p_uuids, p_received_at) AS pair (uuid, received_at)
        ORDER BY pair.uuid, pair.received_at
    ), looked_up AS MATERIALIZED (
        -- A new row begins with the generation of the report, so that every take goes beyond it.
        -- LIMIT keeps it a look-up in one week for each crash.
        SELECT asked.uuid, asked.received_at, report.generation
        FROM asked LEFT JOIN LATERAL (
            SELECT reports.generation FROM reports
            WHERE reports.crash_day = asked.crash_day AND reports.uuid = asked.uuid
            LIMIT 1
        ) AS report ON true
    )
    -- In the order of ids, so that two callers never wait for each other in a circle.
    INSERT INTO jobs (uuid, lane, state, received_at, generation)
    SELECT looked_up.uuid, p_lane, 'queued', looked_up.received_at, looked_up.generation
    FROM looked_up ORDER BY looked_up.uuid
    ON CONFLICT (uuid) DO UPDATE
    SET lane = CASE WHEN array_position(order_of_lanes, excluded.lane)
                         > array_position(order_of_lanes, jobs.lane)
                    THEN excluded.lane ELSE jobs.lane END,
        state = CASE jobs.state WHEN 'taken' THEN 'taken' ELSE 'queued' END,
        received_at = coalesce(jobs.received_at, excluded.received_at),
        generation = greatest(jobs.generation, excluded.generation),
        again = jobs.state = 'taken',
        asked_by = NULL,
        -- Who asks does not wait for the owner of an assignment, nor for the end of a pause.
        owner = CASE jobs.state WHEN 'taken' THEN jobs.owner END,
        assigned_until = NULL,
        due_at = least(jobs.due_at, now()),
        queued_at = CASE jobs.state WHEN 'waiting_for_raw' THEN now() ELSE jobs.queued_at END
    RETURNING jobs.uuid, jobs.state;
    PERFORM pg_notify('auxilio_jobs', p_lane);
END
$$;
