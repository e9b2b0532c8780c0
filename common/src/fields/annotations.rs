//! Annotations that rules read, beside those that fields are copied from, and who may see each in a
//! raw crash. An annotation that neither table lists is kept, and protected.

use super::Permission::{self, Protected, Public};
use super::{FIELDS, Field, Kind};

/// An annotation that a rule works on.
#[derive(Clone, Copy, Debug)]
pub struct ReadAnnotation {
    /// Its name on the wire.
    pub name: &'static str,
    /// Who may see it in a raw crash.
    pub permission: Permission,
    /// What is made of it.
    pub description: &'static str,
}

const fn read(
    name: &'static str,
    permission: Permission,
    description: &'static str,
) -> ReadAnnotation {
    ReadAnnotation { name, permission, description }
}

/// Annotations that rules read.
#[rustfmt::skip]
pub const READ: &[ReadAnnotation] = &[
    read("Accessibility", Public, "`accessibility` is true where it says Active."),
    read("Add-ons", Public, "Made into `addons`."),
    read("additional_minidumps", Protected, "The client's list of its minidumps; the dumps that came are listed in `additional_minidumps`."),
    read("Breadcrumbs", Protected, "Made into `breadcrumbs`."),
    read("CPUArchitecture", Public, "`cpu_arch` of a crash without a dump."),
    read("CPUInfo", Public, "`cpu_info` of a crash without a dump."),
    read("CPUMicrocodeVersion", Public, "`cpu_microcode_version` where the dump has none."),
    read("CrashTime", Public, "Made into `crash_time` and `client_crash_date`."),
    read("DistributionID", Public, "Made into `distribution_id`."),
    read("JavaStackTrace", Protected, "Made into `java_stack_trace`, without messages, and `java_stack_trace_raw`."),
    read("ModuleSignatureInfo", Protected, "Who signed which module: `cert_subject` of modules."),
    read("MozCrashReason", Protected, "Made into `moz_crash_reason`, unless it may hold private text, and `moz_crash_reason_raw`."),
    read("OS", Public, "`os_name` of a crash without a dump."),
    read("OSVersion", Public, "`os_version` of a crash without a dump."),
    read("PHCAllocStack", Protected, "Made into `phc_alloc_stack`."),
    read("PHCBaseAddress", Protected, "Made into `phc_base_address`."),
    read("PHCFreeStack", Protected, "Made into `phc_free_stack`."),
    read("PHCKind", Protected, "Made into `phc_kind`."),
    read("PHCUsableSize", Protected, "Made into `phc_usable_size`."),
    read("PluginFilename", Public, "Made into `plugin_filename` of plugin processes."),
    read("PluginName", Public, "Made into `plugin_name` of plugin processes."),
    read("PluginVersion", Public, "Made into `plugin_version` of plugin processes."),
    read("ProcessType", Public, "Made into `process_type`."),
    read("SecondsSinceLastCrash", Public, "Made into `last_crash`."),
    read("SubmittedFrom", Public, "Made into `submitted_from`."),
    read("SubmittedFromInfobar", Public, "The older form of SubmittedFrom."),
    read("UtilityActorsName", Public, "Made into `utility_actors_name`."),
    read("Version", Public, "Made into `version`."),
    read("timestamp", Public, "`crash_time` where CrashTime is missing; clients of 2012 sent it."),
    read("prod", Public, "Another name of ProductName."),
    read("product", Public, "Another name of ProductName."),
    read("ver", Public, "Another name of Version."),
    read("version", Public, "Another name of Version."),
];

/// Fields of a raw crash that the collector makes, not the client: public.
pub const OF_THE_COLLECTOR: &[&str] = &["uuid", "submitted_timestamp", "version"];

/// Who may see a field of a raw crash.
pub fn permission(name: &str) -> Permission {
    if OF_THE_COLLECTOR.contains(&name) {
        return Public;
    }
    let read = READ.iter().find(|annotation| annotation.name == name);
    let read = read.map(|annotation| annotation.permission);
    let copied = || FIELDS.iter().find(|field| field.annotation == Some(name));
    read.or_else(|| copied().map(as_text)).unwrap_or(Protected)
}

/// Who may see the annotation that a field is copied from: all of it or nothing, since it is one
/// text in which a part can't be hidden.
fn as_text(field: &Field) -> Permission {
    parts(field.kind).max(field.permission)
}

/// The strictest permission of a structure's parts.
fn parts(kind: Kind) -> Permission {
    match kind {
        Kind::Object(all) => {
            let each = all.iter().map(|part| parts(part.kind).max(part.permission));
            each.max().unwrap_or(Public)
        }
        Kind::List(inner) | Kind::Map(inner) => parts(*inner),
        _ => Public,
    }
}

/// Every annotation that the tables know.
pub fn known() -> impl Iterator<Item = &'static str> {
    let copied = FIELDS.iter().filter_map(|field| field.annotation);
    READ.iter().map(|annotation| annotation.name).chain(copied)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn no_annotation_stands_twice() {
        let names: Vec<_> = known().collect();
        let unique: BTreeSet<_> = names.iter().collect();
        assert_eq!(unique.len(), names.len());
    }

    #[test]
    fn what_no_table_knows_is_protected() {
        for (name, expected) in [
            ("ProductName", Public),
            ("uuid", Public),
            ("Version", Public),
            ("URL", Protected),
            ("JavaStackTrace", Protected),
            ("JavaException", Protected),
            ("Unheard-of", Protected),
        ] {
            assert_eq!(permission(name), expected, "{name}");
        }
    }
}
