-- Versions of systems that a day's reports name for the first time.
CREATE OR REPLACE FUNCTION update_os_versions(p_day date) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp
AS $$
DECLARE
    began timestamptz := clock_timestamp();
    made  bigint;
BEGIN
    IF NOT begin_summary('os_versions', p_day) THEN
        RETURN 0;
    END IF;
    INSERT INTO os_versions (os_name, major_version, minor_version, os_version_string)
    SELECT system.os_name, system.major_version, system.minor_version,
           os_version_string(system.os_name, system.major_version, system.minor_version)
    FROM (
        SELECT DISTINCT parts.*
        FROM (
            SELECT DISTINCT coalesce(os_name, 'Unknown') AS os, coalesce(os_version, '') AS version
            FROM reports WHERE crash_day = p_day AND completed_datetime IS NOT NULL
        ) AS said
        CROSS JOIN LATERAL os_parts(said.os, said.version) AS parts
    ) AS system
    WHERE NOT EXISTS (
        SELECT FROM os_versions AS known
        WHERE known.os_name = system.os_name AND known.major_version = system.major_version
          AND known.minor_version = system.minor_version)
    ORDER BY 1, 2, 3;
    GET DIAGNOSTICS made = ROW_COUNT;
    RETURN end_summary('os_versions', p_day, began, made);
END
$$;
