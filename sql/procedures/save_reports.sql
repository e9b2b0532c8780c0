-- Writes reports of crashes and completes their jobs: for each crash both or neither.
--
-- A report comes as one JSON object whose keys are the columns of `reports`. Its generation is
-- that of the stored processed crash, which is lower than the job's when the run kept an old one;
-- a row of the same or a higher generation stays as it is. Answers as complete_jobs does; on
-- 'refused' nothing was written.
--
-- A row that breaks a constraint makes all of it fail: the caller splits the batch until the bad
-- row stands alone. Where a week's partition is missing the insert fails, and the caller makes it
-- in a transaction of its own: made in this one, it would hold its lock until all of this is done.
CREATE OR REPLACE FUNCTION save_reports(
    p_reports     jsonb[],
    p_tokens      bigint[],
    p_generations bigint[],
    p_outcomes    text[]
) RETURNS TABLE (place bigint, answer text)
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    WITH told AS MATERIALIZED (
        SELECT told.* FROM unnest(p_reports) WITH ORDINALITY AS told (report, place)
    ), answers AS MATERIALIZED (
        SELECT answers.* FROM complete_jobs(
            ARRAY(SELECT told.report ->> 'uuid' FROM told ORDER BY told.place),
            p_tokens, p_generations, p_outcomes) AS answers
    ), written AS (
        INSERT INTO reports (client_crash_date, date_processed, uuid, product, version, build,
            signature, url, install_age, last_crash, uptime, cpu_name, cpu_info, reason, address,
            os_name, os_version, email, user_id, started_datetime, completed_datetime, success,
            truncated, processor_notes, user_comments, app_notes, distributor, distributor_version,
            topmost_filenames, addons_checked, flash_version, hangid, process_type, release_channel,
            productid, crash_day, generation, quality, throttle, sample_rate)
        SELECT DISTINCT ON (new.uuid)
            new.client_crash_date, new.date_processed, new.uuid, new.product, new.version, new.build,
            new.signature, new.url, new.install_age, new.last_crash, new.uptime, new.cpu_name,
            new.cpu_info, new.reason, new.address, new.os_name, new.os_version, new.email, new.user_id,
            new.started_datetime, new.completed_datetime, new.success, new.truncated,
            new.processor_notes, new.user_comments, new.app_notes, new.distributor,
            new.distributor_version, new.topmost_filenames, new.addons_checked, new.flash_version,
            new.hangid, new.process_type, new.release_channel, new.productid, new.crash_day,
            new.generation, new.quality, new.throttle, new.sample_rate
        FROM told
        JOIN answers ON answers.place = told.place AND answers.answer <> 'refused'
        CROSS JOIN LATERAL jsonb_populate_record(NULL::reports, told.report) AS new
        -- Of two runs of one crash in one batch, one lost its lease long ago.
        ORDER BY new.uuid, new.generation DESC
        ON CONFLICT (crash_day, uuid) DO UPDATE
        SET client_crash_date = excluded.client_crash_date,
            date_processed = excluded.date_processed,
            product = excluded.product,
            version = excluded.version,
            build = excluded.build,
            signature = excluded.signature,
            url = excluded.url,
            install_age = excluded.install_age,
            last_crash = excluded.last_crash,
            uptime = excluded.uptime,
            cpu_name = excluded.cpu_name,
            cpu_info = excluded.cpu_info,
            reason = excluded.reason,
            address = excluded.address,
            os_name = excluded.os_name,
            os_version = excluded.os_version,
            email = excluded.email,
            user_id = excluded.user_id,
            started_datetime = excluded.started_datetime,
            completed_datetime = excluded.completed_datetime,
            success = excluded.success,
            truncated = excluded.truncated,
            processor_notes = excluded.processor_notes,
            user_comments = excluded.user_comments,
            app_notes = excluded.app_notes,
            distributor = excluded.distributor,
            distributor_version = excluded.distributor_version,
            topmost_filenames = excluded.topmost_filenames,
            addons_checked = excluded.addons_checked,
            flash_version = excluded.flash_version,
            hangid = excluded.hangid,
            process_type = excluded.process_type,
            release_channel = excluded.release_channel,
            productid = excluded.productid,
            generation = excluded.generation,
            quality = excluded.quality,
            throttle = excluded.throttle,
            sample_rate = excluded.sample_rate
        WHERE excluded.generation > reports.generation
    )
    SELECT answers.place, answers.answer FROM answers ORDER BY answers.place;
END
$$;
