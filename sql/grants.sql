-- Who may do what. Applied after the procedures, each time, so that this page is the whole truth:
-- first everything is taken away, then given. Tables are changed by procedures alone.

REVOKE ALL ON jobs, job_outcomes, processors, reports, frames, signature_changes,
    changed_signatures, releases_raw FROM PUBLIC, auxilio_collector,
    auxilio_monitor, auxilio_processor, auxilio_middleware, auxilio_cron, auxilio_analyst;
-- Procedures come here new, without a right for anybody.

-- The monitor alone inserts standard jobs and takes back what others held.
GRANT SELECT ON jobs, job_outcomes, processors TO auxilio_monitor;
GRANT EXECUTE ON FUNCTION insert_jobs, assign_jobs, queue_arrived, give_up_waiting, sweep_jobs,
    ensure_partition, ensure_outcomes_partition TO auxilio_monitor;

-- A processor takes, keeps and ends jobs. It reads no report and no job that it does not hold.
GRANT EXECUTE ON FUNCTION register_processor, heartbeat_processor, leave_processor, take_jobs,
    renew_leases, fail_job, return_job, complete_jobs, save_reports, ensure_partition,
    ensure_outcomes_partition, known_betas TO auxilio_processor;

-- The middleware shows, and asks for crashes that somebody waits for.
GRANT SELECT ON reports, jobs, job_outcomes, processors, signature_changes, changed_signatures
    TO auxilio_middleware;
GRANT EXECUTE ON FUNCTION ask_jobs, await_raw TO auxilio_middleware;

-- Cron counts, and asks for crashes to be processed again; people do so under its rights. Rows that
-- went astray are written anew from the store, and signatures change with the lists.
GRANT SELECT ON reports, frames, jobs, job_outcomes, signature_changes, changed_signatures
    TO auxilio_cron;
GRANT EXECUTE ON FUNCTION ask_jobs, queue_forgotten, write_reports, ensure_partition,
    ensure_outcomes_partition, begin_signature_change, resign_reports, end_signature_change,
    begin_signature_undo, undo_signatures TO auxilio_cron;

-- An analyst reads reports, but nothing that a person wrote or that names one.
GRANT SELECT (id, client_crash_date, date_processed, uuid, product, version, build, signature,
    install_age, last_crash, uptime, cpu_name, cpu_info, reason, address, os_name, os_version,
    started_datetime, completed_datetime, success, truncated, processor_notes, app_notes,
    distributor, distributor_version, topmost_filenames, addons_checked, flash_version, hangid,
    process_type, release_channel, productid, crash_day, generation, quality, throttle, sample_rate,
    proto_signature, group_key)
    ON reports TO auxilio_analyst;
GRANT SELECT ON job_outcomes, releases_raw TO auxilio_analyst;
