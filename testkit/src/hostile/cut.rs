//! Beginnings of a dump: what a client sends that was cut off.

use std::collections::BTreeSet;

use super::layout::Layout;

/// A beginning of a dump.
#[derive(Clone, Debug)]
pub struct Cut {
    /// How many bytes it has.
    pub length: usize,
    /// Why there.
    pub reason: String,
}

/// Where to cut a dump: at 0, 4, 31 and 32 bytes, at each tenth, and one and four bytes around each
/// stream's begin and end.
pub fn cuts(dump: &[u8]) -> Vec<Cut> {
    let mut seen = BTreeSet::new();
    let mut cuts = Vec::new();
    let mut add = |length: usize, reason: String| {
        if length < dump.len() && seen.insert(length) {
            cuts.push(Cut { length, reason });
        }
    };
    for length in [0, 4, 31, 32] {
        add(length, format!("{length} bytes"));
    }
    for tenth in 1..10 {
        add(dump.len() * tenth / 10, format!("{tenth}0 %"));
    }
    for stream in Layout::of(dump).streams {
        for (edge, at) in [("begin", stream.begin), ("end", stream.begin + stream.length)] {
            for (what, length) in [
                ("-4", at.saturating_sub(4)),
                ("-1", at.saturating_sub(1)),
                ("", at),
                ("+1", at + 1),
                ("+4", at + 4),
            ] {
                add(length, format!("{edge}{what} of stream {:#x}", stream.kind));
            }
        }
    }
    cuts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::synthetic::Synthetic;

    #[test]
    fn every_stream_is_cut_at_both_edges_and_around_them() {
        let dump = Synthetic::new().build();
        let cuts = cuts(&dump);
        for length in [0, 4, 31, 32, dump.len() / 2] {
            assert!(cuts.iter().any(|cut| cut.length == length), "{length}");
        }
        for stream in Layout::of(&dump).streams {
            for length in [stream.begin + 1, stream.begin + stream.length - 4] {
                assert!(cuts.iter().any(|cut| cut.length == length), "{stream:?} at {length}");
            }
        }
        assert!(cuts.iter().all(|cut| cut.length < dump.len()));
    }
}
