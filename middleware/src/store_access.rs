//! The store, asked within a time and with its errors turned into answers.

use std::future::Future;
use std::sync::Arc;

use auxilio_common::storage::ErrorClass;
use auxilio_common::{CrashId, StoreError};
use auxilio_service::error_chain;
use tokio::sync::OwnedSemaphorePermit;

use crate::answer::Refusal;
use crate::app::App;

impl App {
    /// Waits for room for one crash in memory, as long as for the store.
    pub(crate) async fn room(&self) -> Result<OwnedSemaphorePermit, Refusal> {
        let permit = Arc::clone(&self.crashes).acquire_owned();
        match tokio::time::timeout(self.store_time_max, permit).await {
            Ok(Ok(permit)) => Ok(permit),
            _ => Err(Refusal::unavailable("too many crashes are being read at this moment")),
        }
    }

    /// Waits for an answer of the store about a crash.
    pub(crate) async fn ask<T>(
        &self,
        crash_id: CrashId,
        question: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, Refusal> {
        match tokio::time::timeout(self.store_time_max, question).await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(error)) => {
                tracing::warn!(%crash_id, error = error_chain(&error), "the store has trouble");
                Err(match error.class {
                    ErrorClass::Permanent => Refusal::broken("what the store has can't be read"),
                    ErrorClass::Retry | ErrorClass::Unknown => {
                        Refusal::unavailable("the store can't be read at this moment")
                    }
                })
            }
            Err(_) => {
                tracing::warn!(%crash_id, "the store did not answer in time");
                Err(Refusal::unavailable("the store did not answer in time"))
            }
        }
    }
}
