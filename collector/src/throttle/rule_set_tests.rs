//! The rule sets against tables of crashes, the form of files, and the statistics of sampling.

use std::collections::BTreeMap;
use std::sync::Mutex;

use auxilio_common::{Annotations, Random, Throttle, Timestamp};
use auxilio_service::rule_text::RulesError;

use super::RuleSet;

/// SplitMix64, from a seed.
#[derive(Debug)]
struct Seeded(Mutex<u64>);

impl Random for Seeded {
    fn fill(&self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(8) {
            let mut state = self.0.lock().unwrap();
            *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mut mixed = (*state ^ (*state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            chunk.copy_from_slice(&(mixed ^ (mixed >> 31)).to_le_bytes()[..chunk.len()]);
        }
    }
}

fn now() -> Timestamp {
    "2026-11-24T12:00:00Z".parse().unwrap()
}

fn annotations(pairs: &[(&str, &str)]) -> Annotations {
    pairs.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect()
}

/// The possible verdicts as `verdict rule percent`.
fn outcomes(set: &RuleSet, pairs: &[(&str, &str)]) -> Vec<String> {
    let explanation = set.explain(annotations(pairs), &[], now());
    let said = explanation.outcomes.iter();
    said.map(|outcome| format!("{} {} {}", outcome.verdict, outcome.rule, outcome.percent))
        .collect()
}

type Case<'a> = (&'a [(&'a str, &'a str)], &'a [&'a str]);

fn check(set: &str, cases: &[Case<'_>]) {
    let set = RuleSet::load(set).unwrap();
    for (pairs, expected) in cases {
        assert_eq!(outcomes(&set, pairs), *expected, "{pairs:?}");
    }
}

const OLD_WINDOWS: &str =
    r#"{"system": {"os": {"name": "Windows_NT", "windowsBuildNumber": 9600}}}"#;
const NEW_WINDOWS: &str =
    r#"{"system": {"os": {"name": "Windows_NT", "windowsBuildNumber": 9601}}}"#;
const LINUX: &str = r#"{"system": {"os": {"name": "Linux", "windowsBuildNumber": 1}}}"#;

const ALL: &[&str] = &["accept accept_everything 100"];
const TENTH: &[&str] = &["accept is_firefox_desktop 10", "discard is_firefox_desktop 90"];
const FIREFOX: (&str, &str) = ("ProductName", "Firefox");
const RELEASE: (&str, &str) = ("ReleaseChannel", "release");
const ESR: (&str, &str) = ("ReleaseChannel", "esr");

fn infobar<'a>(version: &'a str, build: &'a str) -> [(&'a str, &'a str); 4] {
    [FIREFOX, ("SubmittedFromInfobar", "true"), ("Version", version), ("BuildID", build)]
}

