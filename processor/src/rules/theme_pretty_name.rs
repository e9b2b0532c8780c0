//! Firefox's own theme among the add-ons: nobody knows it by its id.

use serde_json::Value;

use crate::case::Case;
use crate::draft::Draft;
use crate::rule::{Rule, RuleError, always};

pub(super) const RULE: Rule = Rule { name: "theme_pretty_name", applies: always, act };

const THEME: &str = "{972ce4c6-7e08-4474-a285-3208198ce6fd}";

/// What is put behind the id.
const NAME: &str = " (default theme)";

fn act(_: &Case<'_>, draft: &mut Draft) -> Result<(), RuleError> {
    let Some(Value::Array(addons)) = draft.crash.get("addons") else { return Ok(()) };
    let named = addons.iter().map(|addon| match addon.as_str().and_then(renamed) {
        Some(renamed) => Value::from(renamed),
        None => addon.clone(),
    });
    let named: Vec<_> = named.collect();
    if named != *addons {
        draft.set("addons", Some(named));
    }
    Ok(())
}

fn renamed(addon: &str) -> Option<String> {
    let rest = addon.strip_prefix(THEME)?;
    (rest.is_empty() || rest.starts_with(':')).then(|| format!("{THEME}{NAME}{rest}"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::sample::{processed, raw};

    #[test]
    fn the_theme_gets_its_name_once() {
        const THEME: &str = "{972ce4c6-7e08-4474-a285-3208198ce6fd}";
        let addons = format!("a:1,{THEME}:12.0,{THEME},{THEME}x:1,x{THEME}:1");
        let made = processed(&raw(&[("Add-ons", &addons)]));
        assert_eq!(
            made.crash.to_map()["addons"],
            json!([
                "a:1",
                format!("{THEME} (default theme):12.0"),
                format!("{THEME} (default theme):NO_VERSION"),
                format!("{THEME}x:1"),
                format!("x{THEME}:1"),
            ])
        );
        assert!(processed(&raw(&[])).crash.get("addons").is_none());
    }
}
