//! The crashmovers, asked where in their spools a crash is.

use std::sync::Arc;
use std::time::Duration;

use auxilio_common::CrashId;
use auxilio_common::limits::RECEIPT_BYTES_MAX;
use auxilio_common::receipt::CrashmoverReceipt;
use auxilio_service::client::Client;
use auxilio_service::error_chain;
use futures::future::join_all;

/// Time for a crashmover's answer: it gives each of its spools two seconds.
const ANSWER_TIME_MAX: Duration = Duration::from_secs(3);

/// All that are configured. Clones share their connections.
#[derive(Clone, Debug)]
pub(crate) struct Crashmovers {
    client: Client,
    urls: Arc<[String]>,
}

impl Crashmovers {
    pub(crate) fn new(urls: &[String]) -> Self {
        let urls = urls.iter().map(|url| url.trim_end_matches('/').to_owned()).collect();
        Self { client: Client::new(ANSWER_TIME_MAX, RECEIPT_BYTES_MAX), urls }
    }

    /// What all of them know of a crash. Who can't be asked is among `not_asked`.
    pub(crate) async fn receipt(&self, crash_id: CrashId) -> CrashmoverReceipt {
        let mut whole = CrashmoverReceipt::default();
        if self.urls.is_empty() {
            whole.not_asked.push("no crashmover is configured".to_owned());
        }
        let answers = join_all(self.urls.iter().map(|url| self.ask(url, crash_id))).await;
        for answer in answers {
            match answer {
                Some(one) => {
                    whole.files.extend(one.files);
                    whole.carried.extend(one.carried);
                    whole.not_asked.extend(one.not_asked);
                }
                None => whole.not_asked.push("a crashmover does not answer".to_owned()),
            }
        }
        whole.carried.sort_by_key(|carried| carried.at);
        whole
    }

    async fn ask(&self, url: &str, crash_id: CrashId) -> Option<CrashmoverReceipt> {
        let answer = match self.client.get(&format!("{url}/receipt/{crash_id}"), &[]).await {
            Ok(answer) if answer.status.is_success() => answer,
            Ok(answer) => {
                tracing::warn!(%crash_id, status = answer.status.as_u16(), "a crashmover gives no receipt");
                return None;
            }
            Err(error) => {
                tracing::warn!(%crash_id, error = error_chain(&error), "a crashmover was not reached");
                return None;
            }
        };
        serde_json::from_slice(&answer.body)
            .inspect_err(
                |error| tracing::warn!(%crash_id, %error, "a crashmover's receipt is none"),
            )
            .ok()
    }
}
