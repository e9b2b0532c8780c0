-- The queue: one row for each crash that waits to be processed, and how each job ended.
-- Times are the database's own clock. Durations are passed as seconds.

-- Proofs of leases. A number is never given twice, so an old proof can't pass for a new one.
CREATE SEQUENCE job_tokens AS bigint;

CREATE TABLE processors (
    id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name          text        NOT NULL,
    -- How many jobs it works on at once, all lanes together.
    capacity      integer     NOT NULL CHECK (capacity >= 0),
    lanes         text[]      NOT NULL
        CHECK (lanes <@ ARRAY['priority', 'standard', 'reprocess']),
    registered_at timestamptz NOT NULL DEFAULT now(),
    heartbeat_at  timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE jobs (
    uuid           text COLLATE "C" PRIMARY KEY,
    -- The day inside the crash id: where its report lies.
    crash_day      date NOT NULL GENERATED ALWAYS AS (
        make_date(2000 + substr(uuid, 31, 2)::integer,
                  substr(uuid, 33, 2)::integer,
                  substr(uuid, 35, 2)::integer)) STORED,
    lane           text NOT NULL CHECK (lane IN ('priority', 'standard', 'reprocess')),
    state          text NOT NULL CHECK (state IN ('waiting_for_raw', 'queued', 'taken')),
    -- When the crash came to its collector; unknown while it waits for its raw crash.
    received_at    timestamptz,
    queued_at      timestamptz NOT NULL DEFAULT now(),
    due_at         timestamptz NOT NULL DEFAULT now(),
    -- The processor that it is assigned to or that holds it. Not a foreign key: a processor
    -- that went away must not take its jobs with it.
    owner          bigint,
    assigned_until timestamptz,
    -- Token, generation and end of the last lease.
    token          bigint,
    -- The last generation that this crash had, from its report or its last take.
    generation     bigint,
    lease_until    timestamptz,
    attempts       integer NOT NULL DEFAULT 0,
    deaths         integer NOT NULL DEFAULT 0,
    lost_leases    integer NOT NULL DEFAULT 0,
    last_error     text,
    -- Somebody asked for the crash while it was taken: it is queued once more when it is done.
    again          boolean NOT NULL DEFAULT false,
    CONSTRAINT jobs_taken_means_leased CHECK (
        (state = 'taken') = (lease_until IS NOT NULL)
        AND (state <> 'taken' OR (owner IS NOT NULL AND token IS NOT NULL AND generation IS NOT NULL))
    ),
    -- Nobody waits for the assignment of a job that somebody waits for.
    CONSTRAINT jobs_priority_is_unassigned CHECK (
        lane <> 'priority' OR state = 'taken' OR owner IS NULL
    )
)
-- Most rows change three times before they go; room in the page keeps those changes in it.
WITH (fillfactor = 70);

CREATE INDEX jobs_to_take ON jobs (lane, due_at, uuid) WHERE state = 'queued';
CREATE INDEX jobs_to_assign ON jobs (due_at, uuid) WHERE state = 'queued' AND owner IS NULL;
CREATE INDEX jobs_by_owner ON jobs (owner) WHERE owner IS NOT NULL;
CREATE INDEX jobs_by_lease ON jobs (lease_until) WHERE state = 'taken';

-- How each job ended, one partition a day, so that old days go at no cost.
CREATE TABLE job_outcomes (
    ended_on    date        NOT NULL DEFAULT (now() AT TIME ZONE 'UTC')::date,
    ended_at    timestamptz NOT NULL DEFAULT now(),
    uuid        text COLLATE "C" NOT NULL,
    outcome     text        NOT NULL CHECK (outcome IN
        ('processed', 'kept_old', 'poison', 'lost', 'raw_gone', 'never_arrived')),
    lane        text        NOT NULL,
    received_at timestamptz,
    queued_at   timestamptz NOT NULL,
    owner       bigint,
    token       bigint,
    generation  bigint,
    attempts    integer     NOT NULL,
    deaths      integer     NOT NULL,
    lost_leases integer     NOT NULL,
    last_error  text
) PARTITION BY RANGE (ended_on);

CREATE INDEX job_outcomes_by_uuid ON job_outcomes (uuid);
