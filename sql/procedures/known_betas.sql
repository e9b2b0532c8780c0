-- Betas, as their product says the version (13.0b4), by product, channel and build id.
--
-- A client knows only the version that its beta is to become. 999 stood in the original for the
-- release itself, shipped to the beta channel: it has no number.
CREATE OR REPLACE FUNCTION known_betas()
RETURNS TABLE (product text, channel text, build_id text, version text)
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = public, pg_temp
AS $$
    SELECT DISTINCT ON (1, 2, 3)
           product_name, build_type, releases_raw.build_id::text,
           releases_raw.version || 'b' || beta_number
    FROM releases_raw
    WHERE build_type IN ('beta', 'aurora') AND beta_number < 999
    -- One build of two numbers was renumbered: the later one holds.
    ORDER BY 1, 2, 3, beta_number DESC
$$;
