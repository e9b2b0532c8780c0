-- Adds a product, so that builds of it can be told. Versions before `p_first_version` are not made from
-- builds. Refused: a name that another product has, also as its builders say it and in other letters.
CREATE OR REPLACE FUNCTION add_product(
    p_product       text,
    p_release_name  text,
    p_first_version text
) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp
AS $$
DECLARE
    name  text;
    other text;
BEGIN
    FOREACH name IN ARRAY ARRAY[p_product, p_release_name] LOOP
        -- Paths and file names have a product in them, and case is compared.
        IF name !~ '^[A-Za-z0-9]([A-Za-z0-9 ._+-]{0,62}[A-Za-z0-9])?$' THEN
            RAISE EXCEPTION 'the name "%" is not of up to 64 letters A to Z, digits and " ._+-" with a letter or digit first and last',
                left(name, 100) USING ERRCODE = '22023';
        END IF;
        SELECT product_name INTO other FROM products
        WHERE lower(product_name) = lower(name) OR release_name = lower(name);
        IF FOUND THEN
            RAISE EXCEPTION 'the name "%" is that of the product "%"', name, other
                USING ERRCODE = '23505';
        END IF;
    END LOOP;
    IF p_first_version !~ '^[0-9]+([.][0-9]+)*$' THEN
        RAISE EXCEPTION 'the version "%" is none', left(p_first_version, 100) USING ERRCODE = '22023';
    END IF;
    INSERT INTO products (product_name, sort, rapid_release_version, release_name)
    VALUES (p_product, 100, p_first_version, lower(p_release_name));
    INSERT INTO product_release_channels (product_name, release_channel)
    SELECT p_product, release_channel FROM release_channels;
    INSERT INTO audit (action, object, detail)
    VALUES ('add_product', p_product,
        jsonb_build_object('release_name', p_release_name, 'first_version', p_first_version));
END
$$;
