//! What a run's samples hold, looked at as a whole.

use std::collections::{BTreeMap, BTreeSet};

use super::*;

fn today() -> Day {
    "2026-11-24".parse().unwrap()
}

fn thousand() -> Vec<Sample> {
    Plan::over_days(1, 1_000, today(), 7).samples().collect()
}

fn number(sample: &Sample, name: &str) -> i64 {
    sample.annotations[name].parse().unwrap()
}

#[test]
fn the_same_seed_and_day_give_the_same_and_others_give_others() {
    let ids = |seed, day: &str| -> Vec<_> {
        let plan = Plan::over_days(seed, 200, day.parse().unwrap(), 5);
        plan.samples().map(|sample| sample.crash_id).collect()
    };
    assert_eq!(thousand(), thousand());
    assert_eq!(ids(1, "2026-11-24"), ids(1, "2026-11-24"));
    assert_ne!(ids(1, "2026-11-24"), ids(2, "2026-11-24"));
    assert_ne!(ids(1, "2026-11-24"), ids(1, "2026-11-25"));
}

#[test]
fn ids_are_unique_and_carry_the_day_of_the_submission() {
    let samples = thousand();
    let ids: BTreeSet<_> = samples.iter().map(|sample| sample.crash_id).collect();
    assert_eq!(ids.len(), 1_000);
    let days: BTreeSet<_> = ids.iter().map(|id| id.day()).collect();
    assert_eq!(days.len(), 7);
    for sample in &samples {
        assert_eq!(sample.submitted.day(), Some(sample.crash_id.day()));
        assert!(number(sample, "CrashTime") <= sample.submitted.seconds());
        assert!(number(sample, "StartupTime") <= number(sample, "CrashTime"));
        assert!(number(sample, "InstallTime") <= number(sample, "StartupTime"));
    }
}

#[test]
fn every_feature_that_a_report_shows_occurs() {
    let samples = thousand();
    let texts = |name: &str| -> BTreeSet<&str> {
        samples
            .iter()
            .filter_map(|sample| sample.annotations.get(name))
            .map(String::as_str)
            .collect()
    };
    for (name, several) in [
        ("ProductName", 4),
        ("Version", 12),
        ("ReleaseChannel", 6),
        ("BuildID", 30),
        ("Add-ons", 50),
        ("Comments", 12),
        ("URL", 100),
        ("Email", 10),
        ("UserID", 1),
        ("ProcessType", 4),
        ("PluginVersion", 4),
        ("OOMAllocationSize", 4),
        ("AbortMessage", 6),
        ("MozCrashReason", 3),
        ("Throttleable", 2),
        ("JavaStackTrace", 2),
        ("Android_Model", 2),
        ("AdapterDriverVersion", 3),
        ("Winsock_LSP", 1),
        ("TelemetryEnvironment", 50),
        ("AsyncShutdownTimeout", 1),
        ("ipc_channel_error", 1),
        ("Hang", 1),
        ("SecondsSinceLastCrash", 50),
        ("Distributor", 1),
        ("useragent_locale", 8),
        ("RemoteType", 2),
        ("EMCheckCompatibility", 2),
        ("StartupCrash", 2),
    ] {
        let found = texts(name);
        assert!(found.len() >= several, "{name}: {found:?}");
    }
    let is_foreign = |text: &&str| text.chars().any(|letter| u32::from(letter) > 0x2ff);
    assert!(texts("Comments").iter().any(is_foreign));
    assert!(texts("Comments").iter().any(|text| text.chars().count() > 500));
    assert!(texts("Version").iter().any(|version| version.contains('b')));
    assert!(texts("Version").iter().any(|version| version.ends_with("a1")));
    let at_start =
        |sample: &Sample| number(sample, "CrashTime") - number(sample, "StartupTime") < 60;
    assert!(samples.iter().filter(|sample| at_start(sample)).count() > 50);
    assert!(samples.iter().any(|sample| sample.sends_json));
    assert!(samples.iter().any(|sample| !sample.sends_json));
    let kinds: BTreeSet<_> =
        samples.iter().flat_map(|sample| &sample.dumps).map(|(_, dump)| dump.kind).collect();
    assert_eq!(kinds.len(), super::super::kinds::KINDS.len() + 1, "{kinds:?}");
}

