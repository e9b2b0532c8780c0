-- A sign of life. False if the processor was taken for dead: it must register anew.
CREATE OR REPLACE FUNCTION heartbeat_processor(p_processor bigint) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp
AS $$
BEGIN
    UPDATE processors SET heartbeat_at = now() WHERE processors.id = p_processor;
    RETURN FOUND;
END
$$;
