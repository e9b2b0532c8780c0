//! The version of the Flash plugin, by its module; `[blank]` where there is none, as the column
//! had it in 2012.

use std::sync::LazyLock;

use regex::Regex;

use crate::case::Case;
use crate::draft::Draft;
use crate::rule::{Rule, RuleError, always};
use crate::stack::Module;

pub(super) const RULE: Rule = Rule { name: "flash_version", applies: always, act };

const BLANK: &str = "[blank]";

/// File names of the plugin on Windows, Linux and macOS; what follows the name is its version.
static PLUGIN: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"\A(?:NPSWF32_?(.*)\.dll|libflashplayer(.*)\.(?:.*)|Flash ?Player-?(.*))").ok()
});

fn act(case: &Case<'_>, draft: &mut Draft) -> Result<(), RuleError> {
    let found = case.modules().iter().find_map(version);
    draft.set_text("flash_version", Some(found.as_deref().unwrap_or(BLANK)));
    Ok(())
}

/// The version of a module that is the plugin: as the module says, else as its file's name does.
fn version(module: &Module<'_>) -> Option<String> {
    let captures = PLUGIN.as_ref()?.captures(module.filename()?)?;
    if let Some(told) = module.version() {
        return Some(told.to_owned());
    }
    let in_name = captures.iter().skip(1).flatten().next().map(|part| part.as_str());
    in_name.filter(|part| !part.is_empty()).map(|part| part.replace('_', "."))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::sample::processed_dump;

    #[test]
    fn the_plugin_is_known_by_its_file_on_every_platform() {
        for (file, version, expected) in [
            ("NPSWF32_11_2_202_235.dll", "", "11.2.202.235"),
            ("NPSWF32.dll", "10.3.181.14", "10.3.181.14"),
            ("NPSWF32.dll", "", "[blank]"),
            ("libflashplayer11.2.so", "", "11.2"),
            ("FlashPlayer-10.6", "", "10.6"),
            ("Flash Player", "", "[blank]"),
            ("xul.dll", "13.0", "[blank]"),
        ] {
            let made =
                processed_dump(&json!({"modules": [{"filename": file, "version": version}]}));
            assert_eq!(made.crash.text("flash_version"), Some(expected), "{file}");
        }
    }
}
