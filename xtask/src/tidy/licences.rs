//! What we build from: each package comes from the registry and under a licence that `deny.toml`
//! allows, and none is banned there.
//!
//! `deny.toml` is cargo-deny's own format, so that who has that tool can run it too. This rule holds
//! its licences, bans (with the wrappers that may use what is banned) and sources on machines that do
//! not have it.

use serde_json::Value;
use toml::Table;

use crate::tidy::Finding;
use crate::tree::Tree;

const RULE: &str = "licences";
const POLICY: &str = "deny.toml";

/// Packages from elsewhere, under other licences, or banned.
pub fn check(tree: &Tree, metadata: &Value) -> Vec<Finding> {
    let policy = match Policy::read(tree) {
        Ok(policy) => policy,
        Err(what) => return vec![Finding::file(RULE, POLICY, what)],
    };
    let packages = metadata["packages"].as_array().map_or(&[][..], Vec::as_slice);
    packages
        .iter()
        .filter_map(|package| {
            let name = package["name"].as_str()?;
            let what = policy.wrong(package, &users_of(&package["id"], metadata))?;
            Some(Finding::file(RULE, POLICY, format!("{name}: {what}")))
        })
        .collect()
}

/// Names of the packages that are built with a package.
fn users_of<'a>(id: &Value, metadata: &'a Value) -> Vec<&'a str> {
    let list = |value: &'a Value| value.as_array().map_or(&[][..], Vec::as_slice);
    let users = list(&metadata["resolve"]["nodes"])
        .iter()
        .filter(|node| list(&node["deps"]).iter().any(|dep| dep["pkg"] == *id));
    let packages = list(&metadata["packages"]);
    let name =
        |user: &Value| packages.iter().find(|package| package["id"] == *user)?["name"].as_str();
    users.filter_map(|user| name(&user["id"])).collect()
}

struct Policy {
    licences: Vec<String>,
    registries: Vec<String>,
    banned: Vec<Ban>,
}

/// A package that nothing may be built with but its wrappers.
struct Ban {
    name: String,
    wrappers: Vec<String>,
}

impl Policy {
    fn read(tree: &Tree) -> Result<Self, String> {
        let file = tree.get(POLICY).ok_or("the file is missing")?;
        let table: Table = file.text.parse().map_err(|error| format!("no TOML: {error}"))?;
        let licences = texts(items(&table, "licenses", "allow"));
        let registries = texts(items(&table, "sources", "allow-registry"));
        if licences.is_empty() || registries.is_empty() {
            return Err("licenses.allow and sources.allow-registry are empty".to_owned());
        }
        let ban = |item: &toml::Value| {
            let wrappers = item.get("wrappers").and_then(toml::Value::as_array);
            let wrappers = texts(wrappers.map_or(&[][..], Vec::as_slice));
            Some(Ban { name: item.get("crate")?.as_str()?.to_owned(), wrappers })
        };
        let banned = items(&table, "bans", "deny").iter().filter_map(ban).collect();
        Ok(Self { licences, registries, banned })
    }

    fn wrong(&self, package: &Value, users: &[&str]) -> Option<String> {
        // Our own packages have no source.
        let source = package["source"].as_str()?;
        let name = package["name"].as_str()?;
        if let Some(ban) = self.banned.iter().find(|ban| ban.name == name) {
            let other = users.iter().find(|user| !ban.wrappers.iter().any(|it| it == *user));
            match other {
                Some(user) => return Some(format!("banned, see the reason there; {user} has it")),
                None if ban.wrappers.is_empty() => {
                    return Some("banned, see the reason there".to_owned());
                }
                None => {}
            }
        }
        let registry = source.strip_prefix("registry+").unwrap_or(source);
        if !self.registries.iter().any(|allowed| allowed == registry) {
            return Some(format!("comes from {source:?}"));
        }
        let licence = package["license"].as_str().unwrap_or_default();
        (!self.allows(licence)).then(|| format!("licence {licence:?} is not allowed"))
    }

    /// An SPDX expression; `/` is how old packages write OR. No package nests deeper than one pair
    /// of brackets within an AND, which is what this reads: every part of the AND needs one
    /// allowed alternative. A form beyond that is not allowed, and so is seen.
    fn allows(&self, expression: &str) -> bool {
        if expression.contains('(') {
            return expression.split(" AND ").all(|part| {
                let part = part.trim();
                let inner = part.strip_prefix('(').and_then(|part| part.strip_suffix(')'));
                self.allows_flat(inner.unwrap_or(part))
            });
        }
        self.allows_flat(expression)
    }

    fn allows_flat(&self, expression: &str) -> bool {
        expression
            .replace('/', " OR ")
            .split(" OR ")
            .any(|alternative| alternative.split(" AND ").all(|one| self.allows_one(one.trim())))
    }

    fn allows_one(&self, licence: &str) -> bool {
        self.licences.iter().any(|allowed| allowed == licence)
    }
}

fn items<'a>(table: &'a Table, section: &str, key: &str) -> &'a [toml::Value] {
    let items = table.get(section).and_then(|section| section.get(key));
    items.and_then(toml::Value::as_array).map_or(&[][..], Vec::as_slice)
}

fn texts(items: &[toml::Value]) -> Vec<String> {
    items.iter().filter_map(|item| item.as_str().map(str::to_owned)).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const POLICY_TEXT: &str = "[licenses]\nallow = ['MIT', 'Apache-2.0', 'Unicode-3.0']\n\
        [sources]\nallow-registry = ['https://registry']\n\
        [bans]\ndeny = [{ crate = 'openssl', reason = 'rustls' }, { crate = 'clock', wrappers = ['a'] }]\n";

    fn findings(name: &str, source: &str, licence: &str) -> usize {
        let tree = Tree::of(&[("deny.toml", POLICY_TEXT)]);
        let package = json!({"name": name, "source": source, "license": licence});
        check(&tree, &json!({"packages": [package]})).len()
    }

    #[test]
    fn allowed_licences_pass() {
        for licence in
            ["MIT", "MIT/Apache-2.0", "GPL-2.0 OR MIT", "(MIT OR GPL-3.0) AND Unicode-3.0"]
        {
            assert_eq!(findings("a", "registry+https://registry", licence), 0, "{licence}");
        }
    }

    #[test]
    fn other_licences_are_found() {
        for licence in ["", "GPL-3.0", "MIT AND GPL-3.0", "(GPL-2.0 OR GPL-3.0) AND MIT", "((MIT))"]
        {
            assert_eq!(findings("a", "registry+https://registry", licence), 1, "{licence}");
        }
    }

    #[test]
    fn other_sources_and_banned_packages_are_found() {
        assert_eq!(findings("a", "git+https://elsewhere", "MIT"), 1);
        assert_eq!(findings("openssl", "registry+https://registry", "MIT"), 1);
    }

    #[test]
    fn what_is_banned_may_be_built_with_its_wrappers_and_nothing_else() {
        let with = |user: &str| {
            let package = |name: &str| json!({"id": name, "name": name, "source": "registry+https://registry", "license": "MIT"});
            let nodes =
                json!([{"id": user, "deps": [{"pkg": "clock"}]}, {"id": "clock", "deps": []}]);
            let metadata =
                json!({"packages": [package(user), package("clock")], "resolve": {"nodes": nodes}});
            check(&Tree::of(&[("deny.toml", POLICY_TEXT)]), &metadata).len()
        };
        assert_eq!((with("a"), with("b")), (0, 1));
    }

    #[test]
    fn missing_policy_is_found() {
        assert_eq!(check(&Tree::default(), &json!({"packages": []})).len(), 1);
    }
}
