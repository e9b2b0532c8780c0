-- Until when a version counts that was built on a day: 18 weeks for releases, 9 for others.
CREATE OR REPLACE FUNCTION sunset_date(p_build_date date, p_channel text) RETURNS date
LANGUAGE sql IMMUTABLE
SET search_path = public, pg_temp
AS $$
    SELECT p_build_date + 7 * CASE WHEN p_channel IN ('Release', 'ESR') THEN 18 ELSE 9 END
$$;
