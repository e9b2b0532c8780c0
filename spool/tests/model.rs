//! The spool against a model of it: random operations by several writers and carriers, and after each one the
//! machine "dies": a copy of the folder is opened as a new start would, and must hold what the model holds.
//!
//! What happens within one operation is for `tests/power_cut.rs` of the whole system and for `kill_nine.rs`.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use auxilio_common::CrashId;
use auxilio_spool::files::Kind;
use auxilio_spool::{Claim, Draft, Lane, Requeue, Requeued, Spool};
use proptest::prelude::*;
use support::{SetClock, add_dump, crash_id, raw_crash, spool_at};

const WRITERS: usize = 2;

#[derive(Clone, Debug)]
enum Step {
    /// A writer begins a crash with a dump of so many bytes.
    Begin { writer: usize, bytes: usize },
    /// A draft becomes a crash.
    Commit { draft: usize, lane: Lane },
    /// A draft is given up.
    GiveUp { draft: usize },
    /// A carrier takes hold of a waiting crash.
    Claim { crash: usize },
    /// It lets go of one.
    LetGo { claim: usize },
    /// It removes one: it is stored.
    Remove { claim: usize },
    /// It puts one aside.
    PutAside { claim: usize },
    /// A person puts one back.
    PutBack { crash: usize },
    /// Time passes.
    Wait { minutes: u64 },
    /// Old folders go.
    Tidy,
    /// A writer starts anew; what it had under way is gone.
    Restart { writer: usize },
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let lane = prop_oneof![Just(Lane::Standard), Just(Lane::Deferred)];
    let step = prop_oneof![
        4 => (0..WRITERS, 0..3_000usize).prop_map(|(writer, bytes)| Step::Begin { writer, bytes }),
        4 => (any::<usize>(), lane).prop_map(|(draft, lane)| Step::Commit { draft, lane }),
        1 => any::<usize>().prop_map(|draft| Step::GiveUp { draft }),
        3 => any::<usize>().prop_map(|crash| Step::Claim { crash }),
        1 => any::<usize>().prop_map(|claim| Step::LetGo { claim }),
        2 => any::<usize>().prop_map(|claim| Step::Remove { claim }),
        1 => any::<usize>().prop_map(|claim| Step::PutAside { claim }),
        1 => any::<usize>().prop_map(|crash| Step::PutBack { crash }),
        2 => (1..9u64).prop_map(|minutes| Step::Wait { minutes }),
        1 => Just(Step::Tidy),
        1 => (0..WRITERS).prop_map(|writer| Step::Restart { writer }),
    ];
    prop::collection::vec(step, 1..50)
}

/// What the spool must hold: each crash with the length of its dump.
#[derive(Debug, Default)]
struct Model {
    waiting: BTreeMap<CrashId, usize>,
    aside: BTreeMap<CrashId, usize>,
}

/// The spool under test, and who works with it.
struct World {
    dir: tempfile::TempDir,
    clock: Arc<SetClock>,
    writers: Vec<Spool>,
    drafts: Vec<(usize, u64, usize, Draft)>,
    claims: Vec<Claim>,
    model: Model,
    number: u64,
}

