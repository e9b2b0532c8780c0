//! Texts between brackets, the outermost ones.

use crate::work;

/// Finds bracketed texts of the outermost level, brackets included. One that never closes reaches to
/// the end; a closing bracket without an opening one is an ordinary character.
pub(super) struct Bracketed<'a> {
    text: &'a [u8],
    open: u8,
    close: u8,
    at: usize,
}

impl<'a> Bracketed<'a> {
    /// Both brackets are ASCII, so that every place is between two characters.
    pub(super) fn new(text: &'a str, open: u8, close: u8) -> Self {
        Self { text: text.as_bytes(), open, close, at: 0 }
    }
}

impl Iterator for Bracketed<'_> {
    /// Where it begins and where it has ended.
    type Item = (usize, usize);

    fn next(&mut self) -> Option<(usize, usize)> {
        let rest = self.text.get(self.at..)?;
        let Some(start) = memchr::memchr(self.open, rest) else {
            work::looks_at(rest.len());
            return None;
        };
        let start = self.at + start;
        let mut depth = 1_usize;
        let mut end = self.text.len();
        for place in memchr::memchr2_iter(self.open, self.close, &self.text[start + 1..]) {
            let place = start + 1 + place;
            if self.text[place] == self.open {
                depth += 1;
                continue;
            }
            depth -= 1;
            if depth == 0 {
                end = place + 1;
                break;
            }
        }
        work::looks_at(end - self.at);
        self.at = end;
        Some((start, end))
    }
}

/// Writes the text without its bracketed texts, those aside that `keeps` says, by what stands before
/// (back to the bracketed text before it) and by the bracketed text itself.
pub(super) fn remove(
    text: &str,
    (open, close): (u8, u8),
    out: &mut String,
    keeps: impl Fn(&str, &str) -> bool,
) {
    work::looks_at(text.len());
    out.clear();
    let mut from = 0;
    for (start, end) in Bracketed::new(text, open, close) {
        let (before, inside) = (&text[from..start], &text[start..end]);
        out.push_str(before);
        if keeps(before, inside) {
            out.push_str(inside);
        }
        from = end;
    }
    out.push_str(&text[from..]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_outermost_bracketed_texts_are_found() {
        for (text, expected) in [
            ("", vec![]),
            ("f", vec![]),
            ("f(a(b)c)d", vec![(1, 8)]),
            ("f(a)(b)", vec![(1, 4), (4, 7)]),
            ("f(a", vec![(1, 3)]),
            ("f((a)", vec![(1, 5)]),
            ("f)a(", vec![(3, 4)]),
            ("é(ü)ö", vec![(2, 6)]),
        ] {
            let found: Vec<_> = Bracketed::new(text, b'(', b')').collect();
            assert_eq!(found, expected, "{text}");
        }
    }

    #[test]
    fn bracketed_texts_are_removed_unless_they_are_kept() {
        let mut out = "left over".to_owned();
        remove("f(a)g(b)(c)h", (b'(', b')'), &mut out, |before, inside| {
            before.ends_with('g') || inside == "(c)"
        });
        assert_eq!(out, "fg(b)(c)h");
    }
}
