//! The message between processes that was at work is added.

use crate::case::{Case, Draft};
use crate::post_rule::PostRule;

pub(super) const RULE: PostRule = PostRule { name: "ipc_message_name", apply };

fn apply(case: &Case<'_>, draft: &mut Draft) {
    let message = case.crash.ipc_message_name.as_deref().filter(|message| !message.is_empty());
    if let Some(message) = message {
        draft.set(format!("{} | IPC_Message_Name={message}", draft.text()));
    }
}
