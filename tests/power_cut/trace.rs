//! What a process asked of the kernel, as strace wrote it down.
//!
//! A call has an instant at which it began and one at which it had ended: lines of the file. What it
//! did, it did in between. So a flush covers for sure what had ended before it began.

use std::collections::HashMap;

/// One call that succeeded.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) began: usize,
    pub(crate) ended: usize,
    pub(crate) name: String,
    /// Its arguments as text; descriptors are followed by what they are open on: `9</a/path>`.
    pub(crate) arguments: String,
}

impl Call {
    /// The path that the first descriptor is open on.
    pub(crate) fn open_on(&self) -> Option<&str> {
        self.paths().next()
    }

    /// The paths of all descriptors among the arguments.
    pub(crate) fn paths(&self) -> impl Iterator<Item = &str> {
        self.arguments.split('<').skip(1).filter_map(|rest| Some(rest.split_once('>')?.0))
    }

    /// The texts among the arguments.
    pub(crate) fn texts(&self) -> impl Iterator<Item = &str> {
        self.arguments.split('"').skip(1).step_by(2)
    }
}

/// All calls that succeeded, in the order in which they ended.
pub(crate) fn calls(trace: &str) -> Vec<Call> {
    let mut calls = Vec::new();
    let mut unfinished: HashMap<&str, (usize, String)> = HashMap::new();
    for (number, line) in trace.lines().enumerate() {
        let Some((thread, rest)) = line.split_once(' ') else { continue };
        let rest = rest.trim_start();
        if let Some(begun) = rest.strip_suffix("<unfinished ...>") {
            unfinished.insert(thread, (number, begun.to_owned()));
        } else if let Some((_, end)) = rest.split_once(" resumed>") {
            if let Some((began, begun)) = unfinished.remove(thread) {
                calls.extend(call(began, number, &(begun + end)));
            }
        } else {
            calls.extend(call(number, number, rest));
        }
    }
    calls
}

fn call(began: usize, ended: usize, text: &str) -> Option<Call> {
    let (name, rest) = text.split_once('(')?;
    let (arguments, result) = rest.rsplit_once(" = ")?;
    (!result.starts_with('-') && !result.starts_with('?')).then(|| Call {
        began,
        ended,
        name: name.to_owned(),
        arguments: arguments.to_owned(),
    })
}

#[test]
fn a_call_that_was_interrupted_has_two_instants_and_a_failed_one_is_none() {
    let trace = "7 fsync(9</a> <unfinished ...>\n\
                 8 mkdir(\"/b\", 0777) = -1 EEXIST (File exists)\n\
                 7 <... fsync resumed>) = 0\n\
                 8 renameat2(AT_FDCWD</c>, \"/a/0\", 14</b>, \"1.crash\", RENAME_NOREPLACE) = 0\n";
    let calls = calls(trace);
    let instants: Vec<_> =
        calls.iter().map(|call| (call.name.as_str(), call.began, call.ended)).collect();
    assert_eq!(instants, [("fsync", 0, 2), ("renameat2", 3, 3)]);
    assert_eq!(calls[0].open_on(), Some("/a"));
    assert_eq!(calls[1].paths().collect::<Vec<_>>(), ["/c", "/b"]);
    assert_eq!(calls[1].texts().collect::<Vec<_>>(), ["/a/0", "1.crash"]);
}
