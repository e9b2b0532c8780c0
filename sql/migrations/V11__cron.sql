-- Periodic work: how far each job has come, who works on its next slot, and every run there was; and
-- what it writes that is no summary.

-- Proofs of leases, one for each run. A number is never given twice.
CREATE SEQUENCE cron_tokens AS bigint;

CREATE TABLE cron_jobs (
    job           text PRIMARY KEY,
    -- The last slot that was done: the next one follows it by the job's schedule. Nothing but the end
    -- of that slot moves it, so none is passed over.
    done_until    timestamptz NOT NULL,
    -- The slot that is worked on, by whom, and for how long nobody else may. A run by hand stands
    -- here, too, whatever its slot.
    slot          timestamptz,
    token         bigint,
    lease_until   timestamptz,
    -- No try before: the wait after one that failed.
    due_at        timestamptz NOT NULL DEFAULT now(),
    -- Tries at the slot after done_until, those that were cut short included.
    attempts      integer     NOT NULL DEFAULT 0,
    first_run     timestamptz,
    last_run      timestamptz,
    last_success  timestamptz,
    -- Of the slot after done_until; NULL once it is done.
    last_error    text,
    last_error_at timestamptz,
    error_count   integer     NOT NULL DEFAULT 0,
    CONSTRAINT cron_jobs_leased_or_free CHECK (
        (slot IS NULL) = (lease_until IS NULL) AND (slot IS NULL) = (token IS NULL)
    )
);

CREATE TABLE cron_runs (
    token      bigint      PRIMARY KEY,
    job        text        NOT NULL,
    slot       timestamptz NOT NULL,
    -- A person asked for it: it moves no slot.
    by_hand    boolean     NOT NULL,
    started_at timestamptz NOT NULL DEFAULT now(),
    ended_at   timestamptz,
    -- lost: its lease ran out, and another run followed it.
    outcome    text        NOT NULL DEFAULT 'running'
        CHECK (outcome IN ('running', 'done', 'failed', 'lost')),
    -- What the job counts: rows, files, crashes.
    count      bigint,
    error      text,
    CHECK ((outcome = 'running') = (ended_at IS NULL))
);
CREATE INDEX cron_runs_by_job ON cron_runs (job, slot);
CREATE INDEX cron_runs_started_at ON cron_runs (started_at);

-- Files that were read in as they are: the same bytes under the same name are not read twice.
CREATE TABLE cron_files (
    job     text        NOT NULL,
    name    text        NOT NULL,
    sha256  text        NOT NULL,
    read_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (job, name)
);

-- The columns of the original. avg_wait_sec is the time from a crash's arrival to its processing.
CREATE TABLE server_status (
    id                      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    date_recently_completed timestamptz,
    date_oldest_job_queued  timestamptz,
    avg_process_sec         real,
    avg_wait_sec            real,
    waiting_job_count       integer     NOT NULL,
    processors_count        integer     NOT NULL,
    date_created            timestamptz NOT NULL UNIQUE
);
