//! What spools answered with that no slot has taken yet.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use crate::carried::Asked;
use crate::mover::Load;

/// Crashes that are claimed and wait for a slot, in the order in which the answers came.
#[derive(Default)]
pub(crate) struct Answers {
    loads: Mutex<VecDeque<Load>>,
    answered: Notify,
}

impl Answers {
    /// Lets the answer to a question come in its own time; `None` is a question that was not asked.
    pub(crate) fn expect(self: &Arc<Self>, question: Option<Asked<Vec<Load>>>) {
        let Some(question) = question else { return };
        let answers = Arc::clone(self);
        tokio::spawn(async move {
            let loads = question.answer().await.unwrap_or_default();
            answers.lock().extend(loads);
            answers.answered.notify_one();
        });
    }

    /// At most `max` of what has come.
    pub(crate) fn take(&self, max: usize) -> Vec<Load> {
        let mut loads = self.lock();
        let count = loads.len().min(max);
        loads.drain(..count).collect()
    }

    /// Whether all that has come is taken.
    pub(crate) fn is_empty(&self) -> bool {
        self.lock().is_empty()
    }

    /// Resolves when a question was answered, be it with nothing.
    pub(crate) async fn answered(&self) {
        self.answered.notified().await;
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<Load>> {
        // Every change leaves the list whole, so a panic elsewhere has broken nothing.
        self.loads.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
