//! The version of a beta. A beta of Firefox or Thunderbird says the version that it is to become;
//! which beta it is, only its build id tells, by the builds that are known here.
//!
//! Nobody is asked meanwhile: a processor that can't have the list of builds waits with the crash,
//! and no crash gets a wrong version because some other service was down.

use crate::case::Case;
use crate::draft::Draft;
use crate::rule::{Rule, RuleError};

pub(super) const RULE: Rule = Rule { name: "beta_version", applies, act };

/// Products whose betas hide their number.
const PRODUCTS: [&str; 2] = ["firefox", "thunderbird"];

const CHANNELS: [&str; 2] = ["beta", "aurora"];

/// Where Firefox's developer edition took over the channel aurora, it became a product of its own.
const DEVELOPER_EDITION: &str = "DevEdition";

/// The last build id before that.
const LAST_AURORA: &str = "20170601";

/// What the version of an unknown beta ends in.
const UNKNOWN: &str = "b0";

fn applies(_: &Case<'_>, draft: &Draft) -> bool {
    let is_one_of = |field, known: [&str; 2]| {
        let text = draft.crash.text(field).unwrap_or_default().trim();
        known.iter().any(|known| text.eq_ignore_ascii_case(known))
    };
    draft.crash.text("version").is_some()
        && is_one_of("product", PRODUCTS)
        && is_one_of("release_channel", CHANNELS)
}

fn act(case: &Case<'_>, draft: &mut Draft) -> Result<(), RuleError> {
    let text = |field| draft.crash.text(field).unwrap_or_default().trim();
    let (product, channel, build) = (text("product"), text("release_channel"), text("build"));
    let developers = product.eq_ignore_ascii_case("firefox")
        && channel.eq_ignore_ascii_case("aurora")
        && build > LAST_AURORA;
    let product = if developers { DEVELOPER_EDITION } else { product };
    if let Some(version) = case.builds.version(product, channel, build) {
        draft.set_text("version", Some(version));
        return Ok(());
    }
    let version = format!("{}{UNKNOWN}", text("version"));
    draft.note(format!("the build is not known, and the version got the ending {UNKNOWN}"));
    draft.set_text("version", Some(&version));
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::builds::Builds;
    use crate::files::Files;
    use crate::process::Context;
    use crate::sample::{processed, processed_files, raw};

    #[test]
    fn a_beta_is_what_its_build_is() {
        let mut builds = Builds::default();
        builds.add("Firefox", "beta", "20210101000000", "85.0b9");
        builds.add("DevEdition", "aurora", "20210101000000", "85.0b9");
        builds.add("Firefox", "aurora", "20160101000000", "85.0a2");
        builds.add("Demo", "beta", "20210101000000", "9.9");
        for (product, channel, build, expected) in [
            ("Firefox", "beta", "20210101000000", "85.0b9"),
            ("firefox", "Beta", "20210101000000", "85.0b9"),
            ("Firefox", "aurora", "20210101000000", "85.0b9"),
            ("Firefox", "aurora", "20160101000000", "85.0a2"),
            ("Firefox", "beta", "20210101000001", "85.0b0"),
            ("Firefox", "beta", "", "85.0b0"),
            ("Thunderbird", "beta", "20210101000000", "85.0b0"),
            ("Firefox", "release", "20210101000000", "85.0"),
            ("Demo", "beta", "20210101000000", "85.0"),
            ("", "", "", "85.0"),
        ] {
            let crash = raw(&[
                ("ProductName", product),
                ("ReleaseChannel", channel),
                ("BuildID", build),
                ("Version", "85.0"),
            ]);
            let context = Context { builds: &builds, ..Context::default() };
            let made = processed_files(&crash, Files::default(), context);
            assert_eq!(made.crash.text("version"), Some(expected), "{product} {channel} {build}");
            assert_eq!(made.crash.integer("major_version"), Some(85));
            let noted = made.notes.iter().any(|note| note.starts_with("beta_version: "));
            assert_eq!(noted, expected.ends_with("b0"));
        }
    }

    #[test]
    fn a_beta_without_a_version_gets_none() {
        let crash = raw(&[("ProductName", "Firefox"), ("ReleaseChannel", "beta")]);
        let made = processed(&crash);
        assert!(made.crash.get("version").is_none());
    }
}