#[test]
fn the_rules_of_mozilla_hit_and_miss_in_their_order() {
    let old: &[&str] = &["discard has_old_buildid 100"];
    let unsupported: &[&str] = &["discard unsupported_product 100"];
    let package: &[&str] = &["discard unsupported_packagename 100"];
    let hang: &[&str] = &["discard has_hangid_and_browser 100"];
    let fake: &[&str] = &["fake_accept b2g 100"];
    let esr_windows: &[&str] =
        &["discard is_firefox_esr_unsupported_windows 75", "accept is_alpha_beta_esr 25"];
    let esr: &[&str] = &["accept is_alpha_beta_esr 100"];
    check(
        "mozilla",
        &[
            (&[FIREFOX, ("BuildID", "20241101000000")], old),
            (&[FIREFOX, ("BuildID", "20261101000000")], ALL),
            (&[FIREFOX, ("BuildID", "2024110100000")], ALL),
            // The first of two that hit.
            (&[("ProductName", "x"), ("BuildID", "20241101000000"), ("HangID", "1")], old),
            (&[FIREFOX, ("HangID", "1")], hang),
            (&[FIREFOX, ("HangID", ""), ("ProcessType", "browser")], hang),
            (&[FIREFOX, ("HangID", "1"), ("ProcessType", "content")], ALL),
            (&infobar("57.0.1", "20171225000000"), old),
            (&infobar("57.0.1", "x"), ALL),
            (&[("ProductName", "B2G")], fake),
            (&[("ProductName", "b2g"), ("Comments", "x")], fake),
            (&[("ProductName", "SeaMonkey")], unsupported),
            (&[("ProductName", "firefox")], unsupported),
            (&[("Comments", "no product")], unsupported),
            (&[("product", "Thunderbird")], ALL),
            (&[("ProductName", "MozillaVPN")], ALL),
            (&[("ProductName", "Firefox Enterprise")], ALL),
            (&[("ProductName", "Fenix"), ("Android_PackageName", "org.mozilla.fenix")], ALL),
            (&[("ProductName", "Fenix"), ("Android_PackageName", "org.mozilla.klar")], package),
            (&[("ProductName", "Focus"), ("Android_PackageName", "org.mozilla.klar")], ALL),
            (&[("ProductName", "Focus")], package),
            (&[("ProductName", "ReferenceBrowser"), ("Android_PackageName", "")], package),
            (&[FIREFOX, RELEASE, ("Throttleable", "0")], &["accept throttleable_0 100"]),
            (&[FIREFOX, RELEASE, ("Throttleable", "1")], TENTH),
            (&[FIREFOX, RELEASE, ("Comments", "x")], &["accept has_comments 100"]),
            (&[FIREFOX, RELEASE, ("Comments", "")], TENTH),
            (&[FIREFOX, RELEASE, ("PHCKind", "FreedPage")], &["accept has_phc 100"]),
            (&[FIREFOX, RELEASE, ("ProcessType", "gpu")], &["accept is_background 100"]),
            (&[FIREFOX, RELEASE, ("ProcessType", "utility")], &["accept is_background 100"]),
            (&[FIREFOX, RELEASE, ("ProcessType", "content")], TENTH),
            (
                &[FIREFOX, RELEASE, ("ipc_channel_error", "ShutDownKill")],
                &[
                    "discard is_shutdownkill 90",
                    "accept is_firefox_desktop 1",
                    "discard is_firefox_desktop 9",
                ],
            ),
            (&[FIREFOX, ESR, ("TelemetryEnvironment", OLD_WINDOWS)], esr_windows),
            (&[FIREFOX, ESR, ("TelemetryEnvironment", NEW_WINDOWS)], esr),
            (&[FIREFOX, ESR, ("TelemetryEnvironment", LINUX)], esr),
            (&[FIREFOX, ESR, ("TelemetryEnvironment", "[1")], esr),
            (&[("ProductName", "Thunderbird"), ESR, ("TelemetryEnvironment", OLD_WINDOWS)], esr),
            (&[FIREFOX, ("ReleaseChannel", "aurora")], esr),
            (&[FIREFOX, ("ReleaseChannel", "nightly-oak")], &["accept is_nightly 100"]),
            (&[FIREFOX, RELEASE], TENTH),
            (&[("ProductName", "Thunderbird"), RELEASE], ALL),
            (&[FIREFOX], ALL),
        ],
    );
}

#[test]
fn the_rules_of_mozilla_are_its_sixteen() {
    let names: Vec<_> =
        RuleSet::load("mozilla").unwrap().rules.iter().map(|rule| rule.name.to_string()).collect();
    assert_eq!(
        names.join(" "),
        "has_old_buildid has_hangid_and_browser infobar_is_true b2g unsupported_product \
         unsupported_packagename throttleable_0 has_comments has_phc is_background is_shutdownkill \
         is_firefox_esr_unsupported_windows is_alpha_beta_esr is_nightly is_firefox_desktop \
         accept_everything"
    );
}

#[test]
fn the_infobar_counts_while_its_builds_are_young() {
    let set = RuleSet::load("mozilla").unwrap();
    let at = "2018-01-10T00:00:00Z".parse().unwrap();
    for (version, build, rule) in [
        ("57.0.1", "20171225000000", "infobar_is_true"),
        ("57.0.1", "20171226000000", "accept_everything"),
        ("60.0", "20171225000000", "accept_everything"),
        ("51.0", "20171225000000", "accept_everything"),
    ] {
        let explanation = set.explain(annotations(&infobar(version, build)), &[], at);
        assert_eq!(explanation.outcomes[0].rule, rule, "{version} {build}");
    }
}

