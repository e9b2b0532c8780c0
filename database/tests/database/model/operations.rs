//! One run: a random operation after another, each on the database and on the model.

use std::collections::BTreeSet;
use std::time::Duration;

use auxilio_common::job::TakenJob;
use auxilio_common::storage::IndexEntry;
use auxilio_common::{CrashId, Generation, JobOutcome, Lane};
use auxilio_database::{AskedState, Database, Error, Failure, FinishedRun, Forgotten, ProcessorId};
use auxilio_testkit::splitmix::SplitMix;

use super::state::{Job, Standing, State};
use super::{LONG, crashes, received_at};
use crate::fixture::{DEAD_AFTER, Fixture, report};

/// Processors of a run, and jobs that each works on at once.
const PROCESSORS_MAX: usize = 3;
const CAPACITY: usize = 2;

const LANES: [Lane; 3] = [Lane::Priority, Lane::Standard, Lane::Reprocess];

pub(super) struct Run<'a> {
    f: &'a Fixture,
    middleware: Database,
    cron: Database,
    random: SplitMix,
    state: State,
    /// Every lease that anybody ever had, most of them lost by now.
    leases: Vec<TakenJob>,
    /// Every processor that ever was.
    processors: Vec<ProcessorId>,
}

impl<'a> Run<'a> {
    /// Empties the queue and begins.
    pub(super) async fn begin(
        f: &'a Fixture,
        [middleware, cron]: [Database; 2],
        random: SplitMix,
    ) -> Self {
        f.owner
            .batch_execute(
                "DELETE FROM jobs; DELETE FROM processors; DELETE FROM job_outcomes;
                 DELETE FROM reports",
            )
            .await
            .unwrap();
        let mut run = Self {
            f,
            middleware,
            cron,
            random,
            state: State::default(),
            leases: Vec::new(),
            processors: Vec::new(),
        };
        run.register().await;
        run
    }

    pub(super) fn state(&self) -> &State {
        &self.state
    }

