-- Whether builders can mean it: nightlies end in a1, auroras in a2 (or have a beta's number), and
-- no release or beta has an a.
CREATE OR REPLACE FUNCTION version_matches_channel(
    p_version text,
    p_beta    integer,
    p_channel text
) RETURNS boolean
LANGUAGE sql IMMUTABLE
SET search_path = public, pg_temp
AS $$
    SELECT CASE p_channel
        WHEN 'Nightly' THEN p_version LIKE '%a1'
        WHEN 'Aurora' THEN p_version LIKE '%a2' OR p_beta IS NOT NULL
        WHEN 'ESR' THEN p_version NOT LIKE '%a%'
        ELSE p_version NOT LIKE '%a%' AND p_version NOT LIKE '%esr' END
$$;
