//! Modules whose symbols were looked for and not there, as `name/version/debug id[/code id]`: what
//! to upload, and which crashes to process again after it.

use crate::case::Case;
use crate::draft::Draft;
use crate::rule::{Rule, RuleError, with_stack};
use crate::stack::Module;

pub(super) const RULE: Rule = Rule { name: "missing_symbols", applies: with_stack, act };

fn act(case: &Case<'_>, draft: &mut Draft) -> Result<(), RuleError> {
    let modules = case.modules().iter();
    let missing: Vec<String> =
        modules.filter(|module| module.misses_symbols()).map(entry).collect();
    if !missing.is_empty() {
        draft.set_text("missing_symbols", Some(&missing.join(";")));
    }
    Ok(())
}

fn entry(module: &Module<'_>) -> String {
    let mut entry = format!(
        "{}/{}/{}",
        module.filename().unwrap_or("None"),
        module.version().unwrap_or("None"),
        module.debug_id().unwrap_or("None")
    );
    if let Some(code_id) = module.code_id() {
        entry.push('/');
        entry.push_str(code_id);
    }
    entry
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::sample::processed_dump;

    #[test]
    fn what_is_missing_is_named_with_its_build() {
        let made = processed_dump(&json!({"modules": [
            {"filename": "a.dll", "version": "1.0", "debug_id": "A1", "code_id": "c0de", "missing_symbols": true},
            {"filename": "b.so", "version": "", "debug_id": "B1", "missing_symbols": true},
            {"filename": "c.so", "debug_id": "C1", "missing_symbols": false},
        ]}));
        assert_eq!(made.crash.text("missing_symbols"), Some("a.dll/1.0/A1/c0de;b.so/None/B1"));
    }
}
