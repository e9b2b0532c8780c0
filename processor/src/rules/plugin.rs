//! The plugin that a plugin's process hosted: its file, name and version, each of which may be
//! empty. A process of another kind hosts none, whatever its client says.

use crate::case::Case;
use crate::draft::Draft;
use crate::rule::{Rule, RuleError, always};

pub(super) const RULE: Rule = Rule { name: "plugin", applies: always, act };

const FIELDS: [(&str, &str); 3] = [
    ("plugin_filename", "PluginFilename"),
    ("plugin_name", "PluginName"),
    ("plugin_version", "PluginVersion"),
];

fn act(case: &Case<'_>, draft: &mut Draft) -> Result<(), RuleError> {
    let hosts = draft.crash.text("process_type") == Some("plugin");
    for (field, annotation) in FIELDS {
        if hosts {
            draft.set_text(field, Some(case.annotation(annotation).unwrap_or_default()));
        } else {
            draft.crash.remove(field);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::sample::{processed, raw};

    #[test]
    fn a_plugins_process_names_its_plugin_and_no_other_does() {
        for (process, name, expected) in [
            ("plugin", "Flash", Some("Flash")),
            ("plugin", "", Some("")),
            ("content", "Flash", None),
            ("", "Flash", None),
        ] {
            let annotations =
                [("ProcessType", process), ("PluginName", name), ("PluginFilename", "x.dll")];
            let made = processed(&raw(&annotations));
            assert_eq!(made.crash.text("plugin_name"), expected, "{process}");
            let file = made.crash.text("plugin_filename");
            assert_eq!(file, (process == "plugin").then_some("x.dll"));
            assert_eq!(made.crash.text("plugin_version").is_some(), process == "plugin");
        }
    }
}