impl World {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let clock = SetClock::at("2012-12-24T18:05:00Z");
        let writers = (0..WRITERS).map(|_| spool_at(dir.path(), &clock)).collect();
        let (drafts, claims, model) = (Vec::new(), Vec::new(), Model::default());
        Self { dir, clock, writers, drafts, claims, model, number: 0 }
    }

    fn step(&mut self, step: &Step) {
        match *step {
            Step::Begin { writer, bytes } => {
                let mut draft = self.writers[writer].begin().unwrap();
                add_dump(&mut draft, "upload_file_minidump", &vec![7; bytes]);
                self.number += 1;
                self.drafts.push((writer, self.number, bytes, draft));
            }
            Step::Commit { draft, lane } => {
                let Some((_, number, bytes, draft)) = take(&mut self.drafts, draft) else { return };
                draft.commit(lane, raw_crash(number)).unwrap();
                self.model.waiting.insert(crash_id(number), bytes);
            }
            Step::GiveUp { draft } => drop(take(&mut self.drafts, draft)),
            Step::Claim { crash } => self.claim(crash),
            Step::LetGo { claim } => drop(take(&mut self.claims, claim)),
            Step::Remove { claim } => {
                let Some(claim) = take(&mut self.claims, claim) else { return };
                claim.remove().unwrap();
                self.model.waiting.remove(&claim.entry().crash_id).unwrap();
            }
            Step::PutAside { claim } => {
                let Some(claim) = take(&mut self.claims, claim) else { return };
                claim.quarantine("for a test").unwrap();
                let id = claim.entry().crash_id;
                self.model.aside.insert(id, self.model.waiting.remove(&id).unwrap());
            }
            Step::PutBack { crash } => self.put_back(crash),
            Step::Wait { minutes } => self.clock.advance(Duration::from_secs(60 * minutes)),
            Step::Tidy => drop(self.writers[0].source().remove_old_folders().unwrap()),
            Step::Restart { writer } => {
                self.drafts.retain(|(of, ..)| *of != writer);
                self.writers[writer] = spool_at(self.dir.path(), &self.clock);
            }
        }
    }

    /// Only one that nobody holds can be claimed.
    fn claim(&mut self, crash: usize) {
        let ids: Vec<_> = self.model.waiting.keys().copied().collect();
        let Some(id) = pick(&ids, crash) else { return };
        let source = self.writers[0].source();
        let entry = source.find(id).unwrap().unwrap();
        let claimed = source.claim(&entry).unwrap();
        let is_held = self.claims.iter().any(|claim| claim.entry().crash_id == id);
        assert_eq!(claimed.is_none(), is_held, "{id}");
        self.claims.extend(claimed);
    }

    fn put_back(&mut self, crash: usize) {
        let ids: Vec<_> = self.model.aside.keys().copied().collect();
        let Some(id) = pick(&ids, crash) else { return };
        let source = self.writers[0].source();
        let file = source.files().unwrap().map(Result::unwrap);
        let file = file.into_iter().find(|file| file.kind == Kind::Quarantined(id)).unwrap();
        let back = Requeue::of(source.clone()).put_back(&file).unwrap();
        assert!(matches!(back, Requeued::Back(_)), "{back:?}");
        self.model.waiting.insert(id, self.model.aside.remove(&id).unwrap());
    }

    /// What a start after the machine's death finds.
    fn check(&self) {
        let copy = tempfile::tempdir().unwrap();
        copy_folder(self.dir.path(), copy.path());
        let spool = spool_at(copy.path(), &self.clock);
        let mut waiting = BTreeMap::new();
        for entry in spool.source().scan(usize::MAX, |_| false).unwrap().entries {
            let claim = spool.source().claim(&entry).unwrap().unwrap();
            let crash = claim.open_whole().unwrap().into_raw_crash();
            assert_eq!(crash.crash_id, entry.crash_id);
            let bytes = usize::try_from(crash.dumps[0].length).unwrap();
            assert!(waiting.insert(crash.crash_id, bytes).is_none(), "twice: {}", crash.crash_id);
        }
        assert_eq!(waiting, self.model.waiting);
        let mut aside = Vec::new();
        for file in spool.source().files().unwrap() {
            let file = file.unwrap();
            match file.kind {
                Kind::Quarantined(id) => {
                    assert_eq!(file.reason().unwrap().unwrap().trim(), "for a test");
                    aside.push(id);
                }
                Kind::Waiting(..) => {}
                other => panic!("{}: {other:?} is left", file.path.display()),
            }
        }
        aside.sort_unstable();
        assert_eq!(aside, self.model.aside.keys().copied().collect::<Vec<_>>());
    }
}

fn pick<T: Copy>(from: &[T], place: usize) -> Option<T> {
    from.get(place.checked_rem(from.len())?).copied()
}

fn take<T>(from: &mut Vec<T>, place: usize) -> Option<T> {
    let place = place.checked_rem(from.len())?;
    Some(from.remove(place))
}

fn copy_folder(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).unwrap() {
        let (from, to) = (entry.as_ref().unwrap().path(), to.join(entry.unwrap().file_name()));
        if from.is_dir() {
            fs::create_dir(&to).unwrap();
            copy_folder(&from, &to);
        } else {
            fs::copy(from, to).unwrap();
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(
        // Each step is followed by a start.
        ProptestConfig::default().cases / 8,
    ) })]

    #[test]
    fn whenever_the_machine_dies_the_spool_holds_what_it_said(steps in steps()) {
        let mut world = World::new();
        for step in &steps {
            world.step(step);
            world.check();
        }
    }
}
