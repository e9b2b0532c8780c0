-- Changes of signatures: other lists were applied to crashes that had been signed before, and can be
-- taken back.

-- The change that gave the report its signature; NULL for the one that its run gave it.
ALTER TABLE reports ADD COLUMN signature_change bigint;

CREATE TABLE signature_changes (
    id             bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    state          text   NOT NULL DEFAULT 'applying'
        CHECK (state IN ('applying', 'applied', 'undoing', 'undone')),
    -- What the lists are called, and the SHA-256 of what they say.
    lists          text   NOT NULL,
    digest         text   NOT NULL,
    -- The days of the crashes that it is about.
    from_day       date   NOT NULL,
    to_day         date   NOT NULL,
    applied_by     text   NOT NULL,
    began_at       timestamptz NOT NULL DEFAULT now(),
    applied_at     timestamptz,
    undone_by      text,
    undo_began_at  timestamptz,
    undone_at      timestamptz,
    -- The last crash that applying, or undoing, is through with: it goes on behind it.
    seen_day       date,
    seen_uuid      text COLLATE "C",
    -- What applying found: in each batch's own transaction, so that they are never counted twice.
    looked_at      bigint NOT NULL DEFAULT 0,
    -- Crashes with another signature, and those with another group key alone.
    changed        bigint NOT NULL DEFAULT 0,
    rekeyed        bigint NOT NULL DEFAULT 0,
    unchanged      bigint NOT NULL DEFAULT 0,
    -- Crashes that nothing was kept of to sign them by.
    without_frames bigint NOT NULL DEFAULT 0,
    -- Crashes that were processed again while they were looked at.
    overtaken      bigint NOT NULL DEFAULT 0,
    -- What undoing found: crashes that have their old signature again, that were processed again since,
    -- whose row was written anew from the store, and that are gone.
    restored       bigint NOT NULL DEFAULT 0,
    reprocessed    bigint NOT NULL DEFAULT 0,
    rewritten      bigint NOT NULL DEFAULT 0,
    gone           bigint NOT NULL DEFAULT 0,
    CONSTRAINT signature_changes_days CHECK (from_day <= to_day),
    CONSTRAINT signature_changes_add_up CHECK (
        looked_at = changed + rekeyed + unchanged + without_frames + overtaken
    ),
    CONSTRAINT signature_changes_undo_adds_up CHECK (
        restored + reprocessed + rewritten + gone <= changed + rekeyed
    )
);

-- One at a time: two would sign the same crashes in turn.
CREATE UNIQUE INDEX signature_changes_at_work ON signature_changes ((true))
    WHERE state IN ('applying', 'undoing');

-- What a change did to each crash. In weeks by crash_day, as reports.
CREATE TABLE changed_signatures (
    crash_day     date   NOT NULL,
    change        bigint NOT NULL,
    uuid          text COLLATE "C" NOT NULL,
    -- The run whose report it is about.
    generation    bigint NOT NULL,
    old_signature text,
    new_signature text,
    old_group_key text,
    new_group_key text,
    -- The change that the report had its old signature from.
    old_change    bigint,
    CONSTRAINT changed_signatures_key UNIQUE (crash_day, change, uuid)
) PARTITION BY RANGE (crash_day);
