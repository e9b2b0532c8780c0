//! The processor: from the dump, else from what the client says of it.

use serde_json::Value;

use crate::case::Case;
use crate::draft::Draft;
use crate::rule::{Rule, RuleError, always};
use crate::stack;

pub(super) const RULE: Rule = Rule { name: "cpu_info", applies: always, act };

fn act(case: &Case<'_>, draft: &mut Draft) -> Result<(), RuleError> {
    let machine = case.stack.as_ref().map(|stack| &stack.system_info);
    let text = |key| machine.and_then(|machine| stack::text(machine, key));
    let arch = text("cpu_arch").or_else(|| case.annotation("CPUArchitecture")).map(str::to_owned);
    let info = text("cpu_info").or_else(|| case.annotation("CPUInfo")).map(str::to_owned);
    let microcode = text("cpu_microcode_version")
        .or_else(|| case.annotation("CPUMicrocodeVersion"))
        .map(str::to_owned);
    let count = machine.and_then(|machine| machine.get("cpu_count")).and_then(Value::as_i64);
    draft.set_text("cpu_arch", arch.as_deref());
    draft.set_text("cpu_info", info.as_deref());
    draft.set_text("cpu_microcode_version", microcode.as_deref());
    draft.set("cpu_count", count);
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::sample::{processed, processed_dump, raw};

    #[test]
    fn the_dump_knows_the_processor() {
        let made = processed_dump(&json!({"system_info": {
            "cpu_arch": "amd64", "cpu_info": "family 6 model 142 stepping 10", "cpu_count": 8}}));
        assert_eq!(made.crash.text("cpu_arch"), Some("amd64"));
        assert_eq!(made.crash.text("cpu_info"), Some("family 6 model 142 stepping 10"));
        assert_eq!(made.crash.integer("cpu_count"), Some(8));
    }

    #[test]
    fn without_a_dump_the_client_is_asked() {
        let made = processed(&raw(&[("CPUArchitecture", "arm64")]));
        assert_eq!(made.crash.text("cpu_arch"), Some("arm64"));
        assert!(made.crash.get("cpu_info").is_none());
    }
}
