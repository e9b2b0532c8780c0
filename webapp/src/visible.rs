//! Text of a crash, safe to read: what can't be seen is spelled out, what is too long is cut.
//!
//! The templates escape HTML; this is about characters that HTML lets through but that lie to the
//! eye: controls, marks that turn the direction of text, and characters without width. Each is
//! shown as `⟨U+202E⟩`.

use std::fmt::{self, Write};

/// Characters of one text that are shown: a template-heavy C++ name has 3,000, few need more.
const CHARS_MAX: usize = 4_000;

/// A text that shows all it holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Visible<'a> {
    text: &'a str,
    lines: bool,
}

impl<'a> Visible<'a> {
    /// A text of one line: breaks are spelled out too.
    pub const fn line(text: &'a str) -> Self {
        Self { text, lines: false }
    }

    /// A text that may have several lines and tabs.
    pub const fn lines(text: &'a str) -> Self {
        Self { text, lines: true }
    }

    /// Whether there is nothing to show.
    pub const fn is_empty(&self) -> bool {
        self.text.is_empty()
    }
}

impl fmt::Display for Visible<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, character) in self.text.chars().enumerate() {
            if place == CHARS_MAX {
                return f.write_char('…');
            }
            let layout = self.lines && matches!(character, '\n' | '\t');
            if !layout && hides(character) {
                write!(f, "⟨U+{:04X}⟩", u32::from(character))?;
            } else {
                f.write_char(character)?;
            }
        }
        Ok(())
    }
}

/// Whether a character can't be seen, or changes how its neighbours are seen.
///
/// The list is that of Unicode's general category Cf and the default-ignorable code points, without
/// the variation selectors, which only choose a glyph.
fn hides(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{ad}' | '\u{34f}' | '\u{600}'..='\u{605}' | '\u{61c}' | '\u{6dd}' | '\u{70f}'
            | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{3164}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}'
            | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_turns_or_hides_text_is_spelled_out() {
        assert_eq!(Visible::line("a\u{202e}b").to_string(), "a⟨U+202E⟩b");
        assert_eq!(Visible::line("a\nb\0").to_string(), "a⟨U+000A⟩b⟨U+0000⟩");
        assert_eq!(Visible::lines("a\n\tb\u{200b}").to_string(), "a\n\tb⟨U+200B⟩");
        assert_eq!(Visible::line("größe 漢字 🙂").to_string(), "größe 漢字 🙂");
    }

    #[test]
    fn a_long_text_is_cut_between_characters() {
        let text = "é".repeat(CHARS_MAX + 5);
        let shown = Visible::line(&text).to_string();
        assert_eq!(shown.chars().count(), CHARS_MAX + 1);
        assert!(shown.ends_with('…'));
    }
}
