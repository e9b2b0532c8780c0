-- How people say a version of a system.
CREATE OR REPLACE FUNCTION os_version_string(p_os text, p_major integer, p_minor integer)
RETURNS text
LANGUAGE sql STABLE
SET search_path = public, pg_temp
AS $$
    SELECT CASE
        WHEN p_os = 'Mac OS X' AND p_major = 10 THEN 'OS X 10.' || p_minor
        WHEN p_os = 'Mac OS X' AND p_major > 10 THEN 'macOS ' || p_major
        WHEN p_os = 'Mac OS X' THEN 'OS X Unknown'
        WHEN p_os = 'Windows' THEN coalesce((
            SELECT windows_version_name FROM windows_versions
            WHERE major_version = p_major AND minor_version = p_minor), 'Windows Unknown')
        WHEN p_os = 'Android' AND p_major > 0 THEN 'Android ' || p_major
        ELSE p_os END
$$;
