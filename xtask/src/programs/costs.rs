//! What test programs cost: seconds, and what they must not meet.
//!
//! The seconds only order them, longest first; they are of three slots on two cores. A program that is
//! not here takes few. Every one that starts HBase is here, or a test fails.

/// What a program must not run beside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Needs {
    /// Nothing that another would take from it.
    Little,
    /// An HBase: several GB and at times both cores. One at a time.
    Hbase,
    /// The machine alone: what it measures is written down.
    Machine,
}

/// The cost of one program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cost {
    /// What it needs.
    pub needs: Needs,
    /// About how long it runs.
    pub seconds: u32,
}

use Needs::{Hbase, Little, Machine};

/// Root file, needs, seconds: measured by `bin/test` on 2026-11-29, two cores; those of `long` are about.
const COSTS: &[(&str, Needs, u32)] = &[
    ("thrift/tests/gateway/main.rs", Hbase, 171),
    ("thrift/tests/outage.rs", Hbase, 60),
    ("testkit/tests/hbase.rs", Hbase, 75),
    ("tests/hbase.rs", Hbase, 50),
    ("tests/hbase_cluster.rs", Hbase, 86),
    ("tests/hbase_roles.rs", Hbase, 71),
    ("tests/hbase_verbs.rs", Hbase, 105),
    ("tests/reconcile.rs", Hbase, 53),
    // With the feature `long`. Their figures stand in docs/performance.md.
    ("tests/hbase_faults.rs", Machine, 600),
    ("tests/hbase_hdfs.rs", Machine, 300),
    ("tests/hbase_outage.rs", Machine, 5_400),
    ("tests/scale.rs", Machine, 2_400),
    ("processor/tests/jobs/main.rs", Little, 66),
    ("database/tests/database/main.rs", Little, 101),
    ("tests/monitors.rs", Little, 28),
    ("monitor/tests/monitor/main.rs", Little, 24),
    ("tests/cron.rs", Little, 22),
    ("cron/tests/engine/main.rs", Little, 32),
    ("tests/spools.rs", Little, 17),
    ("tests/owners.rs", Little, 21),
    ("tests/job_kills.rs", Little, 24),
    ("tests/receipts.rs", Little, 81),
    ("tests/outage.rs", Little, 78),
    ("tests/hostile.rs", Little, 21),
    ("tests/kill_nine.rs", Little, 43),
    ("tests/priority.rs", Little, 30),
    ("middleware/tests/middleware/main.rs", Little, 79),
    ("stackwalk/tests/costs/main.rs", Little, 111),
    ("tests/sample.rs", Little, 34),
    ("tests/reprocess.rs", Little, 26),
    ("tests/corpus.rs", Little, 25),
    ("tests/signature_changes.rs", Little, 25),
    ("tests/shutdown.rs", Little, 22),
    ("webapp/tests/webapp/main.rs", Little, 31),
];

/// What a program costs, by its root file.
pub fn of(source: &str) -> Cost {
    let known = COSTS.iter().find(|(path, ..)| *path == source);
    known.map_or(Cost { needs: Little, seconds: 1 }, |&(_, needs, seconds)| Cost { needs, seconds })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use super::*;
    use crate::tree::{SourceFile, Tree};

    /// How a test gets an HBase.
    const STARTS: [&str; 5] = [
        "Hbase::start(",
        "Hbase::with(",
        "Hbase::shared(",
        "Up::start_with_hbase(",
        "auxilio_tests::cluster",
    ];

    fn workspace() -> Tree {
        Tree::read(Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()).unwrap()
    }

    /// Whether a file is of a program: its root, beside its `main.rs`, or in the folder of its name.
    fn is_of(file: &str, root: &str) -> bool {
        let folder = root.strip_suffix("main.rs").map(str::to_owned);
        let folder = folder.unwrap_or_else(|| root.replace(".rs", "/"));
        file == root || file.starts_with(&folder)
    }

    #[test]
    fn each_program_stands_once_and_exists() {
        let tree = workspace();
        let paths: BTreeSet<&str> = COSTS.iter().map(|(path, ..)| *path).collect();
        assert_eq!(paths.len(), COSTS.len());
        for path in paths {
            assert!(tree.get(path).is_some(), "{path} does not exist");
        }
    }

    #[test]
    fn every_program_that_starts_hbase_says_so() {
        let tree = workspace();
        let in_tests = |file: &&SourceFile| {
            let path = file.path.as_str();
            let own = path.starts_with("tests/") && !path.starts_with("tests/src/");
            own || path.contains("/tests/") && !path.starts_with("xtask/")
        };
        let starts = |file: &&SourceFile| STARTS.iter().any(|start| file.text.contains(start));
        let users: Vec<_> = tree.rust().filter(in_tests).filter(starts).collect();
        assert!(users.len() > 5, "{} files", users.len());
        for file in users {
            let known =
                COSTS.iter().any(|(path, needs, _)| *needs != Little && is_of(&file.path, path));
            assert!(known, "{} starts HBase: its program's needs are not in costs.rs", file.path);
        }
    }

    #[test]
    fn a_program_that_is_not_known_needs_little() {
        assert_eq!(of("common/src/lib.rs").needs, Little);
        assert_eq!(of("tests/hbase.rs").needs, Hbase);
    }
}
