//! The report row of a sample, as if its dump had been walked on the system that the client runs.

use auxilio_common::{Generation, Quality, Throttle};
use auxilio_database::Report;

use super::dice::Dice;
use super::plugins::FLASH_VERSIONS;
use super::signatures;
use super::story::Sample;
use super::systems::{Family, PROCESSORS, System};

/// Kinds of crashes by system, the frequent first.
fn reasons(family: Family) -> &'static [&'static str] {
    match family {
        Family::Windows => &[
            "EXCEPTION_ACCESS_VIOLATION_READ",
            "EXCEPTION_ACCESS_VIOLATION_WRITE",
            "EXCEPTION_BREAKPOINT",
            "EXCEPTION_ACCESS_VIOLATION_EXEC",
            "EXCEPTION_STACK_OVERFLOW",
            "EXCEPTION_ILLEGAL_INSTRUCTION",
        ],
        Family::Mac => &["EXC_BAD_ACCESS / KERN_INVALID_ADDRESS", "EXC_BREAKPOINT / EXC_I386_BPT"],
        Family::Linux | Family::Android => {
            &["SIGSEGV / SEGV_MAPERR", "SIGABRT / SI_TKILL", "SIGBUS"]
        }
    }
}

/// The row.
pub(super) fn of(sample: &mut Sample) -> Report {
    let mut report = Report::new(
        sample.crash_id,
        sample.submitted,
        Generation::floor(sample.submitted),
        Quality::Clean,
        Throttle::Accept,
        100.0,
    );
    let is_hang = sample.annotations.contains_key("HangID");
    fill_from_client(&mut report, sample);
    fill_look(&mut report, &mut Dice::of(&[sample.look]), sample.system, is_hang);
    report.started_datetime = Some(sample.submitted.plus(std::time::Duration::from_secs(2)));
    report.completed_datetime =
        Some(sample.submitted.plus(std::time::Duration::from_millis(2_400)));
    report.success = Some(true);
    report.truncated = Some(false);
    report
}

/// What the processor copies from the annotations. Takes them out: nobody needs them any more.
fn fill_from_client(report: &mut Report, sample: &mut Sample) {
    let mut take = |name: &str| sample.annotations.remove(name);
    let seconds = |text: Option<String>| text.and_then(|text| text.parse::<i64>().ok());
    let crashed = seconds(take("CrashTime"));
    report.client_crash_date = crashed.map(super::calendar::at_second);
    report.uptime = crashed.zip(seconds(take("StartupTime"))).map(|(crash, start)| crash - start);
    report.install_age =
        crashed.zip(seconds(take("InstallTime"))).map(|(crash, install)| crash - install);
    report.last_crash = seconds(take("SecondsSinceLastCrash"));
    report.product = take("ProductName");
    report.release_channel = take("ReleaseChannel");
    let is_esr = report.release_channel.as_deref() == Some("esr");
    report.version = take("Version").map(|version| if is_esr { version + "esr" } else { version });
    report.build = take("BuildID");
    report.url = take("URL");
    report.email = take("Email");
    report.user_id = take("UserID");
    report.user_comments = take("Comments");
    report.app_notes = take("Notes");
    report.distributor = take("Distributor");
    report.distributor_version = take("Distributor_version");
    report.addons_checked = take("EMCheckCompatibility").map(|text| text == "true");
    report.hangid = take("HangID");
    report.process_type = take("ProcessType");
    report.productid = take("ProductID");
}

/// What the processor reads off the dump. The same look gives the same.
fn fill_look(report: &mut Report, dice: &mut Dice, system: &System, is_hang: bool) {
    report.signature = Some(signatures::draw(dice, is_hang));
    report.reason = Some((*dice.pick_ranked(reasons(system.family))).to_owned());
    let near_null = dice.chance(400);
    let address = if near_null { 8 * dice.below(64) } else { dice.below(1 << 47) };
    report.address = Some(format!("0x{address:x}"));
    report.os_name = Some(system.name.to_owned());
    report.os_version = Some(system.version.to_owned());
    report.cpu_name = Some(system.arch.to_owned());
    let mut processors = PROCESSORS.iter().filter(|(arch, _)| *arch == system.arch);
    let chosen = processors.clone().count().max(1) as u64;
    let place = usize::try_from(dice.below(chosen)).unwrap_or(0);
    report.cpu_info = processors.nth(place).map(|(_, info)| (*info).to_owned());
    report.topmost_filenames =
        Some(format!("src/part{}/file{}.cpp", dice.ranked(12), dice.ranked(90)));
    let has_flash = report.process_type.as_deref() == Some("plugin") || dice.chance(60);
    let flash = if has_flash { *dice.pick_ranked(FLASH_VERSIONS) } else { "[blank]" };
    report.flash_version = Some(flash.to_owned());
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::super::plan::Plan;
    use super::*;

    fn rows(seed: u64) -> Vec<Report> {
        let plan = Plan::of_day(seed, 5_000, "2026-11-23".parse().unwrap());
        plan.samples().map(|mut sample| of(&mut sample)).collect()
    }

    #[test]
    fn the_same_seed_and_date_give_the_same_rows() {
        assert_eq!(rows(1), rows(1));
        assert_ne!(rows(1)[0].uuid, rows(2)[0].uuid);
    }

    #[test]
    fn rows_are_whole_and_of_many_systems_and_signatures() {
        let rows = rows(1);
        let systems: BTreeSet<_> = rows.iter().map(|row| (&row.os_name, &row.os_version)).collect();
        assert!(systems.len() > 12, "{systems:?}");
        let mut signatures = BTreeMap::new();
        for row in &rows {
            *signatures.entry(row.signature.clone().unwrap()).or_insert(0) += 1;
            assert!(row.cpu_info.is_some() && row.product.is_some(), "{row:?}");
            assert!(row.uptime >= Some(0) && row.install_age >= row.uptime, "{row:?}");
        }
        assert!(signatures.len() > 800, "{}", signatures.len());
        assert!(signatures.values().max() > Some(&100));
        assert!(rows.iter().any(|row| row.version.as_deref().is_some_and(|v| v.ends_with("esr"))));
        assert!(rows.iter().any(|row| row.hangid.is_some() && row.process_type.is_none()));
    }
}
