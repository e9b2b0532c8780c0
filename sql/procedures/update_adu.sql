-- Users of a day by version and system, from what was loaded into raw_adu. A version has users from
-- its first build to the day after its sunset; betas are told apart by their build. A GUID names the
-- product where it is known. A visible version that nobody reported has rows of zero.
CREATE OR REPLACE FUNCTION update_adu(p_day date) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp
SET work_mem = '64MB'
SET jit = off
AS $$
DECLARE
    began timestamptz := clock_timestamp();
    made  bigint;
BEGIN
    IF NOT begin_summary('adu', p_day) THEN
        RETURN 0;
    END IF;
    DELETE FROM product_adu WHERE adu_date = p_day;
    INSERT INTO product_adu (product_version_id, os_name, adu_date, adu_count)
    WITH said AS MATERIALIZED (
        SELECT coalesce(map.product_name, raw.product_name) AS product, raw.product_version,
               coalesce(raw.build_channel, '') AS said_channel, raw.build,
               coalesce(raw.product_os_platform, '') AS said_os, sum(raw.adu_count) AS users
        FROM raw_adu AS raw
        LEFT JOIN product_productid_map AS map
            ON btrim(map.productid, '{}') = btrim(raw.product_guid, '{}')
        WHERE raw.date = p_day
        GROUP BY 1, 2, 3, 4, 5
    ), channels AS (
        SELECT named.said_channel, (
            SELECT matches.release_channel FROM release_channel_matches AS matches
            WHERE named.said_channel ILIKE matches.match_string ORDER BY 1 LIMIT 1) AS channel
        FROM (SELECT DISTINCT said_channel FROM said) AS named
    ), systems AS (
        SELECT named.said_os, parts.os_name
        FROM (SELECT DISTINCT said_os FROM said) AS named
        CROSS JOIN LATERAL os_parts(named.said_os, '') AS parts
    ), versions AS (
        SELECT named.*, found.product_version_id
        FROM (SELECT DISTINCT product, product_version, said_channel, build FROM said) AS named
        JOIN channels USING (said_channel)
        CROSS JOIN LATERAL find_version(named.product, named.product_version, channels.channel,
            CASE WHEN named.build ~ '^[0-9]{1,20}$' THEN named.build::numeric END) AS found
    ), old_versions AS (
        SELECT productdims.id, productdims.product, productdims.version
        FROM productdims
        JOIN product_visibility ON product_visibility.productdims_id = productdims.id
        JOIN product_info ON product_info.product_version_id = productdims.id
        WHERE p_day BETWEEN product_visibility.start_date AND product_visibility.end_date + 1
    ), visible AS (
        SELECT product_version_id FROM product_versions
        WHERE p_day BETWEEN build_date AND sunset_date + 1
        UNION ALL
        SELECT id FROM old_versions
    ), counted AS (
        SELECT versions.product_version_id, systems.os_name, said.users
        FROM said
        JOIN systems USING (said_os)
        JOIN versions ON versions.product = said.product
            AND versions.product_version = said.product_version
            AND versions.said_channel = said.said_channel
            AND versions.build IS NOT DISTINCT FROM said.build
        JOIN visible USING (product_version_id)
        UNION ALL
        SELECT old_versions.id, systems.os_name, said.users
        FROM said
        JOIN systems USING (said_os)
        JOIN old_versions ON old_versions.product = said.product
            AND old_versions.version = said.product_version
        UNION ALL
        SELECT visible.product_version_id, os_names.os_name, 0
        FROM visible CROSS JOIN os_names
        WHERE os_names.os_name IN ('Windows', 'Mac OS X', 'Linux')
    )
    SELECT product_version_id, os_name, p_day, sum(users)
    FROM counted GROUP BY product_version_id, os_name;
    GET DIAGNOSTICS made = ROW_COUNT;
    RETURN end_summary('adu', p_day, began, made);
END
$$;
