-- Writes reports, one row for each crash. The one place where rows of `reports` come from: a run that
-- ended (save_reports), and a stored processed crash whose row went astray.
--
-- A report comes as one JSON object whose keys are the columns of `reports`; `frames` beside them, in
-- base64, goes to the table of that name, and write_report_parts has more that may stand there. A row of
-- the same or a higher generation stays as it is. Returns the crashes whose rows were written.
--
-- A row that breaks a constraint, or whose week has no partition, makes all of it fail: see
-- save_reports.
CREATE OR REPLACE FUNCTION write_reports(
    p_reports jsonb[]
) RETURNS TABLE (uuid text)
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    ids   bigint[];
    uuids text[];
BEGIN
    WITH written AS (
        INSERT INTO reports (client_crash_date, date_processed, uuid, product, version, build,
            signature, url, install_age, last_crash, uptime, cpu_name, cpu_info, reason, address,
            os_name, os_version, email, user_id, started_datetime, completed_datetime, success,
            truncated, processor_notes, user_comments, app_notes, distributor, distributor_version,
            topmost_filenames, addons_checked, flash_version, hangid, process_type, release_channel,
            productid, crash_day, generation, quality, throttle, sample_rate, proto_signature, group_key)
        SELECT DISTINCT ON (new.uuid)
            new.client_crash_date, new.date_processed, new.uuid, new.product, new.version, new.build,
            new.signature, new.url, new.install_age, new.last_crash, new.uptime, new.cpu_name,
            new.cpu_info, new.reason, new.address, new.os_name, new.os_version, new.email, new.user_id,
            new.started_datetime, new.completed_datetime, new.success, new.truncated,
            new.processor_notes, new.user_comments, new.app_notes, new.distributor,
            new.distributor_version, new.topmost_filenames, new.addons_checked, new.flash_version,
            new.hangid, new.process_type, new.release_channel, new.productid, new.crash_day,
            new.generation, new.quality, new.throttle, new.sample_rate, new.proto_signature,
            new.group_key
        FROM unnest(p_reports) AS told (report)
        CROSS JOIN LATERAL jsonb_populate_record(NULL::reports, told.report) AS new
        -- Of two runs of one crash in one batch, the later one counts.
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
            sample_rate = excluded.sample_rate,
            proto_signature = excluded.proto_signature,
            group_key = excluded.group_key,
            signature_change = NULL
        WHERE excluded.generation > reports.generation
        RETURNING reports.crash_day, reports.uuid, reports.generation, reports.date_processed,
            reports.id
    ), marked AS (
        -- What was counted of this hour is to be counted anew.
        INSERT INTO dirty_hours
        SELECT DISTINCT date_trunc('hour', written.date_processed, 'UTC') FROM written
    ), kept AS (
        INSERT INTO frames (crash_day, uuid, generation, data)
        SELECT DISTINCT ON (written.uuid) written.crash_day, written.uuid, written.generation,
            decode(told.report ->> 'frames', 'base64')
        FROM written
        JOIN unnest(p_reports) AS told (report)
            ON told.report ->> 'uuid' = written.uuid
            AND (told.report ->> 'generation')::bigint = written.generation
        WHERE told.report ->> 'frames' IS NOT NULL
        ORDER BY written.uuid
        ON CONFLICT (crash_day, uuid) DO UPDATE
        SET generation = excluded.generation, data = excluded.data
        WHERE excluded.generation > frames.generation
    )
    SELECT array_agg(written.id), array_agg(written.uuid) INTO ids, uuids FROM written;
    IF ids IS NOT NULL THEN
        PERFORM write_report_parts(p_reports, ids, uuids);
    END IF;
    RETURN QUERY SELECT unnest(uuids);
END
$$;
