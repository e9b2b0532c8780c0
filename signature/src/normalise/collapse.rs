//! Replacing what stands between two brackets, nested ones included.

use std::borrow::Cow;

/// What to replace and what to leave.
pub(super) struct Collapse {
    /// The opening and the closing bracket, both ASCII.
    pub(super) brackets: (u8, u8),
    /// What comes in place of a bracketed text, the brackets included.
    pub(super) replacement: &'static str,
    /// An opening bracket right after one of these is an ordinary character.
    pub(super) keep_after: &'static [&'static str],
    /// A bracketed text that holds one of these stays as it is.
    pub(super) keep_with: &'static [&'static str],
}

impl Collapse {
    /// Replaces every bracketed text of the outermost level. A bracket that never closes reaches
    /// to the end; a closing one without an opening one is an ordinary character.
    pub(super) fn apply<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let (open, close) = self.brackets;
        if !text.as_bytes().contains(&open) {
            return Cow::Borrowed(text);
        }
        let mut kept = String::with_capacity(text.len());
        // Where the bracketed text began and how deep it is nested.
        let (mut start, mut depth) = (0_usize, 0_usize);
        // Start of the text that has not been copied yet.
        let mut from = 0;
        for (place, byte) in text.bytes().enumerate() {
            if depth == 0 {
                if byte == open && !self.keep_after.iter().any(|end| text[..place].ends_with(end)) {
                    kept.push_str(&text[from..place]);
                    (start, depth) = (place, 1);
                }
            } else if byte == open {
                depth += 1;
            } else if byte == close {
                depth -= 1;
                if depth == 0 {
                    kept.push_str(self.replaced(&text[start..=place]));
                    from = place + 1;
                }
            }
        }
        kept.push_str(if depth > 0 { self.replaced(&text[start..]) } else { &text[from..] });
        Cow::Owned(kept)
    }

    fn replaced<'a>(&self, bracketed: &'a str) -> &'a str
    where
        Self: 'static,
    {
        if self.keep_with.iter().any(|part| bracketed.contains(part)) {
            bracketed
        } else {
            self.replacement
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROUND: Collapse = Collapse {
        brackets: (b'(', b')'),
        replacement: "",
        keep_after: &["operator"],
        keep_with: &["anonymous namespace", "operator"],
    };

    #[test]
    fn the_outermost_brackets_are_replaced() {
        for (text, expected) in [
            ("", ""),
            ("f", "f"),
            ("f(a(b)c)d", "fd"),
            ("f(a)(b)", "f"),
            ("f(a", "f"),
            ("f)a", "f)a"),
            ("operator()(int)", "operator()"),
            ("(anonymous namespace)::f(int)", "(anonymous namespace)::f"),
            ("é(ü)ö", "éö"),
        ] {
            assert_eq!(ROUND.apply(text), expected, "{text}");
        }
    }
}