#[test]
fn a_few_kinds_dominate_and_the_tail_is_long() {
    let mut counts = BTreeMap::new();
    for sample in thousand() {
        let kind = sample.dumps.first().map(|(_, dump)| dump.kind);
        let message =
            sample.annotations.get("AbortMessage").or(sample.annotations.get("OOMAllocationSize"));
        *counts.entry((kind, message.cloned())).or_insert(0) += 1;
    }
    let mut counts: Vec<i32> = counts.into_values().collect();
    counts.sort_unstable_by_key(|count| std::cmp::Reverse(*count));
    assert!(counts.iter().take(4).sum::<i32>() > 450, "{counts:?}");
    assert!(counts.len() > 25, "{counts:?}");
}

#[test]
fn the_two_sides_of_a_hang_share_its_id_and_the_plugins_brings_both_dumps() {
    let mut pairs: BTreeMap<String, Vec<Sample>> = BTreeMap::new();
    for sample in thousand() {
        if let Some(id) = sample.annotations.get("HangID") {
            pairs.entry(id.clone()).or_default().push(sample);
        }
    }
    assert!(pairs.len() > 10);
    assert!(pairs.values().any(|sides| sides.len() == 2));
    for sides in pairs.values() {
        let plugin = sides.iter().find(|side| side.annotations.contains_key("ProcessType"));
        let Some(plugin) = plugin else { panic!("a hang without a plugin's side: {sides:?}") };
        assert_eq!(plugin.annotations["ProcessType"], "plugin");
        assert_eq!(plugin.annotations["PluginHang"], "1");
        assert!(plugin.annotations.contains_key("PluginVersion"));
        let names: Vec<_> = plugin.dumps.iter().map(|(name, _)| *name).collect();
        assert_eq!(names, ["upload_file_minidump", "upload_file_minidump_browser"]);
        let browser = sides.iter().find(|side| side.crash_id != plugin.crash_id);
        assert!(browser.is_none_or(|side| side.dumps.len() == 1));
        for name in ["ProductName", "Version", "BuildID", "CrashTime"] {
            assert!(sides.iter().all(|side| side.annotations[name] == plugin.annotations[name]));
        }
    }
}

#[test]
fn duplicates_are_such_by_the_rule_of_2012() {
    let samples = thousand();
    let near = |leader: &Sample, follower: &Sample, from: &str| {
        let age = |sample: &Sample| number(sample, "CrashTime") - number(sample, from);
        let passed = number(follower, "CrashTime") - number(leader, "CrashTime");
        (passed - (age(follower) - age(leader))).abs() <= 60
    };
    let mut found = [0; 2];
    for pair in samples.windows(2) {
        let [leader, follower] = pair else { unreachable!("windows of two") };
        let same = |name: &str| leader.annotations.get(name) == follower.annotations.get(name);
        let compared = ["ProductName", "Version", "BuildID", "Notes", "URL"];
        if leader.look != follower.look || leader.dumps != follower.dumps {
            continue;
        }
        assert!(compared.iter().all(|name| same(name)));
        let apart = follower.submitted.seconds() - leader.submitted.seconds();
        assert!((0..1_800).contains(&apart), "no window of an hour holds both: {apart}");
        assert!(near(leader, follower, "InstallTime"));
        let uptime = number(follower, "CrashTime") - number(follower, "StartupTime");
        let at_start = !near(leader, follower, "StartupTime");
        assert!(!at_start || uptime < 60);
        found[usize::from(at_start)] += 1;
    }
    assert!(found.iter().all(|count| *count > 5), "{found:?}");
}

#[test]
fn a_java_crash_has_no_dump_and_every_other_has_one() {
    for sample in thousand() {
        let is_java = sample.annotations.contains_key("JavaStackTrace");
        assert_eq!(is_java, sample.dumps.is_empty());
    }
}
