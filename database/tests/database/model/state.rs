//! The model: what the queue should hold, and what each operation should answer.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use auxilio_common::job::TakenJob;
use auxilio_common::{CrashId, JobOutcome, Lane};
use auxilio_database::{AskedState, Completion, Insertion, ProcessorId};

/// Where a job stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    Waiting,
    Queued,
    Taken { token: i64, expired: bool },
}

#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "they are as the columns are")]
pub(super) struct Job {
    pub(super) lane: Lane,
    pub(super) standing: Standing,
    pub(super) due: bool,
    pub(super) owner: Option<i64>,
    /// Whether the owner's assignment still holds.
    pub(super) hold: bool,
    pub(super) generation: Option<i64>,
    pub(super) attempts: i32,
    pub(super) deaths: i32,
    pub(super) lost_leases: i32,
    pub(super) again: bool,
    /// Whether the time of its arrival is known.
    pub(super) has_arrived: bool,
    /// Who waits for its raw crash.
    pub(super) client: Option<String>,
    pub(super) last_error: Option<String>,
}

/// What the sweep says of a job.
const LEASE_LOST: &str = "the processor let its lease run out";

/// How a job ended.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct End {
    pub(super) id: CrashId,
    pub(super) word: String,
    pub(super) token: Option<i64>,
    pub(super) generation: Option<i64>,
    pub(super) lane: String,
    pub(super) attempts: i32,
    pub(super) deaths: i32,
    pub(super) lost_leases: i32,
    pub(super) last_error: Option<String>,
}

impl End {
    fn of(id: CrashId, job: Job, word: &str, lease: Option<&TakenJob>) -> Self {
        Self {
            id,
            word: word.to_owned(),
            token: lease.map(|lease| lease.token),
            generation: lease.map(|lease| lease.generation.0),
            lane: job.lane.as_str().to_owned(),
            attempts: job.attempts,
            deaths: job.deaths,
            lost_leases: job.lost_leases,
            last_error: job.last_error,
        }
    }

    fn is_of(&self, lease: &TakenJob, word: &str) -> bool {
        (self.id, self.token) == (lease.crash_id, Some(lease.token))
            && self.generation == Some(lease.generation.0)
            && self.word == word
    }
}

#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) jobs: BTreeMap<CrashId, Job>,
    /// The generation of each report.
    pub(super) reports: BTreeMap<CrashId, i64>,
    pub(super) ends: Vec<End>,
    /// Registered processors and whether they give signs of life.
    pub(super) processors: BTreeMap<i64, bool>,
    /// The last generation of each crash, for as long as a row of any kind remembers it.
    pub(super) last: BTreeMap<CrashId, i64>,
    pub(super) tokens: BTreeSet<i64>,
}

impl Job {
    fn new(lane: Lane, standing: Standing, generation: Option<i64>) -> Self {
        Self {
            lane,
            standing,
            due: true,
            owner: None,
            hold: false,
            generation,
            attempts: 0,
            deaths: 0,
            lost_leases: 0,
            again: false,
            has_arrived: true,
            client: None,
            last_error: None,
        }
    }

    pub(super) fn is_taken(&self) -> bool {
        matches!(self.standing, Standing::Taken { .. })
    }

    fn is_held_by(&self, job: &TakenJob) -> bool {
        matches!(self.standing, Standing::Taken { token, .. } if token == job.token)
            && self.generation == Some(job.generation.0)
    }

    /// Its raw crash has come.
    fn arrive(&mut self) {
        self.standing = Standing::Queued;
        self.has_arrived = true;
        self.client = None;
    }

    fn queue(&mut self) {
        self.standing = Standing::Queued;
        self.owner = None;
        self.hold = false;
        self.again = false;
    }

    fn raise(&mut self, lane: Lane) {
        self.lane = self.lane.max(lane);
        if !self.is_taken() {
            self.owner = None;
        }
        self.hold = false;
        self.due = true;
    }
}

impl State {
    pub(super) fn insert(&mut self, id: CrashId) -> Insertion {
        if self.reports.contains_key(&id) {
            return Insertion::Reported;
        }
        match self.jobs.get_mut(&id) {
            Some(job) if job.standing == Standing::Waiting => {
                job.arrive();
                Insertion::Inserted
            }
            Some(_) => Insertion::Known,
            None => {
                self.jobs.insert(id, Job::new(Lane::Standard, Standing::Queued, None));
                Insertion::Inserted
            }
        }
    }

