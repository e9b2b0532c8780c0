-- The version that a report is of: by its build where several betas are one version to their clients.
-- Of two betas of one build the later one holds.
CREATE OR REPLACE FUNCTION find_version(
    p_product text,
    p_version text,
    p_channel text,
    p_build   numeric
) RETURNS TABLE (product_version_id integer, build_type text)
LANGUAGE sql STABLE
SET search_path = public, pg_temp
AS $$
    SELECT known.product_version_id, known.build_type
    FROM (
        SELECT CASE WHEN p_channel = 'Release' AND p_version LIKE '%esr' THEN 'ESR'
                   ELSE p_channel END AS channel,
               CASE WHEN p_channel = 'ESR' AND p_version NOT LIKE '%esr' THEN p_version || 'esr'
                   ELSE p_version END AS version
    ) AS said
    JOIN product_versions AS known
        ON known.product_name = p_product AND known.build_type = said.channel
    WHERE (known.beta_number IS NULL AND known.release_version = said.version)
       OR known.version_string = said.version
       OR (known.release_version = said.version AND EXISTS (
            SELECT FROM product_version_builds AS builds
            WHERE builds.product_version_id = known.product_version_id
              AND builds.build_id = p_build))
    ORDER BY known.version_string = said.version AND known.beta_number IS NOT NULL DESC,
        known.beta_number DESC NULLS LAST, known.product_version_id
    LIMIT 1
$$;
