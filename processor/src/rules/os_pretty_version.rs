//! The operating system as people say it. Versions are compared as numbers.

use crate::case::Case;
use crate::draft::Draft;
use crate::rule::{Rule, RuleError};
use crate::stack;

pub(super) const RULE: Rule = Rule { name: "os_pretty_version", applies, act };

/// Names of Windows by major and minor number (10.0 is told apart by its build).
const WINDOWS: [((u64, u64), &str); 9] = [
    ((3, 5), "Windows NT"),
    ((4, 0), "Windows NT"),
    ((5, 0), "Windows 2000"),
    ((5, 1), "Windows XP"),
    ((5, 2), "Windows Server 2003"),
    ((6, 0), "Windows Vista"),
    ((6, 1), "Windows 7"),
    ((6, 2), "Windows 8"),
    ((6, 3), "Windows 8.1"),
];

/// The first build of version 10.0 that is called Windows 11.
const WINDOWS_11_BUILD: u64 = 21_996;

fn applies(_: &Case<'_>, draft: &Draft) -> bool {
    draft.crash.get("os_name").is_some()
}

fn act(case: &Case<'_>, draft: &mut Draft) -> Result<(), RuleError> {
    let name = draft.crash.text("os_name").unwrap_or_default();
    let numbers = numbers(draft.crash.text("os_version").unwrap_or_default());
    let pretty = match name {
        "Windows NT" | "Windows" => windows(numbers),
        "Mac OS X" | "macOS" => mac(numbers),
        "Linux" => linux(case),
        other => other.to_owned(),
    };
    draft.set_text("os_pretty_version", Some(&pretty));
    Ok(())
}

/// Up to three numbers at a version's beginning.
fn numbers(version: &str) -> [Option<u64>; 3] {
    let first = version.split_whitespace().next().unwrap_or_default();
    let mut parts = first.split('.').map(|part| part.parse().ok());
    std::array::from_fn(|_| parts.next().flatten())
}

fn windows(version: [Option<u64>; 3]) -> String {
    let [Some(major), minor, build] = version else { return "Windows Unknown".to_owned() };
    let minor = minor.unwrap_or(0);
    if (major, minor) == (10, 0) {
        let eleven = build.is_some_and(|build| build >= WINDOWS_11_BUILD);
        return if eleven { "Windows 11" } else { "Windows 10" }.to_owned();
    }
    let known = WINDOWS.iter().find(|(numbers, _)| *numbers == (major, minor));
    known.map_or("Windows Unknown", |(_, name)| *name).to_owned()
}

fn mac(version: [Option<u64>; 3]) -> String {
    match version {
        // "OS X" until its last of that name.
        [Some(10), Some(minor), _] if minor < 16 => format!("OS X 10.{minor}"),
        // What calls itself 10.16 to old programs is 11.
        [Some(10), Some(_), _] => "macOS 11".to_owned(),
        [Some(major), ..] if major > 10 => format!("macOS {major}"),
        _ => "OS X Unknown".to_owned(),
    }
}

fn linux(case: &Case<'_>) -> String {
    let description =
        case.stack.as_ref().and_then(|stack| stack::text(&stack.lsb_release, "description"));
    description.unwrap_or("Linux").to_owned()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::sample::processed_dump;

    #[test]
    fn versions_are_compared_as_numbers() {
        for (os, version, expected) in [
            ("Windows NT", "6.1.7601 Service Pack 1", "Windows 7"),
            ("Windows NT", "10.0.3", "Windows 10"),
            ("Windows NT", "10.0.9999", "Windows 10"),
            ("Windows NT", "10.0.19041", "Windows 10"),
            ("Windows NT", "10.0.21996", "Windows 11"),
            ("Windows NT", "10.0.100000", "Windows 11"),
            ("Windows NT", "6.9", "Windows Unknown"),
            ("Windows NT", "", "Windows Unknown"),
            ("Mac OS X", "10.15.7 19H2", "OS X 10.15"),
            ("Mac OS X", "10.16.0", "macOS 11"),
            ("Mac OS X", "11.1.0 20C69", "macOS 11"),
            ("Mac OS X", "x", "OS X Unknown"),
            ("Linux", "5.8.0-36-generic", "Ubuntu 20.04.1 LTS"),
            ("Android", "0.0.0 Linux 4.4", "Android"),
        ] {
            let made = processed_dump(&json!({
                "system_info": {"os": os, "os_ver": version},
                "lsb_release": {"description": "Ubuntu 20.04.1 LTS"},
            }));
            assert_eq!(made.crash.text("os_pretty_version"), Some(expected), "{os} {version}");
        }
    }

    #[test]
    fn a_linux_that_says_nothing_is_linux() {
        let made = processed_dump(&json!({"system_info": {"os": "Linux"}}));
        assert_eq!(made.crash.text("os_pretty_version"), Some("Linux"));
    }
}
