//! Why a processor can't run at all. Troubles of single jobs are not here: they go on.

use auxilio_service::http::ListenError;

use auxilio_service::rule_text::RulesError;

use crate::signing::SigningError;

/// Why a processor ended.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The admin address is taken.
    #[error(transparent)]
    Listen(#[from] ListenError),
    /// The rules can't be used.
    #[error(transparent)]
    Rules(#[from] RulesError),
    /// The lists for signatures can't be used.
    #[error(transparent)]
    Signing(#[from] SigningError),
}
