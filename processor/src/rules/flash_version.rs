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
    Regex::new(r"\A(?:NPSWF32_?(.*)\.dll|FlashPlayerPlugin_?(.*)\.exe|libflashplayer(.*)\.(?:.*)|Flash ?Player-?(.*))").ok()
});

/// Builds whose files name no version, as Socorro knew them.
#[rustfmt::skip]
const BUILDS: [(&str, &[&str]); 19] = [
    ("10.1.51.66", &["7224164B5918E29AF52365AF3EAF7A500", "C6CDEFCDB58EFE5C6ECEF0C463C979F80"]),
    ("10.1", &["4EDBBD7016E8871A461CCABB7F1B16120"]),
    ("10.0.45.2", &["D1AAAB5D417861E6A5B835B01D3039550", "EBD27FDBA9D9B3880550B2446902EC4A0"]),
    ("10.0.42.34", &["266780DB53C4AAC830AFF69306C5C0300", "C4D637F2C8494896FBD4B3EF0319EBAC0"]),
    ("10.0.32.18", &["B19EE2363941C9582E040B99BB5E237A0", "025105C956638D665850591768FB743D0"]),
    ("10.0.23", &["986682965B43DFA62E0A0DFFD7B7417F0", "937DDCC422411E58EF6AD13710B0EF190"]),
    ("10.0.22.87", &["860692A215F054B7B9474B410ABEB5300", "77CB5AC61C456B965D0B41361B3F6CEA0"]),
    ("10.0.12.36", &["38AEB67F6A0B43C6A341D7936603E84A0", "776944FD51654CA2B59AB26A33D8F9B30"]),
    ("9.0.262.0", &["974873A0A6AD482F8F17A7C55F0A33390", "B482D3DFD57C23B5754966F42D4CBCB60"]),
    ("9.0.260.0", &["0B03252A5C303973E320CAA6127441F80"]),
    ("9.0.246.0", &["AE71D92D2812430FA05238C52F7E20310", "6761F4FA49B5F55833D66CAC0BBF8CB80"]),
    ("9.0.159.0", &["27CC04C9588E482A948FB5A87E22687B0", "1C8715E734B31A2EACE3B0CFC1CF21EB0"]),
    ("9.0.151.0", &["F43004FFC4944F26AF228334F2CDA80B0", "890664D4EF567481ACFD2A21E9D2A2420"]),
    ("9.0.124.0", &["8355DCF076564B6784C517FD0ECCB2F20", "51C00B72112812428EFA8F4A37F683A80"]),
    ("9.0.115.0", &["9FA57B6DC7FF4CFE9A518442325E91CB0", "03D99C42D7475B46D77E64D4D5386D6D0"]),
    ("9.0.47.0", &["0CFAF1611A3C4AA382D26424D609F00B0", "0F3262B5501A34B963E5DF3F0386C9910"]),
    ("9.0.45.0", &["C5B5651B46B7612E118339D19A6E66360"]),
    ("9.0.28.0", &["BF6B3B51ACB255B38FCD8AA5AEB9F1030"]),
    ("9.0.16.0", &["83CF4DC03621B778E931FC713889E8F10"]),
];

fn act(case: &Case<'_>, draft: &mut Draft) -> Result<(), RuleError> {
    let found = case.modules().iter().find_map(version);
    draft.set_text("flash_version", Some(found.as_deref().unwrap_or(BLANK)));
    Ok(())
}

/// The version of a module that is the plugin: as the module says, else as its file's name does,
/// else as its build is known.
fn version(module: &Module<'_>) -> Option<String> {
    let captures = PLUGIN.as_ref()?.captures(module.filename()?)?;
    if let Some(told) = module.version() {
        return Some(told.to_owned());
    }
    let in_name = captures.iter().skip(1).flatten().next().map(|part| part.as_str());
    let in_name = in_name.filter(|part| !part.is_empty()).map(|part| part.replace('_', "."));
    in_name.or_else(|| by_build(module.debug_id()?).map(str::to_owned))
}

fn by_build(debug_id: &str) -> Option<&'static str> {
    let known = BUILDS.iter().find(|(_, builds)| builds.contains(&debug_id));
    known.map(|(version, _)| *version)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::sample::processed_dump;

    #[test]
    fn the_plugin_is_known_by_its_file_on_every_platform() {
        const KNOWN: &str = "83CF4DC03621B778E931FC713889E8F10";
        for (file, version, debug_id, expected) in [
            ("NPSWF32.dll", "", KNOWN, "9.0.16.0"),
            ("NPSWF32.dll", "9.1", KNOWN, "9.1"),
            ("NPSWF32_9_2.dll", "", KNOWN, "9.2"),
            ("other.dll", "", KNOWN, "[blank]"),
            ("FlashPlayerPlugin_11_3_300_257.exe", "", "", "11.3.300.257"),
            ("NPSWF32_11_2_202_235.dll", "", "", "11.2.202.235"),
            ("NPSWF32.dll", "10.3.181.14", "", "10.3.181.14"),
            ("NPSWF32.dll", "", "", "[blank]"),
            ("libflashplayer11.2.so", "", "", "11.2"),
            ("FlashPlayer-10.6", "", "", "10.6"),
            ("Flash Player", "", "", "[blank]"),
            ("xul.dll", "13.0", "", "[blank]"),
        ] {
            let made = processed_dump(
                &json!({"modules": [{"filename": file, "version": version, "debug_id": debug_id}]}),
            );
            assert_eq!(made.crash.text("flash_version"), Some(expected), "{file}");
        }
    }
}