    /// Whether the crash's time of arrival must be told by who asks for it.
    pub(super) fn needs_time(&self, id: CrashId) -> bool {
        // A real run's generation is beyond the arrival; some that are made up here are not.
        self.reports.get(&id).is_none_or(|row| *row <= super::received_at(id).millis())
    }

    pub(super) fn ask(&mut self, id: CrashId, lane: Lane, has_time: bool) -> AskedState {
        let report = self.reports.get(&id).copied();
        let job = self.jobs.entry(id).or_insert_with(|| Job {
            has_arrived: false,
            ..Job::new(lane, Standing::Queued, report)
        });
        job.raise(lane);
        job.has_arrived |= has_time;
        job.client = None;
        job.generation = job.generation.max(report);
        if job.is_taken() {
            job.again = true;
            return AskedState::Taken;
        }
        job.standing = Standing::Queued;
        AskedState::Queued
    }

    pub(super) fn await_raw(&mut self, id: CrashId, client: &str, max: [usize; 2]) -> AskedState {
        if !self.jobs.contains_key(&id) {
            let waiting = || self.jobs.values().filter(|job| job.standing == Standing::Waiting);
            let of_client = waiting().filter(|job| job.client.as_deref() == Some(client));
            if of_client.count() >= max[0] || waiting().count() >= max[1] {
                return AskedState::TooMany;
            }
        }
        let job = self.jobs.entry(id).or_insert_with(|| Job {
            has_arrived: false,
            client: Some(client.to_owned()),
            ..Job::new(Lane::Priority, Standing::Waiting, None)
        });
        job.raise(Lane::Priority);
        match job.standing {
            Standing::Waiting => AskedState::WaitingForRaw,
            Standing::Queued => AskedState::Queued,
            Standing::Taken { .. } => AskedState::Taken,
        }
    }

    /// The crashes that are queued of those whose processing was forgotten, each with the report's
    /// generation that was seen.
    pub(super) fn queue_forgotten(&mut self, told: &[(CrashId, Option<i64>)]) -> HashSet<CrashId> {
        let mut queued = HashSet::new();
        for (id, seen) in told {
            if self.reports.get(id) == seen.as_ref() && !self.jobs.contains_key(id) {
                self.jobs.insert(*id, Job::new(Lane::Reprocess, Standing::Queued, *seen));
                queued.insert(*id);
            }
        }
        queued
    }

    /// Whether a report is written that the store has and Postgres forgot.
    pub(super) fn write(&mut self, id: CrashId, generation: i64) -> bool {
        if self.reports.get(&id).is_some_and(|row| *row >= generation) {
            return false;
        }
        self.reports.insert(id, generation);
        let last = self.last.entry(id).or_insert(generation);
        *last = generation.max(*last);
        true
    }

    pub(super) fn arrive(&mut self, ids: &[CrashId]) -> u64 {
        let mut queued = 0;
        for id in ids {
            let report = self.reports.get(id).copied();
            if let Some(job) = self.jobs.get_mut(id)
                && job.standing == Standing::Waiting
            {
                job.arrive();
                job.generation = job.generation.max(report);
                queued += 1;
            }
        }
        queued
    }

    pub(super) fn give_up(&mut self, ids: &[CrashId]) -> u64 {
        let mut ended = 0;
        for id in ids {
            let is_waiting = |job: &mut Job| job.standing == Standing::Waiting;
            if self.jobs.get_mut(id).is_some_and(is_waiting)
                && let Some(job) = self.jobs.remove(id)
            {
                self.ends.push(End::of(
                    *id,
                    Job { last_error: None, ..job },
                    "never_arrived",
                    None,
                ));
                ended += 1;
            }
        }
        ended
    }

    /// Jobs that a processor may take from a lane.
    pub(super) fn takeable(&self, processor: ProcessorId, lane: Lane) -> BTreeSet<CrashId> {
        let may = |job: &Job| {
            job.standing == Standing::Queued
                && job.lane == lane
                && job.due
                && (job.owner.is_none_or(|owner| owner == processor.0) || !job.hold)
        };
        self.jobs.iter().filter(|(_, job)| may(job)).map(|(id, _)| *id).collect()
    }

    /// Notes a take, after proving what the database chose by itself.
    pub(super) fn take(&mut self, processor: ProcessorId, taken: &TakenJob, expired: bool) {
        assert!(self.tokens.insert(taken.token), "a token is never given twice");
        let floor = super::received_at(taken.crash_id).millis();
        assert!(taken.generation.0 > floor, "a generation is beyond the arrival");
        let last = self.last.insert(taken.crash_id, taken.generation.0);
        assert!(last.is_none_or(|last| last < taken.generation.0), "a generation only grows");
        let job = self.jobs.get_mut(&taken.crash_id).unwrap();
        job.attempts += 1;
        job.standing = Standing::Taken { token: taken.token, expired };
        job.owner = Some(processor.0);
        job.hold = false;
        job.generation = Some(taken.generation.0);
        let counts = (taken.lane, taken.attempts, taken.deaths, taken.lost_leases);
        assert_eq!(counts, (job.lane, job.attempts, job.deaths, job.lost_leases));
    }

