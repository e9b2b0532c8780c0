-- Asks for a crash that the store has: because somebody waits for it (lane 'priority'), or to
-- have it processed again (lane 'reprocess'). Standard jobs are not to be had here.
--
-- Asking raises the lane and never lowers it. While the job is taken, asking has it queued once
-- more when it is done. Returns the state that the job is in now.
CREATE OR REPLACE FUNCTION ask_job(
    p_uuid        text,
    p_lane        text,
    p_received_at timestamptz
) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp
AS $$
DECLARE
    order_of_lanes constant text[] := ARRAY['reprocess', 'standard', 'priority'];
    state_now      text;
    last_run       bigint;
BEGIN
    IF p_lane NOT IN ('priority', 'reprocess') THEN
        RAISE EXCEPTION 'lane "%" is not to be asked for', p_lane
            USING ERRCODE = 'invalid_parameter_value';
    END IF;
    -- A new row begins with the generation of the report, so that every take goes beyond it.
    SELECT reports.generation INTO last_run FROM reports
    WHERE reports.uuid = p_uuid
      AND reports.crash_day = make_date(2000 + substr(p_uuid, 31, 2)::integer,
                                        substr(p_uuid, 33, 2)::integer,
                                        substr(p_uuid, 35, 2)::integer);

    INSERT INTO jobs (uuid, lane, state, received_at, generation)
    VALUES (p_uuid, p_lane, 'queued', p_received_at, last_run)
    ON CONFLICT (uuid) DO UPDATE
    SET lane = CASE WHEN array_position(order_of_lanes, excluded.lane)
                         > array_position(order_of_lanes, jobs.lane)
                    THEN excluded.lane ELSE jobs.lane END,
        state = CASE jobs.state WHEN 'taken' THEN 'taken' ELSE 'queued' END,
        received_at = coalesce(jobs.received_at, excluded.received_at),
        again = jobs.state = 'taken',
        -- Who asks does not wait for the owner of an assignment, nor for the end of a pause.
        owner = CASE jobs.state WHEN 'taken' THEN jobs.owner END,
        assigned_until = NULL,
        due_at = least(jobs.due_at, now())
    RETURNING jobs.state INTO state_now;
    PERFORM pg_notify('auxilio_jobs', p_lane);
    RETURN state_now;
END
$$;
