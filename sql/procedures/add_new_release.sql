-- Adds a build that was released, and its version at once if asked to. Refused: a product or channel
-- that is not known, a build id whose day is not from 2005 to a month ahead, a build that is there.
CREATE OR REPLACE FUNCTION add_new_release(
    p_product         text,
    p_version         text,
    p_channel         text,
    p_build_id        numeric,
    p_platform        text,
    p_beta_number     integer DEFAULT NULL,
    p_repository      text DEFAULT 'release',
    p_update_products boolean DEFAULT false
) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp
AS $$
BEGIN
    IF NOT EXISTS (
        SELECT FROM products
        WHERE lower(product_name) = lower(p_product) OR release_name = lower(p_product)) THEN
        RAISE EXCEPTION 'the product "%" is not known', p_product USING ERRCODE = '22023';
    ELSIF NOT EXISTS (
        SELECT FROM release_channel_matches WHERE p_channel ILIKE match_string) THEN
        RAISE EXCEPTION 'the channel "%" is not known', p_channel USING ERRCODE = '22023';
    ELSIF p_version !~ '^[0-9]+([.][0-9]+)*([a-z]+[0-9]*)?$' THEN
        RAISE EXCEPTION 'the version "%" is none', p_version USING ERRCODE = '22023';
    ELSIF build_date(p_build_id) IS NULL
        OR build_date(p_build_id) NOT BETWEEN '2005-01-01' AND
            (now() AT TIME ZONE 'UTC')::date + 31 THEN
        RAISE EXCEPTION 'the build id "%" begins with no day from 2005 on', p_build_id
            USING ERRCODE = '22023';
    ELSIF NOT EXISTS (SELECT FROM release_repositories WHERE repository = p_repository) THEN
        RAISE EXCEPTION 'the repository "%" is not known', p_repository USING ERRCODE = '22023';
    END IF;
    INSERT INTO releases_raw (product_name, version, platform, build_id, build_type, beta_number,
        repository)
    VALUES (p_product, p_version, p_platform, p_build_id, lower(p_channel), p_beta_number,
        p_repository)
    ON CONFLICT DO NOTHING;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'the build % of % % is there already', p_build_id, p_product, p_version
            USING ERRCODE = '23505';
    END IF;
    INSERT INTO audit (action, object, detail)
    VALUES ('add_new_release', p_product || ' ' || p_version,
        jsonb_build_object('channel', p_channel, 'build_id', p_build_id, 'platform', p_platform));
    IF p_update_products THEN
        PERFORM update_product_versions();
    END IF;
    RETURN true;
END
$$;