#[test]
fn the_rules_of_2012_hit_and_miss_in_their_order() {
    assert_eq!(RuleSet::load("socorro-2012").unwrap().len(), 8);
    let firefox: &[&str] = &["accept is_firefox 10", "defer is_firefox 90"];
    let letter: &[&str] = &["accept is_thunderbird_seamonkey_camino 100"];
    let none: &[&str] = &["defer everything_else 100"];
    let before: &[&str] = &["accept is_prerelease_version 100"];
    check(
        "socorro-2012",
        &[
            (&[FIREFOX, ("Comments", "x")], &["accept has_comments 100"]),
            (&[FIREFOX, ("Comments", "")], firefox),
            (&[FIREFOX, ("ReleaseChannel", "beta")], &["accept is_alpha_beta_esr 100"]),
            (&[FIREFOX, ("ReleaseChannel", "nightly-ux")], &["accept is_nightly 100"]),
            (&[FIREFOX, ("Version", "3.6b2")], firefox),
            (&[("ProductName", "Fennec")], &["accept is_fennec 100"]),
            (&[("ProductName", "Other"), ("Version", "3.6b2")], before),
            (&[("ProductName", "Other"), ("Version", "3.6")], none),
            (&[("ProductName", "Other"), ("Version", "b3.6")], none),
            (&[("ProductName", "SeaMonkey")], letter),
            (&[("ProductName", "Thunderbird")], letter),
            (&[("ProductName", "Camino")], letter),
            (&[("ProductName", "camino")], none),
            (&[("Throttleable", "0")], none),
        ],
    );
}

#[test]
fn accept_all_takes_everything() {
    check("accept-all", &[(&[], ALL), (&[("ProductName", "B2G")], ALL)]);
}

/// One rule with these conditions.
fn accepts(conditions: &str, pairs: &[(&str, &str)]) -> bool {
    let text = format!("[[rule]]\nname = \"r\"\nverdict = \"accept\"\nwhen = [{conditions}]\n");
    let set = from_text(&text).unwrap();
    outcomes(&set, pairs) == ["accept r 100"]
}

fn from_text(text: &str) -> Result<RuleSet, RulesError> {
    let file = tempfile::Builder::new().suffix(".toml").tempfile().unwrap();
    std::fs::write(file.path(), text).unwrap();
    RuleSet::load(file.path().to_str().unwrap())
}

