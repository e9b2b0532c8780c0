-- The day in the first eight digits of a build id; NULL where they are none.
CREATE OR REPLACE FUNCTION build_date(p_build numeric) RETURNS date
LANGUAGE plpgsql IMMUTABLE
SET search_path = public, pg_temp
AS $$
DECLARE
    digits text := p_build::text;
BEGIN
    IF digits !~ '^[12][0-9]{7,}$' THEN
        RETURN NULL;
    END IF;
    RETURN make_date(substr(digits, 1, 4)::integer, substr(digits, 5, 2)::integer,
        substr(digits, 7, 2)::integer);
EXCEPTION
    WHEN datetime_field_overflow THEN RETURN NULL;
END
$$;