    /// One operation; says which.
    pub(super) async fn step(&mut self) -> &'static str {
        match self.random.below(100) {
            0..10 => self.insert().await,
            10..15 => self.assign().await,
            15..25 => self.ask().await,
            25..29 => self.await_raw().await,
            29..33 => self.arrive_or_give_up().await,
            33..36 => self.reconcile().await,
            36..56 => self.take().await,
            56..60 => self.renew().await,
            60..63 => self.complete().await,
            63..78 => self.save().await,
            78..82 => self.fail().await,
            82..85 => self.give_back().await,
            85..90 => self.sweep().await,
            90..93 => self.pass_time().await,
            _ => self.change_processors().await,
        }
    }

    fn some_crashes(&mut self) -> Vec<CrashId> {
        let share = self.random.below(60) + 10;
        crashes().into_iter().filter(|_| self.random.chance(share)).collect()
    }

    fn a_crash(&mut self) -> CrashId {
        *self.random.pick(&crashes())
    }

    /// A lease, mostly a recent one.
    fn a_lease(&mut self) -> Option<TakenJob> {
        let count = self.leases.len();
        let reach = if self.random.chance(70) { count.min(2) } else { count };
        let back = self.random.index(reach);
        count.checked_sub(1 + back).map(|place| self.leases[place].clone())
    }

    /// A processor, mostly one that is there.
    fn a_processor(&mut self) -> ProcessorId {
        let there: Vec<_> =
            self.state.processors.keys().map(|number| ProcessorId(*number)).collect();
        let any = there.is_empty() || self.random.chance(15);
        *self.random.pick(if any { &self.processors } else { &there })
    }

    /// A lane, mostly one in which something waits.
    fn a_lane(&mut self) -> Lane {
        let is_queued = |job: &&Job| job.standing == Standing::Queued;
        let lanes: Vec<_> =
            self.state.jobs.values().filter(is_queued).map(|job| job.lane).collect();
        let any = lanes.is_empty() || self.random.chance(20);
        *self.random.pick(if any { &LANES } else { &lanes })
    }

    /// How long a lease lasts, and whether it is over at once.
    fn a_term(&mut self) -> (Duration, bool) {
        if self.random.chance(30) { (Duration::ZERO, true) } else { (LONG, false) }
    }

    async fn insert(&mut self) -> &'static str {
        let ids = self.some_crashes();
        let entries: Vec<_> = ids
            .iter()
            .map(|id| IndexEntry { received_at: received_at(*id), crash_id: *id })
            .collect();
        let answers: BTreeSet<_> = self
            .f
            .monitor
            .insert_jobs(&entries)
            .await
            .unwrap()
            .into_iter()
            .map(|(id, insertion)| (id, format!("{insertion:?}")))
            .collect();
        let expected: BTreeSet<_> =
            ids.iter().map(|id| (*id, format!("{:?}", self.state.insert(*id)))).collect();
        assert_eq!(answers, expected);
        "insert"
    }

    async fn assign(&mut self) -> &'static str {
        let assigned = self.f.monitor.assign_jobs(LONG, DEAD_AFTER).await.unwrap();
        let jobs = &mut self.state.jobs;
        let mut free = std::collections::BTreeMap::new();
        for (processor, _) in self.state.processors.iter().filter(|(_, is_alive)| **is_alive) {
            let busy = jobs
                .values()
                .filter(|job| job.owner == Some(*processor) && (job.is_taken() || job.hold))
                .count();
            free.insert(*processor, CAPACITY.saturating_sub(busy));
        }
        let rows =
            self.f.sql("SELECT uuid, owner FROM jobs WHERE state = 'queued' AND owner IS NOT NULL");
        let mut given = 0;
        for row in rows.await {
            let id: CrashId = row.get::<_, String>(0).parse().unwrap();
            let owner: i64 = row.get(1);
            let job = jobs.get_mut(&id).unwrap();
            if job.owner.is_some() {
                continue;
            }
            assert!(job.standing == Standing::Queued && job.lane == Lane::Standard && job.due);
            let seats = free.get_mut(&owner).unwrap();
            *seats = seats.checked_sub(1).unwrap();
            (job.owner, job.hold) = (Some(owner), true);
            given += 1;
        }
        assert_eq!(assigned, given);
        let is_left = jobs.values().any(|job| {
            job.standing == Standing::Queued
                && job.owner.is_none()
                && job.lane == Lane::Standard
                && job.due
        });
        assert!(!is_left || free.values().all(|seats| *seats == 0), "a seat stayed empty");
        "assign"
    }

    async fn ask(&mut self) -> &'static str {
        let lane = *self.random.pick(&[Lane::Priority, Lane::Reprocess]);
        let ids = self.some_crashes();
        // Of a crash that has a report its time may not be known.
        let is_old = self.random.chance(30);
        let time =
            |id: CrashId, state: &State| (!is_old || state.needs_time(id)).then(|| received_at(id));
        let crashes: Vec<_> = ids.iter().map(|id| (*id, time(*id, &self.state))).collect();
        let mut answers = self.middleware.ask_jobs(&crashes, lane).await.unwrap();
        answers.sort_by_key(|(id, _)| *id);
        let asked =
            crashes.iter().map(|(id, time)| (*id, self.state.ask(*id, lane, time.is_some())));
        let mut expected: Vec<_> = asked.collect();
        expected.sort_by_key(|(id, _)| *id);
        assert_eq!(answers, expected);
        "ask"
    }

    async fn await_raw(&mut self) -> &'static str {
        let id = self.a_crash();
        let client = *self.random.pick(&["192.0.2.1", "192.0.2.2"]);
        if self.random.chance(50) {
            let answer = self.middleware.await_raw(id, client).await.unwrap();
            assert_eq!(answer, self.state.await_raw(id, client, [20, 1_000]));
            return "await raw";
        }
        // With bounds that three crashes reach.
        let sql = "SELECT await_raw($1, $2, 1, 2)";
        let row = self.f.owner.query_one(sql, &[&id.to_string(), &client]).await.unwrap();
        let word = match self.state.await_raw(id, client, [1, 2]) {
            AskedState::Queued => "queued",
            AskedState::Taken => "taken",
            AskedState::WaitingForRaw => "waiting_for_raw",
            AskedState::TooMany => "too_many",
        };
        assert_eq!(row.get::<_, String>(0), word);
        "await raw within bounds"
    }

    /// As after a restore: what the store knows and Postgres does not is brought back.
    async fn reconcile(&mut self) -> &'static str {
        if self.random.chance(50) {
            let mut crashes = Vec::new();
            for crash_id in self.some_crashes() {
                let seen = self.state.reports.get(&crash_id).map(|row| Generation(*row));
                // Another run ended meanwhile.
                let is_old = self.random.chance(30);
                let seen = if is_old { seen.map(|seen| Generation(seen.0 - 1)) } else { seen };
                let received_at = Some(received_at(crash_id));
                crashes.push(Forgotten { crash_id, received_at, seen });
            }
            let queued = self.cron.queue_forgotten(&crashes).await.unwrap();
            let told: Vec<_> =
                crashes.iter().map(|told| (told.crash_id, told.seen.map(|seen| seen.0))).collect();
            assert_eq!(queued, self.state.queue_forgotten(&told));
            return "queue forgotten";
        }
        // A run that was stored. While there is a job, none that is newer than it.
        let Some(lease) = self.a_lease() else { return "write nothing" };
        let id = lease.crash_id;
        let job = self.state.jobs.get(&id);
        let newest = job.map_or(i64::MAX, |job| job.generation.unwrap_or(i64::MIN));
        let generation = lease.generation.0 - i64::from(self.random.chance(50));
        if generation > newest {
            return "write nothing";
        }
        let report = report(id, Generation(generation));
        let written = self.cron.write_reports(vec![report]).await.unwrap().pop().unwrap();
        assert_eq!(written.unwrap(), self.state.write(id, generation));
        "write a report"
    }

    async fn arrive_or_give_up(&mut self) -> &'static str {
        let ids = self.some_crashes();
        if self.random.chance(60) {
            let arrived: Vec<_> = ids.iter().map(|id| (*id, received_at(*id))).collect();
            let queued = self.f.monitor.queue_arrived(&arrived).await.unwrap();
            assert_eq!(queued, self.state.arrive(&ids));
            return "arrive";
        }
        let ended = self.f.monitor.give_up_waiting(&ids, Duration::ZERO).await.unwrap();
        assert_eq!(ended, self.state.give_up(&ids));
        "give up"
    }

    async fn take(&mut self) -> &'static str {
        let processor = self.a_processor();
        let lane = self.a_lane();
        let max = 1 + self.random.index(3);
        let (term, expired) = self.a_term();
        let taken = self.f.processor.take_jobs(processor, lane, max, term).await;
        if !self.state.processors.contains_key(&processor.0) {
            assert!(matches!(taken, Err(Error::UnknownProcessor { .. })));
            return "take unregistered";
        }
        let taken = taken.unwrap();
        let takeable = self.state.takeable(processor, lane);
        assert_eq!(taken.len(), takeable.len().min(max));
        for job in taken {
            assert!(takeable.contains(&job.crash_id), "{} is not to be had", job.crash_id);
            self.state.take(processor, &job, expired);
            self.leases.push(job);
        }
        "take"
    }

    async fn renew(&mut self) -> &'static str {
        let held: Vec<_> = (0..3).filter_map(|_| self.a_lease()).collect();
        let (term, expired) = self.a_term();
        let renewed = self.f.processor.renew_leases(&held, term).await.unwrap();
        let expected: std::collections::HashSet<_> = held
            .iter()
            .filter(|lease| self.state.renew(lease, expired))
            .map(|lease| lease.crash_id)
            .collect();
        assert_eq!(renewed, expected);
        "renew"
    }

    async fn complete(&mut self) -> &'static str {
        let Some(mut lease) = self.a_lease() else { return "complete nothing" };
        // The token alone is no proof.
        lease.generation.0 += i64::from(self.random.chance(10));
        let outcome = *self.random.pick(&[JobOutcome::RawGone, JobOutcome::Lost]);
        let answer = self.f.processor.complete_job(&lease, outcome).await.unwrap();
        assert_eq!(answer, self.state.complete(&lease, outcome));
        "complete"
    }

    async fn save(&mut self) -> &'static str {
        let mut leases: Vec<TakenJob> = Vec::new();
        for _ in 0..=self.random.index(3) {
            let more = self.a_lease();
            leases.extend(more.filter(|more| leases.iter().all(|had| had.token != more.token)));
        }
        let mut runs = Vec::new();
        for job in leases {
            let is_old = self.random.chance(20);
            let generation = Generation(job.generation.0 - 60_000 * i64::from(is_old));
            let outcome = if is_old { JobOutcome::KeptOld } else { JobOutcome::Processed };
            runs.push(FinishedRun { report: report(job.crash_id, generation), job, outcome });
        }
        let answers = self.f.processor.save_reports(runs.clone()).await.unwrap();
        assert_eq!(answers.len(), runs.len());
        for (run, answer) in runs.iter().zip(answers) {
            let expected = self.state.save(&run.job, run.outcome, run.report.generation.0);
            assert_eq!(answer.unwrap(), expected);
        }
        "save"
    }

    async fn fail(&mut self) -> &'static str {
        let Some(lease) = self.a_lease() else { return "fail nothing" };
        let is_death = self.random.chance(50);
        let failure = if is_death { Failure::Death } else { Failure::Passing };
        let failed = self.f.processor.fail_job(&lease, "no", failure).await.unwrap();
        assert_eq!(failed, self.state.fail(&lease, is_death));
        if failed {
            // Its pause may be shorter than this run.
            let sql = "UPDATE jobs SET due_at = due_at + interval '1 hour' WHERE uuid = $1";
            self.f.owner.execute(sql, &[&lease.crash_id.to_string()]).await.unwrap();
        }
        "fail"
    }

    async fn give_back(&mut self) -> &'static str {
        let Some(lease) = self.a_lease() else { return "return nothing" };
        let has_pause = self.random.chance(50);
        let pause = if has_pause { LONG } else { Duration::ZERO };
        let returned = self.f.processor.return_job(&lease, pause).await.unwrap();
        assert_eq!(returned, self.state.give_back(&lease, has_pause));
        "return"
    }

    async fn sweep(&mut self) -> &'static str {
        let swept = self.f.monitor.sweep_jobs(DEAD_AFTER).await.unwrap();
        assert_eq!((swept.dead_processors, swept.lost_leases), self.state.sweep());
        "sweep"
    }

    /// As if hours went by, in which the live processors gave their signs of life.
    async fn pass_time(&mut self) -> &'static str {
        let sql = "UPDATE jobs SET due_at = due_at - interval '3 hours',
                       assigned_until = assigned_until - interval '3 hours',
                       lease_until = lease_until - interval '3 hours'";
        self.f.owner.execute(sql, &[]).await.unwrap();
        self.state.pass_time();
        "pass time"
    }

    async fn change_processors(&mut self) -> &'static str {
        let processor = self.a_processor();
        match self.random.below(4) {
            0 => {
                let returned = self.f.processor.leave_processor(processor).await.unwrap();
                assert_eq!(returned, self.state.leave(processor.0));
                "leave"
            }
            1 => {
                let sql = "UPDATE processors SET heartbeat_at = now() - interval '1 hour'
                           WHERE id = $1";
                self.f.owner.execute(sql, &[&processor.0]).await.unwrap();
                if let Some(is_alive) = self.state.processors.get_mut(&processor.0) {
                    *is_alive = false;
                }
                "die"
            }
            2 => {
                let is_known = self.f.processor.heartbeat_processor(processor).await.unwrap();
                let is_alive = self.state.processors.get_mut(&processor.0);
                assert_eq!(is_known, is_alive.is_some());
                if let Some(is_alive) = is_alive {
                    *is_alive = true;
                }
                "give a sign of life"
            }
            _ => self.register().await,
        }
    }

    async fn register(&mut self) -> &'static str {
        if self.state.processors.len() < PROCESSORS_MAX {
            let database = &self.f.processor;
            let number = database.register_processor("one", CAPACITY, &LANES).await.unwrap();
            self.state.processors.insert(number.0, true);
            self.processors.push(number);
        }
        "register"
    }
}
