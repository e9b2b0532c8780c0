-- Makes a processor known and returns its number. A process that starts is always a new one, even
-- under an old name: what the old one held comes back by its leases.
CREATE OR REPLACE FUNCTION register_processor(
    p_name     text,
    p_capacity integer,
    p_lanes    text[]
) RETURNS bigint
LANGUAGE sql SECURITY DEFINER
SET search_path = public, pg_temp
AS $$
    INSERT INTO processors (name, capacity, lanes) VALUES (p_name, p_capacity, p_lanes)
    RETURNING id;
$$;
