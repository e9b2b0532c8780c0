-- Versions and their builds, from all builds that are known. Returns the versions that changed.
--
-- A version that is there keeps its number, and what people changed. Reports and users that came
-- before their version was known are marked, to be counted once more.
CREATE OR REPLACE FUNCTION update_product_versions() RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp
SET client_min_messages = warning
AS $$
DECLARE
    began   timestamptz := clock_timestamp();
    changed integer[];
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('auxilio summaries'));
    -- Who writes builds of a product runs it: it needs no other word.
    INSERT INTO products (product_name, sort, release_name)
    SELECT DISTINCT ON (lower(product_name)) product_name, 100, lower(product_name)
    FROM releases_raw
    WHERE NOT EXISTS (
        SELECT FROM products AS known
        WHERE lower(known.product_name) = lower(releases_raw.product_name)
           OR known.release_name = lower(releases_raw.product_name))
      AND NOT EXISTS (
        SELECT FROM special_product_platforms AS special
        WHERE special.release_name = lower(releases_raw.product_name))
    ORDER BY lower(product_name), product_name;
    INSERT INTO product_release_channels (product_name, release_channel)
    SELECT product_name, release_channel FROM products CROSS JOIN release_channels
    ON CONFLICT DO NOTHING;

    DROP TABLE IF EXISTS pg_temp.builds, pg_temp.new_builds;
    CREATE TEMPORARY TABLE builds ON COMMIT DROP AS SELECT * FROM known_builds();
    ANALYZE builds;

    WITH versions AS MATERIALIZED (
        SELECT product_name, release_channel, release_version, version_string, beta_number,
               min(build_day) AS build_day
        FROM builds
        GROUP BY product_name, release_channel, release_version, version_string, beta_number
    ), earlier AS (
        -- A build came to light that is older than the first: the dates move, unless somebody
        -- has chosen the last one.
        UPDATE product_versions
        SET build_date = versions.build_day,
            sunset_date = CASE
                WHEN sunset_date = sunset_date(build_date, build_type)
                    THEN sunset_date(versions.build_day, build_type)
                ELSE sunset_date END
        FROM versions
        WHERE product_versions.product_name = versions.product_name
          AND product_versions.version_string = versions.version_string
          AND product_versions.build_type = versions.release_channel
          AND product_versions.build_date > versions.build_day
        RETURNING product_version_id
    ), made AS (
        INSERT INTO product_versions (product_name, major_version, release_version,
            version_string, beta_number, version_sort, build_date, sunset_date, build_type)
        SELECT product_name,
               coalesce(substring(release_version FROM '^[0-9]+[.][0-9]+'),
                        substring(release_version FROM '^[0-9]+') || '.0', '0.0'),
               release_version, version_string, beta_number,
               version_sort(release_version, beta_number), build_day,
               sunset_date(build_day, release_channel), release_channel
        FROM versions
        WHERE NOT EXISTS (
            SELECT FROM product_versions AS known
            WHERE known.product_name = versions.product_name
              AND known.version_string = versions.version_string
              AND known.build_type = versions.release_channel)
        ORDER BY product_name, build_day, version_string, release_channel
        RETURNING product_version_id
    )
    SELECT array_agg(product_version_id) INTO changed
    FROM (SELECT product_version_id FROM earlier UNION ALL SELECT product_version_id FROM made) AS t;

    CREATE TEMPORARY TABLE new_builds ON COMMIT DROP AS
    SELECT DISTINCT product_versions.product_version_id, builds.build_id, builds.platform,
           builds.repository, builds.build_day
    FROM builds
    JOIN product_versions USING (product_name, version_string)
    WHERE product_versions.build_type = builds.release_channel
      AND NOT EXISTS (
        SELECT FROM product_version_builds AS known
        WHERE known.product_version_id = product_versions.product_version_id
          AND known.build_id = builds.build_id AND known.platform = builds.platform
          AND known.repository = builds.repository);
    INSERT INTO product_version_builds (product_version_id, build_id, platform, repository)
    SELECT product_version_id, build_id, platform, repository FROM new_builds;

    changed := ARRAY(
        SELECT unnest(changed) UNION SELECT product_version_id FROM new_builds ORDER BY 1);
    PERFORM mark_changed_versions(changed);
    PERFORM log_run('product_versions', '-infinity', 'infinity', began, cardinality(changed), NULL);
    RETURN cardinality(changed);
END
$$;
