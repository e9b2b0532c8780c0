//! The processor of an Android device whose report has no dump, as a crash in Java has none.

use crate::case::Case;
use crate::draft::Draft;
use crate::rule::{Rule, RuleError};

pub(super) const RULE: Rule = Rule { name: "android_cpu", applies, act };

/// Android's names of architectures, and those that dumps have.
const ARCHITECTURES: [(&str, &str); 4] =
    [("armeabi-v7a", "arm"), ("arm64-v8a", "arm64"), ("x86_64", "amd64"), ("x86", "x86")];

fn applies(case: &Case<'_>, draft: &Draft) -> bool {
    let known = draft.crash.text("cpu_arch").is_some_and(|arch| arch != "unknown");
    !known && case.annotation("Android_CPU_ABI").is_some()
}

fn act(case: &Case<'_>, draft: &mut Draft) -> Result<(), RuleError> {
    let told = case.annotation("Android_CPU_ABI").unwrap_or_default();
    let known = ARCHITECTURES.iter().find(|(name, _)| *name == told);
    draft.set_text("cpu_arch", Some(known.map_or(told, |(_, arch)| arch)));
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::sample::{processed, processed_case, raw};

    #[test]
    fn the_device_is_asked_where_no_dump_knows() {
        for (given, expected) in [
            ("armeabi-v7a", Some("arm")),
            ("arm64-v8a", Some("arm64")),
            ("x86_64", Some("amd64")),
            ("riscv64", Some("riscv64")),
            ("", None),
        ] {
            let made = processed(&raw(&[("Android_CPU_ABI", given)]));
            assert_eq!(made.crash.text("cpu_arch"), expected, "{given}");
        }
        for (told, expected) in [("amd64", "amd64"), ("unknown", "arm")] {
            let crash = raw(&[("Android_CPU_ABI", "armeabi-v7a")]);
            let made = processed_case(&crash, &json!({"system_info": {"cpu_arch": told}}));
            assert_eq!(made.crash.text("cpu_arch"), Some(expected));
        }
    }
}
