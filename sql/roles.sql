-- The group roles, one for each service. Nobody logs in as one: a service connects as its own
-- user and takes the role on. Roles belong to the whole cluster, so another database may have
-- made them already. Applied before the migrations, each time.
DO $$
DECLARE
    role text;
BEGIN
    FOREACH role IN ARRAY ARRAY[
        'auxilio_collector',  -- has no rights at all: accepting a crash needs no database
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
END
$$;
