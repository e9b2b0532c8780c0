-- Builds of releases_raw that count, each with the version that it is of.
--
-- A product that has no row is none here. A release that had betas is also their last, shipped to
-- the beta channel: its builds count there once more, as X(beta).
CREATE OR REPLACE FUNCTION known_builds()
RETURNS TABLE (
    product_name    text,
    release_channel text,
    release_version text,
    version_string  text,
    beta_number     integer,
    build_id        numeric,
    build_day       date,
    platform        text,
    repository      text
)
LANGUAGE plpgsql STABLE
SET search_path = public, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    WITH said AS MATERIALIZED (
        SELECT releases_raw.*, build_date(releases_raw.build_id) AS build_day,
               CASE
                   WHEN matched.release_channel = 'Release' AND releases_raw.version LIKE '%esr'
                       THEN 'ESR'
                   ELSE matched.release_channel END AS release_channel
        FROM releases_raw
        JOIN release_repositories USING (repository)
        CROSS JOIN LATERAL (
            SELECT release_channel_matches.release_channel FROM release_channel_matches
            WHERE releases_raw.build_type ILIKE release_channel_matches.match_string
            ORDER BY 1 LIMIT 1) AS matched
    ), built AS MATERIALIZED (
        SELECT coalesce(special.product_name, named.product_name) AS product_name,
               said.release_channel,
               CASE
                   WHEN said.release_channel = 'ESR' AND said.version NOT LIKE '%esr'
                       THEN said.version || 'esr'
                   -- A builder who writes the number of a beta means the same.
                   WHEN said.release_channel IN ('Aurora', 'Beta')
                       THEN regexp_replace(said.version, 'b[0-9]{1,4}$', '')
                   ELSE said.version END AS release_version,
               CASE WHEN said.release_channel IN ('Aurora', 'Beta') THEN coalesce(
                   said.beta_number,
                   substring(said.version FROM 'b([0-9]{1,4})$')::integer) END AS beta_number,
               said.build_id, said.build_day, said.platform, said.repository
        FROM said
        LEFT JOIN special_product_platforms AS special
            ON special.release_name = lower(said.product_name)
           AND special.platform = said.platform AND special.repository = said.repository
           AND special.release_channel = said.release_channel
           AND version_sort(said.version) >= version_sort(special.min_version)
        LEFT JOIN LATERAL (
            SELECT products.product_name FROM products
            WHERE lower(products.product_name) = lower(said.product_name)
               OR products.release_name = lower(said.product_name)
            ORDER BY lower(products.product_name) = lower(said.product_name) DESC, 1
            LIMIT 1) AS named ON true
        WHERE said.build_day IS NOT NULL
    ), fitting AS MATERIALIZED (
        SELECT built.* FROM built
        JOIN products USING (product_name)
        WHERE version_matches_channel(built.release_version, built.beta_number,
                  built.release_channel)
          AND left(version_sort(built.release_version), 9)
              >= left(version_sort(products.rapid_release_version), 9)
    )
    SELECT product_name, release_channel, release_version,
           release_version || CASE
               WHEN beta_number >= 999 THEN '(beta)'
               WHEN beta_number IS NOT NULL THEN 'b' || beta_number
               ELSE '' END,
           CASE WHEN beta_number >= 999 THEN 999 ELSE beta_number END, build_id, build_day, platform, repository
    FROM fitting
    UNION
    SELECT final.product_name, 'Beta', final.release_version, final.release_version || '(beta)',
           999, final.build_id, final.build_day, final.platform, final.repository
    FROM fitting AS final
    WHERE final.release_channel = 'Release' AND EXISTS (
        SELECT FROM fitting AS beta
        WHERE beta.product_name = final.product_name AND beta.release_channel = 'Beta'
          AND beta.release_version = final.release_version AND beta.beta_number IS NOT NULL);
END
$$;
