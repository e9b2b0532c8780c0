//! Processor and operating system as the client says them, where neither the dump nor Android did:
//! a crash without a dump has a platform all the same.

use crate::case::Case;
use crate::draft::Draft;
use crate::rule::{Rule, RuleError, always};

pub(super) const RULE: Rule = Rule { name: "platform_info", applies: always, act };

const FIELDS: [(&str, &str); 5] = [
    ("cpu_arch", "CPUArchitecture"),
    ("cpu_info", "CPUInfo"),
    ("cpu_microcode_version", "CPUMicrocodeVersion"),
    ("os_name", "OS"),
    ("os_version", "OSVersion"),
];

fn act(case: &Case<'_>, draft: &mut Draft) -> Result<(), RuleError> {
    for (field, annotation) in FIELDS {
        if draft.crash.text(field).is_none() {
            draft.set_text(field, case.annotation(annotation).map(str::trim));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::sample::{processed, processed_case, raw};

    #[test]
    fn only_gaps_are_filled() {
        let told = raw(&[
            ("CPUArchitecture", "arm64"),
            ("CPUInfo", " an info "),
            ("OS", "Linux "),
            ("OSVersion", "5.8"),
            ("CPUMicrocodeVersion", "0xf0"),
        ]);
        let fields = |made: &crate::process::Processed| {
            ["cpu_arch", "cpu_info", "cpu_microcode_version", "os_name", "os_version"]
                .map(|field| made.crash.text(field).map(str::to_owned))
        };
        let made = processed(&told);
        let expected = ["arm64", "an info", "0xf0", "Linux", "5.8"];
        assert_eq!(fields(&made), expected.map(|text| Some(text.to_owned())));
        assert_eq!(made.crash.text("os_pretty_version"), Some("Linux"));

        let dump =
            json!({"system_info": {"cpu_arch": "amd64", "os": "Windows NT", "cpu_info": ""}});
        let made = processed_case(&told, &dump);
        let expected = ["amd64", "an info", "0xf0", "Windows NT", "5.8"];
        assert_eq!(fields(&made), expected.map(|text| Some(text.to_owned())));
        assert!(fields(&processed(&raw(&[]))).iter().all(Option::is_none));
    }
}
