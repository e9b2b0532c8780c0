-- Adds the texts of new_clean that no lookup table has. A part of update_reports_clean.
CREATE OR REPLACE FUNCTION add_lookups() RETURNS void
LANGUAGE plpgsql
SET search_path = public, pg_temp
AS $$
DECLARE
    lookup text[];
BEGIN
    -- Table, its column, the column of new_clean.
    FOREACH lookup SLICE 1 IN ARRAY ARRAY[
        ['reasons', 'reason', 'reason'], ['addresses', 'address', 'address'],
        ['domains', 'domain', 'domain'], ['urls', 'url', 'page'],
        ['flash_versions', 'flash_version', 'flash_version']
    ] LOOP
        EXECUTE format(
            'WITH seen AS MATERIALIZED (
                 SELECT %3$I AS said, min(date_processed) AS first_seen FROM new_clean
                 WHERE product_version_id IS NOT NULL GROUP BY 1
             ), earlier AS (
                 UPDATE %1$I AS known SET first_seen = seen.first_seen FROM seen
                 WHERE known.%2$I = seen.said AND known.first_seen > seen.first_seen
             )
             INSERT INTO %1$I (%2$I, first_seen)
             SELECT said, first_seen FROM seen
             WHERE NOT EXISTS (SELECT FROM %1$I AS known WHERE known.%2$I = seen.said)
             ORDER BY first_seen, said', lookup[1], lookup[2], lookup[3]);
    END LOOP;
    INSERT INTO signatures (signature)
    SELECT DISTINCT signature FROM new_clean
    WHERE product_version_id IS NOT NULL
      AND NOT EXISTS (SELECT FROM signatures AS known WHERE known.signature = new_clean.signature);
    INSERT INTO process_types
    SELECT DISTINCT process_type FROM new_clean WHERE product_version_id IS NOT NULL
    ON CONFLICT DO NOTHING;
    INSERT INTO os_versions (os_name, major_version, minor_version, os_version_string)
    SELECT system.*, os_version_string(system.os_name, system.major_version, system.minor_version)
    FROM (SELECT DISTINCT os_name, major_version, minor_version FROM new_clean) AS system
    WHERE NOT EXISTS (
        SELECT FROM os_versions AS known
        WHERE known.os_name = system.os_name AND known.major_version = system.major_version
          AND known.minor_version = system.minor_version)
    ORDER BY 1, 2, 3;
END
$$;
