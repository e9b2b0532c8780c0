-- Who may do what. Applied after the procedures, each time, so that this page is the whole truth:
-- first everything is taken away, then given. Tables are changed by procedures alone.

REVOKE ALL ON ALL TABLES IN SCHEMA public FROM PUBLIC, auxilio_collector, auxilio_web,
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
GRANT EXECUTE ON FUNCTION add_new_release TO auxilio_middleware;
GRANT EXECUTE ON FUNCTION add_product TO auxilio_cron;
GRANT EXECUTE ON FUNCTION top_crashers TO auxilio_middleware, auxilio_cron, auxilio_analyst;
-- Pages of summaries, some of which show where people were.
GRANT SELECT ON reports_clean, reports_user_info, reports_duplicates, urls, daily_hangs, hang_report,
    crashes_by_url TO auxilio_middleware, auxilio_cron;

-- Cron counts, and asks for crashes to be processed again; people do so under its rights. Rows that
-- went astray are written anew from the store, and signatures change with the lists.
GRANT SELECT ON reports, frames, jobs, job_outcomes, signature_changes, changed_signatures
    TO auxilio_cron;
GRANT EXECUTE ON FUNCTION ask_jobs, queue_forgotten, write_reports, ensure_partition,
    ensure_outcomes_partition, begin_signature_change, resign_reports, end_signature_change,
    begin_signature_undo, undo_signatures TO auxilio_cron;
GRANT EXECUTE ON FUNCTION update_product_versions, update_reports_duplicates, update_reports_clean,
    update_signatures, update_os_versions, update_tcbs, update_tcbs_build, update_adu,
    update_daily_crashes, update_hang_report, update_nightly_builds, update_rank_compare,
    update_explosiveness, update_crashes_by_url, update_crashes_by_domain, update_signature_summary,
    update_crashes_by_flash_version, refresh_dirty_days, mark_dirty_days, drop_week, add_new_release
    TO auxilio_cron;
GRANT EXECUTE ON FUNCTION know_cron_job, take_slot, renew_slot, complete_slot, fail_slot,
    take_by_hand, end_hand_run, note_file, replace_raw_adu, write_server_status, forget_runs
    TO auxilio_cron;
GRANT SELECT ON cron_jobs, cron_runs, cron_files TO auxilio_cron;
GRANT SELECT ON server_status TO auxilio_cron, auxilio_middleware, auxilio_analyst;
GRANT SELECT ON update_runs, summary_days, sealed_weeks, dirty_hours, dirty_days, raw_adu, audit
    TO auxilio_cron;

-- An analyst reads reports, but nothing that a person wrote or that names one.
GRANT SELECT (id, client_crash_date, date_processed, uuid, product, version, build, signature,
    install_age, last_crash, uptime, cpu_name, cpu_info, reason, address, os_name, os_version,
    started_datetime, completed_datetime, success, truncated, processor_notes, app_notes,
    distributor, distributor_version, topmost_filenames, addons_checked, flash_version, hangid,
    process_type, release_channel, productid, crash_day, generation, quality, throttle, sample_rate,
    proto_signature, group_key)
    ON reports TO auxilio_analyst;
GRANT SELECT ON job_outcomes, releases_raw TO auxilio_analyst;
GRANT SELECT (uuid, date_processed, app_notes, crash_day) ON reports_user_info TO auxilio_analyst;
GRANT SELECT (uuid, plugin_uuid, report_date, product_version_id, browser_signature_id,
    plugin_signature_id, hang_id, flash_version_id, duplicates) ON daily_hangs TO auxilio_analyst;
GRANT SELECT (product, version, browser_signature, plugin_signature, browser_hangid, flash_version,
    uuid, duplicates, report_day) ON hang_report TO auxilio_analyst;
GRANT SELECT ON reports_clean, reports_duplicates, reports_bad TO auxilio_analyst;

-- What names nobody is for all who read.
GRANT SELECT ON products, release_channels, release_channel_matches, product_release_channels,
    product_productid_map, release_repositories, special_product_platforms, releases_raw,
    product_versions, product_version_builds, productdims, product_visibility, product_info,
    product_selector, default_versions, branches, jobs_in_queue, os_names, os_name_matches,
    windows_versions, os_versions, signatures, signature_days, signature_products,
    signature_products_rollup, signature_bugs_rollup, reasons, addresses, domains, flash_versions,
    process_types, uptime_levels, modules, plugins, plugins_reports, extensions, bugs,
    bug_associations, product_adu, tcbs, tcbs_build, daily_crash_codes, daily_crashes,
    nightly_builds, rank_compare, explosiveness, crashes_by_domain, crashes_by_flash_version,
    signature_summary_os, signature_summary_uptime, signature_summary_products,
    signature_summary_architecture, signature_summary_process_type,
    signature_summary_flash_version, product_os_crash_ratio, product_crash_ratio
    TO auxilio_middleware, auxilio_cron, auxilio_analyst;
