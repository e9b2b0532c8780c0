-- The group roles, one for each service. Nobody logs in as one: a service connects as its own
-- user and takes the role on. Roles belong to the whole cluster, so another database may have
-- made them already. Applied before the migrations, each time.
DO $$
DECLARE
    role text;
BEGIN
    FOREACH role IN ARRAY ARRAY[
        'auxilio_collector',  -- has no rights at all: accepting a crash needs no database
        'auxilio_web',        -- nor has it: pages are made of what the middleware says
        'auxilio_monitor',
        'auxilio_processor',
        'auxilio_middleware',
        'auxilio_cron',
        'auxilio_analyst'
    ] LOOP
        BEGIN
            IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = role) THEN
                EXECUTE format('CREATE ROLE %I NOLOGIN', role);
            END IF;
        EXCEPTION
            -- Another database of the cluster is being migrated at this moment.
            WHEN duplicate_object OR unique_violation THEN NULL;
        END;
        -- Who migrates may take on every role, so that a small installation needs one user only.
        IF NOT pg_has_role(current_user, role, 'MEMBER') THEN
            EXECUTE format('GRANT %I TO %I', role, current_user);
        END IF;
    END LOOP;
    -- For an installation that gives the analysts a password (ALTER ROLE ... LOGIN): who reads must
    -- not hold up who works. Settings of a role hold for who logs in as it. Said once: whoever
    -- migrates another database at this moment would stumble over it.
    IF (SELECT rolconfig IS NULL FROM pg_roles WHERE rolname = 'auxilio_analyst') THEN
        BEGIN
            ALTER ROLE auxilio_analyst CONNECTION LIMIT 10;
            ALTER ROLE auxilio_analyst SET statement_timeout = '15min';
            ALTER ROLE auxilio_analyst SET idle_in_transaction_session_timeout = '15min';
            ALTER ROLE auxilio_analyst SET default_transaction_read_only = on;
            ALTER ROLE auxilio_analyst SET work_mem = '128MB';
        EXCEPTION
            WHEN internal_error OR unique_violation THEN NULL;
        END;
    END IF;
END
$$;
