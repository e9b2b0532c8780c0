-- Jobs that wait for their raw crash: somebody asked for a crash that the store does not have yet.

-- The address of the client that asked, for as long as the job waits: it bounds how many one
-- client may have.
ALTER TABLE jobs ADD COLUMN asked_by text,
    ADD CONSTRAINT jobs_asked_by_is_for_waiting CHECK (
        asked_by IS NULL OR state = 'waiting_for_raw'
    );

-- What was asked for while it was taken goes on when the run ends, however it ends.
UPDATE jobs SET again = false WHERE state <> 'taken';
ALTER TABLE jobs ADD CONSTRAINT jobs_again_means_taken CHECK (NOT again OR state = 'taken');

CREATE INDEX jobs_waiting ON jobs (queued_at) WHERE state = 'waiting_for_raw';
CREATE INDEX jobs_waiting_by_client ON jobs (asked_by) WHERE state = 'waiting_for_raw';

-- Only new crashes are assigned: crashes that are processed again, however many, are not to be
-- walked over on the way to them.
DROP INDEX jobs_to_assign;
CREATE INDEX jobs_to_assign ON jobs (due_at, uuid)
    WHERE state = 'queued' AND owner IS NULL AND lane = 'standard';
