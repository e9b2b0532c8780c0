-- A text by which versions sort: major, minor and patch in three digits each, then a, b, r (release)
-- or x (long support) and three digits of its number. The final beta, 999, sorts as b099.
CREATE OR REPLACE FUNCTION version_sort(
    p_version text,
    p_beta    integer DEFAULT NULL
) RETURNS text
LANGUAGE sql IMMUTABLE
SET search_path = public, pg_temp
AS $$
    SELECT string_agg(
               lpad(least(coalesce(nullif(left(parts.part[place], 9), ''), '0')::integer, 999)::text,
                    3, '0'), '' ORDER BY place)
        || CASE
            WHEN p_beta IS NOT NULL THEN
                'b' || lpad(CASE WHEN p_beta >= 999 THEN 99 ELSE p_beta END::text, 3, '0')
            WHEN min(parts.part[4]) IN ('a', 'b') THEN
                min(parts.part[4])
                || lpad(least(coalesce(nullif(left(min(parts.part[5]), 9), ''), '0')::integer,
                              999)::text, 3, '0')
            WHEN min(parts.part[4]) = 'esr' THEN 'x000'
            ELSE 'r000' END
    FROM generate_series(1, 3) AS place
    CROSS JOIN (
        SELECT regexp_match(p_version,
            '^([0-9]+)(?:\.([0-9]+))?(?:\.([0-9]+))?(?:\.[0-9]+)*(?:(a|b|esr)([0-9]*))?')
    ) AS parts (part)
$$;
