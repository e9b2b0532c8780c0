-- What system a client means: its name here, and two numbers of its version; 0 for what is no
-- number or over 999. Linux says its kernel behind zeros.
CREATE OR REPLACE FUNCTION os_parts(p_os text, p_version text)
RETURNS TABLE (os_name text, major_version integer, minor_version integer)
LANGUAGE sql STABLE
SET search_path = public, pg_temp
AS $$
    SELECT coalesce(known.os_name, 'Unknown'),
           CASE WHEN known.os_name IS NULL OR said.major > 999 THEN 0
               ELSE coalesce(said.major, 0) END,
           CASE WHEN known.os_name IS NULL OR said.minor > 999 THEN 0
               ELSE coalesce(said.minor, 0) END
    FROM (
        SELECT left(part[1], 9)::integer AS major, left(part[2], 9)::integer AS minor
        FROM (SELECT 1) AS one
        LEFT JOIN LATERAL regexp_match(
            regexp_replace(left(p_version, 255), '^[0.]+ +Linux +', ''),
            '^([0-9]+)(?:\.([0-9]+))?') AS matched (part) ON true
    ) AS said
    LEFT JOIN LATERAL (
        SELECT os_name_matches.os_name FROM os_name_matches
        WHERE p_os ILIKE os_name_matches.match_string
        ORDER BY os_name_matches.os_name LIMIT 1) AS known ON true
$$;
