//! Add-ons as `id:version`, and whether the program checked that they fit.
//!
//! Clients join them with commas and escape each as in an address.

use percent_encoding::percent_decode_str;

use crate::case::Case;
use crate::draft::Draft;
use crate::rule::{Rule, RuleError, always};

pub(super) const RULE: Rule = Rule { name: "addons", applies: always, act };

/// Stands for the version of an add-on that says none.
pub(crate) const WITHOUT_VERSION: &str = "NO_VERSION";

fn act(case: &Case<'_>, draft: &mut Draft) -> Result<(), RuleError> {
    draft.set("addons_checked", checked(case));
    let Some(list) = case.annotation("Add-ons") else { return Ok(()) };
    let addons: Vec<String> =
        list.split(',').map(str::trim).filter(|entry| !entry.is_empty()).map(addon).collect();
    let odd = addons.iter().filter(|addon| addon.ends_with(WITHOUT_VERSION)).count();
    if odd > 0 {
        draft.note(format!("{odd} add-ons have no version"));
    }
    draft.set("addons", Some(addons));
    Ok(())
}

/// Whether the client checked that its add-ons fit; nothing where it does not say.
pub(super) fn checked(case: &Case<'_>) -> Option<bool> {
    let check = case.annotation("EMCheckCompatibility")?;
    Some(check.eq_ignore_ascii_case("true"))
}

fn addon(entry: &str) -> String {
    let (id, version) = entry.split_once(':').unwrap_or((entry, ""));
    let version = if version.is_empty() { WITHOUT_VERSION } else { version };
    format!("{}:{}", decoded(id), decoded(version))
}

/// Undoes the escapes; what is then no UTF-8 or a zero becomes the mark for such.
pub(super) fn decoded(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().replace('\0', "\u{fffd}")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::sample::{processed, raw};

    #[test]
    fn every_form_of_an_addon_is_read() {
        let made = processed(&raw(&[
            ("Add-ons", "doh%40mozilla.org:2.0.0,%7Babc%7D:1.0:x, bare ,,empty:,a%00%ff:1"),
            ("EMCheckCompatibility", "true"),
        ]));
        assert_eq!(
            made.crash.to_map()["addons"],
            json!([
                "doh@mozilla.org:2.0.0",
                "{abc}:1.0:x",
                "bare:NO_VERSION",
                "empty:NO_VERSION",
                "a\u{fffd}\u{fffd}:1"
            ])
        );
        assert_eq!(made.crash.to_map()["addons_checked"], json!(true));
        assert!(made.notes.contains(&"addons: 2 add-ons have no version".to_owned()));
    }

    #[test]
    fn without_addons_there_is_no_list() {
        let made = processed(&raw(&[]));
        assert!(made.crash.get("addons").is_none() && made.crash.get("addons_checked").is_none());
    }
}
