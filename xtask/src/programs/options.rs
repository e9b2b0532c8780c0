//! What the command line chooses: packages, single programs, features.

/// The choice. Without packages and programs it is the whole workspace.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Options {
    packages: Vec<String>,
    tests: Vec<String>,
    features: Vec<String>,
}

impl Options {
    /// From `-p PACKAGE`, `--test NAME` and `--features LIST`, each any number of times. The error says what
    /// is wrong.
    pub fn parse(arguments: impl IntoIterator<Item = String>) -> Result<Self, String> {
        let mut options = Self::default();
        let mut arguments = arguments.into_iter();
        while let Some(name) = arguments.next() {
            let list = match name.as_str() {
                "-p" | "--package" => &mut options.packages,
                "--test" => &mut options.tests,
                "--features" => &mut options.features,
                _ => return Err(format!("test takes no argument {name:?}")),
            };
            list.push(arguments.next().ok_or_else(|| format!("{name} names nothing"))?);
        }
        Ok(options)
    }

    /// Nothing is left out.
    pub fn whole_workspace(&self) -> bool {
        self.packages.is_empty() && self.tests.is_empty()
    }

    /// The same for cargo.
    pub fn for_cargo(&self) -> Vec<&str> {
        let mut arguments = vec!["--locked"];
        if self.packages.is_empty() {
            arguments.push("--workspace");
        }
        let lists =
            [("-p", &self.packages), ("--test", &self.tests), ("--features", &self.features)];
        for (name, values) in lists {
            arguments.extend(values.iter().flat_map(|value| [name, value.as_str()]));
        }
        arguments
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Options, String> {
        Options::parse(line.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn without_a_choice_it_is_the_whole_workspace() {
        let options = parse("--features a/long,b/long").unwrap();
        assert!(options.whole_workspace());
        assert_eq!(options.for_cargo(), ["--locked", "--workspace", "--features", "a/long,b/long"]);
    }

    #[test]
    fn packages_and_programs_can_be_chosen() {
        let options = parse("-p a --package b --test c").unwrap();
        assert!(!options.whole_workspace());
        assert_eq!(options.for_cargo(), ["--locked", "-p", "a", "-p", "b", "--test", "c"]);
        assert_eq!(
            parse("--test c").unwrap().for_cargo(),
            ["--locked", "--workspace", "--test", "c"]
        );
    }

    #[test]
    fn what_is_unknown_or_names_nothing_is_refused() {
        assert_eq!(parse("--lib").unwrap_err(), "test takes no argument \"--lib\"");
        assert_eq!(parse("-p").unwrap_err(), "-p names nothing");
    }
}
