//! The rules in use, read again when their file changes or a SIGHUP asks for it.

use std::os::unix::fs::MetadataExt;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use auxilio_service::hangup::Hangup;
use auxilio_service::rule_text::{RulesError, is_path};
use auxilio_service::{Shell, error_chain, metrics};

use super::RuleSet;

/// How often the file is looked at. A look is one `stat`: it also sees a changed link, as ConfigMaps
/// make, and file systems that tell nobody of changes.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// What tells one state of a file from another: inode, length, and time of the last change.
type Stamp = Option<(u64, u64, i64, i64)>;

/// The rules in use.
#[derive(Debug)]
pub(crate) struct LiveRules {
    source: String,
    current: RwLock<Arc<RuleSet>>,
    seen: Mutex<Stamp>,
}

impl LiveRules {
    /// Loads the first rules. Without good ones a collector does not start.
    pub(crate) fn open(source: &str) -> Result<Self, RulesError> {
        let seen = Mutex::new(stamp(source));
        let rules = RuleSet::load(source)?;
        tracing::info!(source, rules = rules.len(), "the throttling rules are loaded");
        metrics::COLLECTOR_RULES_REFUSED.set(0.0, &[]);
        Ok(Self { source: source.to_owned(), current: RwLock::new(Arc::new(rules)), seen })
    }

    /// The rules of this moment.
    pub(crate) fn current(&self) -> Arc<RuleSet> {
        Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Reads the rules again whenever that is due, until the first stage.
    pub(crate) async fn watch(self: Arc<Self>, mut hangup: Hangup, shell: Shell) {
        loop {
            let asked = tokio::select! {
                () = shell.shutdown.soft().cancelled() => return,
                () = hangup.received() => true,
                () = tokio::time::sleep(LOOK_EVERY) => false,
            };
            let rules = Arc::clone(&self);
            // A file system that hangs must not hang the collector.
            let _ = tokio::task::spawn_blocking(move || rules.look(asked)).await;
        }
    }

    fn look(&self, asked: bool) {
        // Before the file is read: a change during that is seen next time.
        let now = if is_path(&self.source) { stamp(&self.source) } else { None };
        let before =
            std::mem::replace(&mut *self.seen.lock().unwrap_or_else(PoisonError::into_inner), now);
        if asked || before != now {
            self.reload();
        }
    }

    fn reload(&self) {
        match RuleSet::load(&self.source) {
            Ok(rules) => {
                tracing::info!(
                    source = self.source,
                    rules = rules.len(),
                    "the throttling rules are loaded again"
                );
                *self.current.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(rules);
                metrics::COLLECTOR_RULES_LOADED.add(1, &["loaded"]);
                metrics::COLLECTOR_RULES_REFUSED.set(0.0, &[]);
            }
            Err(error) => {
                tracing::error!(
                    source = self.source,
                    error = error_chain(&error),
                    "the throttling rules are refused: the old ones stay"
                );
                metrics::COLLECTOR_RULES_LOADED.add(1, &["refused"]);
                metrics::COLLECTOR_RULES_REFUSED.set(1.0, &[]);
            }
        }
    }
}

fn stamp(path: &str) -> Stamp {
    if !is_path(path) {
        return None;
    }
    let file = std::fs::metadata(path).ok()?;
    Some((file.ino(), file.len(), file.mtime(), file.mtime_nsec()))
}