    pub(super) fn renew(&mut self, held: &TakenJob, lease_expires: bool) -> bool {
        match self.jobs.get_mut(&held.crash_id).map(|job| &mut job.standing) {
            Some(Standing::Taken { token, expired }) if *token == held.token => {
                *expired = lease_expires;
                true
            }
            _ => false,
        }
    }

    pub(super) fn complete(&mut self, held: &TakenJob, outcome: JobOutcome) -> Completion {
        let word = outcome.as_str();
        let Some(job) = self.jobs.get_mut(&held.crash_id).filter(|job| job.is_held_by(held)) else {
            return if self.ends.iter().any(|end| end.is_of(held, word)) {
                Completion::Completed
            } else {
                Completion::Refused
            };
        };
        if job.again {
            let (lane, generation, has_arrived) = (job.lane, job.generation, job.has_arrived);
            *job = Job { has_arrived, ..Job::new(lane, Standing::Queued, generation) };
            return Completion::QueuedAgain;
        }
        let ended = self.jobs.remove(&held.crash_id);
        self.ends.extend(ended.map(|job| End::of(held.crash_id, job, word, Some(held))));
        // Nothing is stored under this generation, and nobody remembers it.
        match self.reports.get(&held.crash_id) {
            Some(row) => self.last.insert(held.crash_id, *row),
            None => self.last.remove(&held.crash_id),
        };
        Completion::Completed
    }

    pub(super) fn save(
        &mut self,
        held: &TakenJob,
        outcome: JobOutcome,
        generation: i64,
    ) -> Completion {
        let answer = self.complete(held, outcome);
        if answer != Completion::Refused {
            let row = self.reports.entry(held.crash_id).or_insert(generation);
            *row = generation.max(*row);
            self.last.insert(held.crash_id, self.last_of(held.crash_id));
        }
        answer
    }

    /// The generation that the next take must go beyond: of the job if there is one.
    fn last_of(&self, id: CrashId) -> i64 {
        let of_job = self.jobs.get(&id).and_then(|job| job.generation);
        of_job.max(self.reports.get(&id).copied()).unwrap_or(0)
    }

    pub(super) fn fail(&mut self, held: &TakenJob, is_death: bool) -> bool {
        let Some(job) = self.held(held) else { return false };
        job.deaths += i32::from(is_death);
        job.due = false;
        job.last_error = Some("no".to_owned());
        job.queue();
        true
    }

    pub(super) fn give_back(&mut self, held: &TakenJob, has_pause: bool) -> bool {
        let Some(job) = self.held(held) else { return false };
        job.attempts -= 1;
        job.due &= !has_pause;
        job.queue();
        true
    }

    fn held(&mut self, held: &TakenJob) -> Option<&mut Job> {
        self.jobs.get_mut(&held.crash_id).filter(|job| job.is_held_by(held))
    }

    /// How many processors and leases a sweep takes back.
    pub(super) fn sweep(&mut self) -> (u64, u64) {
        let before = self.processors.len();
        self.processors.retain(|_, is_alive| *is_alive);
        let mut lost = 0;
        for job in self.jobs.values_mut() {
            let Standing::Taken { expired, .. } = job.standing else { continue };
            let is_gone = job.owner.is_none_or(|owner| !self.processors.contains_key(&owner));
            if expired || is_gone {
                job.lost_leases += 1;
                job.last_error = Some(LEASE_LOST.to_owned());
                job.queue();
                lost += 1;
            }
        }
        ((before - self.processors.len()) as u64, lost)
    }

    pub(super) fn leave(&mut self, processor: i64) -> u64 {
        self.processors.remove(&processor);
        let mut returned = 0;
        for job in self.jobs.values_mut().filter(|job| job.owner == Some(processor)) {
            job.attempts -= i32::from(job.is_taken());
            job.queue();
            returned += 1;
        }
        returned
    }

    /// Hours go by: all is due, and nothing holds any more.
    pub(super) fn pass_time(&mut self) {
        for job in self.jobs.values_mut() {
            job.due = true;
            job.hold = false;
            if let Standing::Taken { expired, .. } = &mut job.standing {
                *expired = true;
            }
        }
    }
}
