//! What a file of a site's rules may say, what it does, and how a fault in it is named.

use serde_json::{Value, json};

use super::*;
use crate::files::Files;
use crate::process::{Context, Processed};
use crate::sample::{processed_files, raw};

fn processed(rules: &str, annotations: &[(&str, &str)]) -> Processed {
    let rule_sets = read(rules).unwrap();
    processed_files(
        &raw(annotations),
        Files::default(),
        Context { rule_sets: &rule_sets, ..Context::default() },
    )
}

#[test]
fn conditions_hold_or_not() {
    const ANNOTATIONS: [(&str, &str); 5] = [
        ("ProductName", "Demo"),
        ("Add-ons", "a:1,b:2"),
        ("OOMAllocationSize", "4096"),
        ("Own", "value"),
        ("Empty", ""),
    ];
    for (condition, holds) in [
        (r#"field = "product", equals = "Demo""#, true),
        (r#"field = "product", equals = "demo""#, false),
        (r#"field = "product", equals = "demo", not = true"#, true),
        (r#"field = "product", one_of = ["x", "Demo"]"#, true),
        (r#"field = "product", one_of = []"#, false),
        (r#"field = "product", prefix = "De""#, true),
        (r#"field = "product", prefix = ["x", "D"]"#, true),
        (r#"field = "product", prefix = "emo""#, false),
        (r#"field = "product", regex = "^D.*o$""#, true),
        (r#"field = "product", regex = "x""#, false),
        (r#"field = "product", present = true"#, true),
        (r#"field = "vendor", present = true"#, false),
        (r#"field = "vendor", present = false"#, true),
        (r#"field = "vendor", equals = """#, false),
        (r#"field = "addons", equals = "b:2""#, true),
        (r#"field = "addons", equals = "c:2""#, false),
        (r#"field = "oom_allocation_size", equals = "4096""#, true),
        (r#"annotation = "Own", equals = "value""#, true),
        (r#"annotation = "Own", present = false"#, false),
        (r#"annotation = "Empty", present = true"#, false),
        (r#"annotation = "None", present = false"#, true),
    ] {
        let rules = format!(
            "[[rule]]\nname = \"r\"\nwhen = [{{ {condition} }}]\nset = {{ field = \"vendor\", value = \"hit\" }}"
        );
        let made = processed(&rules, &ANNOTATIONS);
        assert_eq!(made.crash.text("vendor"), holds.then_some("hit"), "{condition}");
        assert_eq!(made.notes.contains(&"site: r".to_owned()), holds, "{condition}");
    }
}

#[test]
fn actions_change_one_field() {
    let annotations = [
        ("ProductName", "Demo"),
        ("Add-ons", "a:1"),
        ("OOMAllocationSize", "4096"),
        ("Comments", "secret words"),
        ("Own", "value"),
    ];
    for (action, field, expected) in [
        (r#"set = { field = "product", value = "Other" }"#, "product", json!("Other")),
        (
            r#"set = { field = "product", from = "uuid" }"#,
            "product",
            json!("0b794045-87ec-4649-9ce1-73ec00210106"),
        ),
        (r#"set = { field = "email", from_annotation = "Own" }"#, "email", json!("value")),
        (r#"set = { field = "email", from_annotation = "None" }"#, "email", Value::Null),
        (
            r#"set = { field = "vendor", from = "user_comments", show_protected = true }"#,
            "vendor",
            json!("secret words"),
        ),
        (r#"set = { field = "oom_allocation_size", value = 7 }"#, "oom_allocation_size", json!(7)),
        (r#"set = { field = "addons", value = ["x"] }"#, "addons", json!(["x"])),
        (r#"set = { field = "site_owner", value = "us" }"#, "site_owner", json!("us")),
        (r#"set = { field = "sample_percent", value = 0.5 }"#, "sample_percent", json!(0.5)),
        (
            r#"set = { field = "client_crash_date", value = "2021-01-06T20:00:00Z" }"#,
            "client_crash_date",
            json!("2021-01-06T20:00:00Z"),
        ),
        (r#"append = { field = "product", value = "!" }"#, "product", json!("Demo!")),
        (r#"append = { field = "vendor", value = "new" }"#, "vendor", json!("new")),
        (r#"append = { field = "addons", value = "b:2" }"#, "addons", json!(["a:1", "b:2"])),
        (r#"drop = "user_comments""#, "user_comments", Value::Null),
        (r#"drop = "vendor""#, "vendor", Value::Null),
    ] {
        let made = processed(&format!("[[rule]]\nname = \"r\"\n{action}"), &annotations);
        let found = made.crash.get(field).cloned().unwrap_or_default();
        assert_eq!(found, expected, "{action}");
    }
}

#[test]
fn rules_see_what_those_before_them_did() {
    let rules = r#"
        [[rule]]
        name = "first"
        set = { field = "vendor", value = "a" }

        [[rule]]
        name = "second"
        when = [{ field = "vendor", equals = "a" }, { field = "product", equals = "Demo" }]
        append = { field = "vendor", value = "b" }
    "#;
    assert_eq!(processed(rules, &[("ProductName", "Demo")]).crash.text("vendor"), Some("ab"));
    assert_eq!(processed(rules, &[("ProductName", "Other")]).crash.text("vendor"), Some("a"));
}

#[test]
fn what_a_rule_writes_stays_within_the_fields_length() {
    let rules = "[[rule]]\nname = \"r\"\nappend = { field = \"product\", from = \"product\" }";
    let made = processed(rules, &[("ProductName", &"x".repeat(200))]);
    assert_eq!(made.crash.text("product").unwrap().len(), 255);
    assert!(made.notes.contains(&"site: product was cut to 255 characters".to_owned()));
}

#[test]
fn lists_are_chosen_by_product() {
    let rules =
        "base = \"socorro-2012\"\n[products]\nDemo = \"today\"\n\"Old Demo\" = \"socorro-2012\"";
    let rule_sets = read(rules).unwrap();
    assert_eq!(rule_sets.base_of("Demo"), Base::Today);
    assert_eq!(rule_sets.base_of("Old Demo"), Base::Socorro2012);
    assert_eq!(rule_sets.base_of("Other"), Base::Socorro2012);
    assert_eq!(read("").unwrap().base_of("Demo"), Base::Today);
}

/// Holds that a file is refused with this line and these words.
fn assert_refused(text: &str, line: usize, what: &str) {
    let fault = read(text).unwrap_err();
    assert_eq!((fault.line, fault.what.as_str()), (line, what), "{text}");
}

/// One rule, whose first own line is the third.
fn rule(rest: &str) -> String {
    format!("[[rule]]\nname = \"r\"\n{rest}")
}

#[test]
fn a_fault_of_a_file_is_named_with_its_line() {
    let keys = "unknown field `surprise`, expected one of `base`, `products`, `rule`";
    let one = "r has not exactly one of set, append, drop";
    let drop = "drop = \"vendor\"";
    for (text, line, what) in [
        ("base = \"x\"", 1, "\"x\" is none of today, socorro-2012"),
        ("\n[products]\nDemo = \"x\"", 3, "\"x\" is none of today, socorro-2012"),
        ("surprise = 1", 1, keys),
        ("[[rule]]\nname = \"a b\"", 2, "\"a b\" is no name of a rule: letters, digits and _"),
        (&rule(""), 2, one),
        (&rule(&format!("{drop}\nset = {{ field = \"vendor\", value = \"x\" }}")), 2, one),
        (&rule(&format!("{drop}\n{}", rule(drop))), 5, "a second rule named r"),
    ] {
        assert_refused(text, line, what);
    }
    assert!(read("not toml").is_err());
}

#[test]
fn no_rule_takes_away_what_a_crash_is_found_by() {
    let identity = "is what a crash is found by, and no rule changes it";
    let kept = "is what crashes are asked for by, and no rule drops it";
    for (field, what) in [
        ("uuid", identity),
        ("crash_id", identity),
        ("date_processed", identity),
        ("product", kept),
        ("version", kept),
        ("json_dump", "is made after these rules"),
        ("signature", "is made after these rules"),
    ] {
        assert_refused(&rule(&format!("drop = \"{field}\"")), 3, &format!("{field} {what}"));
        if what != kept {
            let set = format!("set = {{ field = \"{field}\", value = \"x\" }}");
            assert_refused(&rule(&set), 3, &format!("{field} {what}"));
        }
    }
    assert_refused(&rule("drop = \"nothing\""), 3, "there is no field \"nothing\"");
}

#[test]
fn a_fault_of_an_action_is_named_with_its_line() {
    let given = "what is written is either a value or from somewhere";
    let shown = "is protected and vendor is public: say show_protected = true if that is meant";
    for (set, what) in [
        ("field = \"nothing\", value = \"x\"", "there is no field \"nothing\""),
        ("field = \"vendor\"", given),
        ("field = \"vendor\", value = \"x\", from = \"product\"", given),
        (
            "field = \"vendor\", from = \"product\", from_annotation = \"X\"",
            "from and from_annotation exclude each other",
        ),
        ("field = \"vendor\", value = 7", "the value is not of the kind of vendor"),
        ("field = \"addons\", value = \"x\"", "the value is not of the kind of addons"),
        ("field = \"vendor\", from = \"nothing\"", "there is no field \"nothing\""),
        (
            "field = \"vendor\", from = \"oom_allocation_size\"",
            "oom_allocation_size is not of the kind of vendor",
        ),
        (
            "field = \"client_crash_date\", value = \"x\"",
            "the value is not of the kind of client_crash_date",
        ),
        ("field = \"breadcrumbs\", value = []", "breadcrumbs is a structure, which no rule writes"),
        (
            "field = \"site_A\", value = \"x\"",
            "\"site_A\" is no name of a field: small letters, digits and _",
        ),
        (
            "field = \"site_owner\", from = \"url\"",
            "url is protected and site_* is public: say show_protected = true if that is meant",
        ),
        ("field = \"vendor\", from = \"email\"", &format!("email {shown}")),
        ("field = \"vendor\", from_annotation = \"Email\"", &format!("Email {shown}")),
        ("field = \"vendor\", from_annotation = \"Unknown\"", &format!("Unknown {shown}")),
    ] {
        assert_refused(&rule(&format!("set = {{ {set} }}")), 3, what);
    }
    assert_refused(
        &rule("append = { field = \"oom_allocation_size\", value = 1 }"),
        3,
        "nothing can be appended to oom_allocation_size: it is no text and no list",
    );
}

#[test]
fn a_fault_of_a_condition_is_named_with_its_line() {
    let tests = "a condition has exactly one of equals, one_of, prefix, regex and present";
    let of = "a condition names one field or one annotation";
    for (condition, what) in [
        ("field = \"nothing\", present = true", "there is no field \"nothing\""),
        ("present = true", of),
        ("field = \"vendor\", annotation = \"X\", present = true", of),
        ("field = \"vendor\"", tests),
        ("field = \"vendor\", equals = \"x\", prefix = \"x\"", tests),
        (
            "field = \"vendor\", regex = \"(\"",
            "the regular expression can't be used: unclosed group",
        ),
    ] {
        let good = "{ field = \"product\", present = true }";
        let text = format!("drop = \"vendor\"\nwhen = [\n  {good},\n  {{ {condition} }},\n]");
        assert_refused(&rule(&text), 6, what);
    }
}

#[test]
fn rules_are_named_or_come_from_a_file() {
    assert_eq!(load("today").unwrap().base, Base::Today);
    assert_eq!(load("socorro-2012").unwrap().base, Base::Socorro2012);
    assert!(matches!(load("tomorrow"), Err(RulesError::Unknown { .. })));
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rules.toml");
    let name = path.to_str().unwrap();
    assert!(matches!(load(name), Err(RulesError::Read { .. })));
    std::fs::write(&path, "\n\nbase = 7").unwrap();
    let Err(RulesError::Refused { source, .. }) = load(name) else { panic!("7 is no list") };
    assert_eq!(source.line, 3);
    std::fs::write(&path, "base = \"socorro-2012\"").unwrap();
    assert_eq!(load(name).unwrap().base, Base::Socorro2012);
    std::fs::write(&path, vec![b'#'; 1024 * 1024 + 1]).unwrap();
    assert!(matches!(load(name), Err(RulesError::TooLong { .. })));
}
