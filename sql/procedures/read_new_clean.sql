-- Reads the reports of a window, [from, to), into the temporary table new_clean: their texts cut and
-- sorted as the lookup tables hold them, their channel, version and system found. A part of
-- update_reports_clean.
CREATE OR REPLACE FUNCTION read_new_clean(p_from timestamptz, p_to timestamptz) RETURNS void
LANGUAGE plpgsql
SET search_path = public, pg_temp
SET client_min_messages = warning
AS $$
BEGIN
    DROP TABLE IF EXISTS pg_temp.new_clean;
    CREATE TEMPORARY TABLE new_clean ON COMMIT DROP AS
    WITH given AS MATERIALIZED (
        SELECT uuid, crash_day, date_processed, client_crash_date,
               coalesce(product, '') AS product, coalesce(version, '') AS version,
               left(coalesce(build, ''), 255) AS build,
               CASE WHEN build ~ '^[0-9]{1,20}$' THEN build::numeric END AS build_id,
               left(coalesce(release_channel, ''), 255) AS said_channel,
               coalesce(signature, '') AS signature,
               -- Longer than an interval can be is as long as one can be.
               make_interval(secs => CASE
                   WHEN install_age > 900000000000 THEN 900000000000
                   WHEN install_age < -900000000000 THEN -900000000000
                   ELSE install_age END) AS install_age,
               make_interval(secs => CASE
                   WHEN uptime > 900000000000 THEN 900000000000
                   WHEN uptime < -900000000000 THEN -900000000000
                   ELSE uptime END) AS uptime,
               left(coalesce(reason, 'Unknown'), 255) AS reason,
               left(coalesce(address, 'Unknown'), 255) AS address,
               left(coalesce(os_name, 'Unknown'), 255) AS said_os,
               left(coalesce(os_version, ''), 255) AS said_os_version,
               coalesce(hangid, '') AS hang_id,
               left(coalesce(flash_version, 'Unknown'), 255) AS flash_version,
               lower(left(coalesce(nullif(process_type, ''), 'browser'), 255)) AS process_type,
               -- Scheme and host, without the name of a user.
               coalesce((SELECT left(part[1] || lower(part[2]), 255) FROM regexp_match(
                   left(url, 2000), '^([A-Za-z][A-Za-z0-9+.-]*:/+)(?:[^/?#]*@)?([^/?#:@]+)')
                   AS part), '') AS domain,
               -- Without what was asked of it, and without a user and password.
               left(regexp_replace(regexp_replace(left(coalesce(url, ''), 2000), '[?&=;#].*$', ''),
                   '^([A-Za-z][A-Za-z0-9+.-]*:/+)[^/]*@', '\1'), 255) AS page,
               left(cpu_name, 255) AS architecture,
               substring(cpu_info FROM '[|] *([0-9]{1,5}) *$')::integer AS cores
        FROM reports
        WHERE crash_day BETWEEN (p_from AT TIME ZONE 'UTC')::date AND (p_to AT TIME ZONE 'UTC')::date
          AND date_processed >= p_from AND date_processed < p_to
          AND completed_datetime IS NOT NULL
    ), channels AS MATERIALIZED (
        SELECT said.said_channel, (
            SELECT matches.release_channel FROM release_channel_matches AS matches
            WHERE said.said_channel ILIKE matches.match_string ORDER BY 1 LIMIT 1) AS release_channel
        FROM (SELECT DISTINCT said_channel FROM given) AS said
    ), versions AS MATERIALIZED (
        SELECT said.product, said.version, said.said_channel, said.build, channels.release_channel,
               found.product_version_id, found.build_type
        FROM (SELECT DISTINCT product, version, said_channel, build, build_id FROM given) AS said
        JOIN channels USING (said_channel)
        LEFT JOIN LATERAL find_version(said.product, said.version, channels.release_channel,
            said.build_id) AS found ON true
    ), systems AS MATERIALIZED (
        SELECT said.said_os, said.said_os_version, parts.*
        FROM (SELECT DISTINCT said_os, said_os_version FROM given) AS said
        CROSS JOIN LATERAL os_parts(said.said_os, said.said_os_version) AS parts
    )
    SELECT given.*, versions.product_version_id,
           coalesce(versions.build_type, versions.release_channel) AS release_channel,
           systems.os_name, systems.major_version, systems.minor_version
    FROM given
    JOIN versions USING (product, version, said_channel, build)
    JOIN systems USING (said_os, said_os_version);
    ANALYZE new_clean;
END
$$;
