//! Why rules are refused.

/// A fault in the text of a rule file.
#[derive(Debug, thiserror::Error)]
#[error("line {line}: {what}")]
pub struct RuleError {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong there.
    pub what: String,
}

/// Rules that can't be used.
#[derive(Debug, thiserror::Error)]
pub enum RulesError {
    /// Neither a shipped rule set nor the path of a file.
    #[error(
        "\"{name}\" is no rule set: name one of {shipped}, or a file by a path with a / or ending in .toml"
    )]
    Unknown {
        /// What was named.
        name: String,
        /// The shipped ones.
        shipped: String,
    },
    /// The file can't be read.
    #[error("can't read the rules in \"{path}\"")]
    Read {
        /// The file.
        path: String,
        /// Why not.
        source: std::io::Error,
    },
    /// The file is longer than any rule file has to be.
    #[error("\"{path}\" is longer than {max} bytes and no rule file")]
    TooLong {
        /// The file.
        path: String,
        /// The limit.
        max: u64,
    },
    /// The text is no rule set.
    #[error("the rules in \"{path}\" are refused")]
    Refused {
        /// The file, or the name of a shipped set.
        path: String,
        /// Where and why.
        source: RuleError,
    },
}