#[test]
fn each_condition_holds_for_what_it_says() {
    // A condition; values for which it holds; values for which it does not. None is an absent field.
    type Row<'a> = (&'a str, &'a [Option<&'a str>], &'a [Option<&'a str>]);
    let rows: &[Row<'_>] = &[
        ("equals = 'a'", &[Some("a")], &[Some("A"), Some("ab"), Some(""), None]),
        ("equals = 'A', ignore_case = true", &[Some("a"), Some("A")], &[Some("b"), None]),
        ("equals = 'a', not = true", &[Some("b"), Some(""), None], &[Some("a")]),
        ("equals = 'a', default = 'a'", &[Some("a"), None], &[Some("b"), Some("")]),
        ("one_of = ['a', 'b']", &[Some("a"), Some("b")], &[Some("c"), None]),
        ("prefix = 'ab'", &[Some("ab"), Some("abc")], &[Some("a"), Some("cab"), None]),
        ("prefix = ['a', 'b']", &[Some("ax"), Some("bx")], &[Some("cx"), None]),
        ("regex = 'b+'", &[Some("abba")], &[Some("aBa"), None]),
        ("regex = '^b$', ignore_case = true", &[Some("B")], &[Some("ab")]),
        ("present = true", &[Some("x")], &[Some(""), None]),
        ("present = false", &[Some(""), None], &[Some("x")]),
        ("version = '>= 3.5.4'", &[Some("3.5.4"), Some("10")], &[Some("3.5.3"), Some("x"), None]),
        ("version = '>= 52, < 60'", &[Some("59.0.1")], &[Some("60"), Some("51.9"), Some("")]),
        (
            "older_than_days = 10",
            &[Some("20261101000000")],
            &[Some("20261120000000"), Some("1"), None],
        ),
        ("built_before = '20261101'", &[Some("20261031000000")], &[Some("20261101000000"), None]),
        ("is = true", &[Some("1"), Some("True")], &[Some("0"), Some("yes"), Some(""), None]),
        ("is = false", &[Some("0"), Some("false")], &[Some("1"), Some(""), None]),
        ("at_most = 5", &[Some("5"), Some("-1.5")], &[Some("5.1"), Some("NaN"), Some("x"), None]),
        ("at_least = 5", &[Some("5")], &[Some("4"), Some("inf"), None]),
        (
            "pointer = '/a/0', equals = 'x'",
            &[Some(r#"{"a": ["x"]}"#)],
            &[Some(r#"{"a": [["x"]]}"#), Some("x"), Some("{"), Some(r#"{"a": [null]}"#), None],
        ),
        ("pointer = '/a', is = true", &[Some(r#"{"a": true}"#)], &[Some(r#"{"a": {}}"#)]),
    ];
    for (condition, hold, fail) in rows {
        for (values, expected) in [(hold, true), (fail, false)] {
            for value in *values {
                let pairs: Vec<_> = value.iter().map(|value| ("F", *value)).collect();
                let conditions = format!("{{ field = 'F', {condition} }}");
                assert_eq!(accepts(&conditions, &pairs), expected, "{condition}: {value:?}");
            }
        }
    }
    let both = "{ field = 'A', equals = '1' }, { field = 'B', equals = '2' }";
    assert!(accepts(both, &[("A", "1"), ("B", "2")]) && !accepts(both, &[("A", "1")]));
}

#[test]
fn a_fault_in_a_file_is_named_with_its_line() {
    let rule = "[[rule]]\nname = \"a\"\nverdict = \"accept\"\n";
    for (text, line, what) in [
        ("[[rule]\n".to_owned(), 1, ""),
        ("\nnonsense = 1\n".to_owned(), 2, "nonsense"),
        (String::new(), 1, "1 to 1000 rules"),
        (format!("{rule}{rule}"), 5, "second rule named a"),
        (format!("{rule}wehn = []\n"), 4, "wehn"),
        (rule.replace("\"a\"", "\"b c\""), 2, "no name of a rule"),
        (rule.replace("accept", "maybe"), 3, "\"maybe\" is none of continue, accept"),
        (format!("{rule}percent = 101\notherwise = \"discard\"\n"), 4, "percent is from 0 to 100"),
        (format!("{rule}percent = 10\n"), 4, "percent needs otherwise"),
        (format!("{rule}otherwise = \"discard\"\n"), 4, "otherwise needs percent"),
        (format!("{rule}percent = 10\notherwise = \"accept\"\n"), 3, "does nothing"),
        (format!("{rule}when = [\n  {{ equals = 'x' }},\n]\n"), 5, "names its field"),
        (format!("{rule}when = [\n\n  {{ field = 'x' }},\n]\n"), 6, "exactly one test"),
        (format!("{rule}when = [{{ field = 'x', is = true, equals = 'x' }}]\n"), 4, "exactly one"),
        (format!("{rule}when = [{{ field = 'x', regex = '(' }}]\n"), 4, "regular expression"),
        (format!("{rule}when = [{{ field = 'x', version = 'new' }}]\n"), 4, "range of versions"),
        (format!("{rule}when = [{{ field = 'x', built_before = '1' }}]\n"), 4, "no day"),
        (
            format!("{rule}when = [{{ field = 'x', pointer = 'a', is = true }}]\n"),
            4,
            "begins with /",
        ),
        (format!("{rule}when = [{{ field = 'x', equals = 5 }}]\n"), 4, ""),
    ] {
        let Err(RulesError::Refused { source, .. }) = from_text(&text) else {
            panic!("taken: {text}")
        };
        assert_eq!(source.line, line, "{source}\n{text}");
        assert!(source.what.contains(what), "{source}\n{text}");
    }
    let unknown = RuleSet::load("mozila").unwrap_err().to_string();
    assert!(unknown.contains("accept-all, mozilla, socorro-2012"), "{unknown}");
    assert!(matches!(RuleSet::load("/nowhere/x.toml"), Err(RulesError::Read { .. })));
}

#[test]
fn a_list_of_products_is_a_first_rule_unless_a_rule_asks_for_it() {
    let rest = "[[rule]]\nname = \"rest\"\nverdict = \"accept\"\n";
    let set = from_text(&format!("products = [\"Demo\"]\n{rest}")).unwrap();
    assert_eq!(outcomes(&set, &[("ProductName", "Demo")]), ["accept rest 100"]);
    assert_eq!(outcomes(&set, &[("ProductName", "x")]), ["discard unsupported_product 100"]);
    assert_eq!(outcomes(&set, &[]), ["discard unsupported_product 100"]);
    let asks = "[[rule]]\nname = \"mine\"\nverdict = \"accept\"\nwhen = [{ in_products = true }]\n";
    let set = from_text(&format!("products = [\"Demo\"]\n{asks}")).unwrap();
    assert_eq!(outcomes(&set, &[("ProductName", "Demo")]), ["accept mine 100"]);
    assert_eq!(outcomes(&set, &[("ProductName", "x")]), ["discard NO_MATCH 100"]);
}

#[test]
fn counts_of_a_sample_can_be_weighted_back() {
    let set = RuleSet::load("mozilla").unwrap();
    let random = Seeded(Mutex::new(7));
    let crashes = 200_000;
    for (pairs, share) in [
        (annotations(&[FIREFOX, RELEASE]), 10.0),
        (annotations(&[FIREFOX, RELEASE, ("ipc_channel_error", "ShutDownKill")]), 1.0),
        (annotations(&[FIREFOX, ESR, ("TelemetryEnvironment", OLD_WINDOWS)]), 25.0),
        (annotations(&[FIREFOX]), 100.0),
    ] {
        let mut weight = 0.0;
        for _ in 0..crashes {
            let decision = set.decide(&pairs, now(), &random);
            if decision.throttle == Throttle::Accept {
                assert!((decision.sample_percent - share).abs() < 1e-9, "{decision:?}");
                weight += 100.0 / decision.sample_percent;
            }
        }
        // Five standard deviations of the rarest: 1 of 100.
        let off = (weight - f64::from(crashes)).abs() / f64::from(crashes);
        assert!(off < 0.12, "{share}: {weight}");
    }
}

#[test]
fn what_decides_is_what_the_explanation_says() {
    let set = RuleSet::load("socorro-2012").unwrap();
    let random = Seeded(Mutex::new(9));
    let mut seen: BTreeMap<String, u32> = BTreeMap::new();
    for _ in 0..10_000 {
        let decision = set.decide(&annotations(&[FIREFOX]), now(), &random);
        let said = format!("{:?} {} {}", decision.throttle, decision.rule, decision.sample_percent);
        *seen.entry(said).or_default() += 1;
    }
    let (accepted, deferred) = (seen["Accept is_firefox 10"], seen["Defer is_firefox 90"]);
    assert_eq!(accepted + deferred, 10_000);
    assert!((850..1_150).contains(&accepted), "{accepted}");

    let explanation = set.explain(annotations(&[("ProductName", "Fennec")]), &[], now());
    assert_eq!(explanation.rules.len(), 5, "those behind the one that decides are not asked");
    assert_eq!(explanation.rules[3].why, "not so: ProductName is \"Firefox\" (it is \"Fennec\")");
    assert_eq!(explanation.rules[4].why, "ProductName is \"Fennec\" (it is \"Fennec\")");
    let removed = ["Comments".to_owned()];
    let explanation = set.explain(annotations(&[("Comments", "x")]), &removed, now());
    assert_eq!(explanation.outcomes[0].rule, "everything_else", "no rule sees what is removed");
}
