//! HBase's own Admin, as a process that takes statements (`hbase/HbaseAdmin.java`).

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Command};

use anyhow::{Context as _, Result, bail};

use crate::postgres::spawn_for_the_program_s_life;

/// The running process. Its first statement takes the seconds that Java needs to start.
pub(super) struct Admin {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

/// HBase said no to a statement; the process goes on.
#[derive(Debug)]
pub(super) struct Refused {
    statement: String,
    words: String,
}

impl std::fmt::Display for Refused {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "HBase refuses \"{}\": {}", self.statement, self.words)
    }
}

impl std::error::Error for Refused {}

impl Admin {
    pub(super) fn start(command: Command) -> Result<Self> {
        let mut child = spawn_for_the_program_s_life(command)?;
        let input = child.stdin.take().context("the Admin has no input")?;
        let output = BufReader::new(child.stdout.take().context("the Admin has no output")?);
        Ok(Self { child, input, output })
    }

    /// Runs statements until one is refused, and answers all that they say.
    pub(super) fn run(&mut self, statements: &str) -> Result<Vec<String>> {
        let mut said = Vec::new();
        for statement in split(statements) {
            writeln!(self.input, "{statement}").context("the Admin ended: see admin.out")?;
            loop {
                let mut line = String::new();
                if self.output.read_line(&mut line)? == 0 {
                    bail!("the Admin ended at \"{statement}\": {:?}", self.child.wait()?);
                }
                match line.trim_end().split_once(' ') {
                    Some(("|", text)) => said.push(text.to_owned()),
                    Some(("error", words)) => {
                        return Err(Refused { statement, words: words.to_owned() }.into());
                    }
                    _ if line.trim_end() == "ok" => break,
                    // Java's own warnings.
                    _ => {}
                }
            }
        }
        Ok(said)
    }
}

impl Drop for Admin {
    fn drop(&mut self) {
        let ended = self.child.kill().and_then(|()| self.child.wait());
        if let Err(error) = ended {
            eprintln!("testkit: the Admin of HBase: {error}");
        }
    }
}

/// Statements of one line each, without comments.
fn split(statements: &str) -> Vec<String> {
    let mut split = Vec::new();
    let mut whole = String::new();
    for line in statements.lines().map(str::trim) {
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        whole.push_str(line);
        if line.ends_with([',', '{', '[']) {
            whole.push(' ');
        } else {
            split.push(std::mem::take(&mut whole));
        }
    }
    if !whole.is_empty() {
        split.push(whole);
    }
    split
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statements_go_on_after_a_comma_or_an_opening_bracket() {
        let text = "# tables\ncreate 't',\n  {NAME => 'a'},\n  SPLITS => [\n '1']\n\nlist\n";
        assert_eq!(split(text), ["create 't', {NAME => 'a'}, SPLITS => [ '1']", "list"]);
    }
}
