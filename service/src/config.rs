//! Configuration: defaults, then a TOML file, then the environment; unknown keys are refused.
//!
//! Every key stands in the serialised default, so one look at it says what there is. A key
//! `section.key` can be set as `AUXILIO_SECTION__KEY`; keys of nested tables add `__`. The value of
//! a variable is read as the default's type; lists are separated by commas.

use serde::Serialize;
use serde::de::DeserializeOwned;
use toml::{Table, Value};

use crate::environment::Environment;

/// What begins the name of a variable that sets a key.
const PREFIX: &str = "AUXILIO_";

/// Why a configuration is refused.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file could not be read.
    #[error("can't read the configuration file \"{path}\"")]
    Read {
        /// The file.
        path: String,
        /// Why not.
        source: std::io::Error,
    },
    /// The file is no TOML.
    #[error("the configuration file is no valid TOML")]
    Syntax(#[source] Box<toml::de::Error>),
    /// A key is unknown, or its value has the wrong type.
    #[error("the configuration is refused")]
    Shape(#[source] Box<toml::de::Error>),
    /// A variable names a key that does not exist.
    #[error("{variable} names no key of the configuration")]
    UnknownVariable {
        /// The variable.
        variable: String,
    },
    /// A variable's text can't be read as the key's type.
    #[error("{variable} must be {expected}")]
    VariableType {
        /// The variable.
        variable: String,
        /// What it must be.
        expected: &'static str,
    },
    /// The built-in default can't be written as TOML: a fault of the program.
    #[error("the default configuration can't be written as TOML")]
    Default(#[source] Box<toml::ser::Error>),
}

/// Loads a configuration: the default, overlaid by the file's text, overlaid by the environment.
pub fn load<T>(file: Option<&str>, environment: &Environment) -> Result<T, Error>
where
    T: Default + Serialize + DeserializeOwned,
{
    load_over(&T::default(), file, environment)
}

/// Loads a configuration over a base that is not the default, such as that of an embedded start.
pub fn load_over<T>(base: &T, file: Option<&str>, environment: &Environment) -> Result<T, Error>
where
    T: Serialize + DeserializeOwned,
{
    let mut table = Table::try_from(base).map_err(|source| Error::Default(Box::new(source)))?;
    let keys = table.clone();
    if let Some(text) = file {
        let overlay: Table = text.parse().map_err(|source| Error::Syntax(Box::new(source)))?;
        merge(&mut table, overlay);
    }
    for (variable, text) in environment.with_prefix(PREFIX) {
        if variable.contains("__") {
            set_variable(&mut table, &keys, variable, text)?;
        }
    }
    Value::Table(table).try_into().map_err(|source| Error::Shape(Box::new(source)))
}

/// A configuration as TOML text: every key with its value.
pub fn to_toml<T: Serialize>(config: &T) -> Result<String, Error> {
    toml::to_string_pretty(config).map_err(|source| Error::Default(Box::new(source)))
}

/// The dotted names of all keys, in order.
pub fn keys<T: Serialize>(config: &T) -> Result<Vec<String>, Error> {
    let table = Table::try_from(config).map_err(|source| Error::Default(Box::new(source)))?;
    let mut names = Vec::new();
    collect_keys(&table, "", &mut names);
    Ok(names)
}

fn collect_keys(table: &Table, path: &str, names: &mut Vec<String>) {
    for (key, value) in table {
        let name = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
        match value {
            Value::Table(inner) => collect_keys(inner, &name, names),
            _ => names.push(name),
        }
    }
}

fn merge(base: &mut Table, overlay: Table) {
    for (key, value) in overlay {
        match (base.get_mut(&key), value) {
            (Some(Value::Table(inner)), Value::Table(over)) => merge(inner, over),
            (_, value) => {
                base.insert(key, value);
            }
        }
    }
}

fn set_variable(table: &mut Table, keys: &Table, variable: &str, text: &str) -> Result<(), Error> {
    let unknown = || Error::UnknownVariable { variable: variable.to_owned() };
    let path: Vec<String> =
        variable[PREFIX.len()..].split("__").map(str::to_ascii_lowercase).collect();
    let (key, sections) = path.split_last().ok_or_else(unknown)?;
    let (mut known, mut target) = (keys, table);
    for section in sections {
        known = known.get(section).and_then(Value::as_table).ok_or_else(unknown)?;
        target = target.get_mut(section).and_then(Value::as_table_mut).ok_or_else(unknown)?;
    }
    let default = known.get(key).ok_or_else(unknown)?;
    target.insert(key.clone(), read_as(default, variable, text)?);
    Ok(())
}

/// Reads a variable's text as the type that the key's default has.
fn read_as(default: &Value, variable: &str, text: &str) -> Result<Value, Error> {
    let wrong = |expected| Error::VariableType { variable: variable.to_owned(), expected };
    Ok(match default {
        Value::String(_) => Value::String(text.to_owned()),
        Value::Integer(_) => Value::Integer(text.parse().map_err(|_| wrong("a whole number"))?),
        Value::Float(_) => Value::Float(text.parse().map_err(|_| wrong("a number"))?),
        Value::Boolean(_) => Value::Boolean(text.parse().map_err(|_| wrong("true or false"))?),
        Value::Array(_) => Value::Array(
            text.split(',')
                .map(str::trim)
                .filter(|item| !item.is_empty())
                .map(Value::from)
                .collect(),
        ),
        Value::Table(_) | Value::Datetime(_) => return Err(wrong("set key by key")),
    })
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;
    use crate::error_chain;

    #[derive(Debug, Default, Serialize, Deserialize, PartialEq)]
    #[serde(deny_unknown_fields, default)]
    struct Whole {
        collector: Part,
    }

    #[derive(Debug, Serialize, Deserialize, PartialEq)]
    #[serde(deny_unknown_fields, default)]
    struct Part {
        port: u16,
        name: String,
        urls: Vec<String>,
    }

    impl Default for Part {
        fn default() -> Self {
            Self { port: 8000, name: "x".into(), urls: vec![] }
        }
    }

    #[test]
    fn the_environment_wins_over_the_file_and_the_file_over_the_default() {
        let environment = Environment::of([
            ("AUXILIO_COLLECTOR__NAME", "12"),
            ("AUXILIO_COLLECTOR__URLS", "a, b"),
        ]);
        let whole: Whole =
            load(Some("[collector]\nport = 1\nname = \"file\""), &environment).unwrap();
        assert_eq!(
            whole.collector,
            Part { port: 1, name: "12".into(), urls: vec!["a".into(), "b".into()] }
        );
    }

    #[test]
    fn unknown_keys_are_named_in_the_file_and_in_the_environment() {
        let none = Environment::default();
        let error = load::<Whole>(Some("[collector]\nprot = 1"), &none).unwrap_err();
        assert!(error_chain(&error).contains("prot"), "{}", error_chain(&error));
        let wrong = Environment::of([("AUXILIO_COLLECTOR__PROT", "1")]);
        assert_eq!(
            load::<Whole>(None, &wrong).unwrap_err().to_string(),
            "AUXILIO_COLLECTOR__PROT names no key of the configuration"
        );
        let text = Environment::of([("AUXILIO_COLLECTOR__PORT", "many")]);
        assert_eq!(
            load::<Whole>(None, &text).unwrap_err().to_string(),
            "AUXILIO_COLLECTOR__PORT must be a whole number"
        );
    }

    #[test]
    fn every_key_has_a_dotted_name() {
        let names = keys(&Whole::default()).unwrap();
        assert_eq!(names, ["collector.name", "collector.port", "collector.urls"]);
    }
}
