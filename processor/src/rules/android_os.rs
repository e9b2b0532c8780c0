//! The version of Android. Dumps of Android know that of its Linux; the device says the number of
//! its interface and a name, as in `23 (REL)`.

use crate::case::Case;
use crate::draft::Draft;
use crate::rule::{Rule, RuleError};

pub(super) const RULE: Rule = Rule { name: "android_os", applies, act };

fn applies(case: &Case<'_>, draft: &Draft) -> bool {
    let other = draft.crash.text("os_name").is_some_and(|name| {
        !["unknown", "android"].iter().any(|known| name.eq_ignore_ascii_case(known))
    });
    !other && case.annotation("Android_Version").is_some()
}

fn act(case: &Case<'_>, draft: &mut Draft) -> Result<(), RuleError> {
    let told = case.annotation("Android_Version").unwrap_or_default();
    draft.set("os_name", Some("Android"));
    let number = told.split_whitespace().next().unwrap_or_default();
    if !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()) {
        draft.set_text("os_version", Some(number));
    } else {
        draft.note("Android_Version begins with no number");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::sample::{processed, processed_case, raw};

    #[test]
    fn the_number_before_the_name_is_the_version() {
        for (given, name, version) in [
            ("23 (REL)", Some("Android"), Some("23")),
            ("30", Some("Android"), Some("30")),
            ("REL 23", Some("Android"), None),
            ("-1 (REL)", Some("Android"), None),
            ("", None, None),
        ] {
            let made = processed(&raw(&[("Android_Version", given)]));
            assert_eq!(made.crash.text("os_name"), name, "{given}");
            assert_eq!(made.crash.text("os_version"), version, "{given}");
            let noted = made.notes.iter().any(|note| note.starts_with("android_os: "));
            assert_eq!(noted, name.is_some() && version.is_none(), "{given}");
        }
    }

    #[test]
    fn other_systems_are_what_their_dump_says() {
        for (os, version, expected) in
            [("Linux", "5.8", "5.8"), ("Android", "0.0.0 Linux 4.4", "23")]
        {
            let dump = json!({"system_info": {"os": os, "os_ver": version}});
            let made = processed_case(&raw(&[("Android_Version", "23 (REL)")]), &dump);
            assert_eq!(made.crash.text("os_name"), Some(os));
            assert_eq!(made.crash.text("os_version"), Some(expected));
        }
    }
}
