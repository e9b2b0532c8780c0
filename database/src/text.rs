//! The one edge at which text is made fit for Postgres, which refuses U+0000 in any text.

/// Takes U+0000 out of a text. True if there was one.
pub(crate) fn clean(text: &mut String) -> bool {
    let dirty = text.contains('\0');
    if dirty {
        text.retain(|character| character != '\0');
    }
    dirty
}

/// Cuts a text to a number of characters. True if it was longer.
pub(crate) fn cut(text: &mut String, chars_max: usize) -> bool {
    let end = text.char_indices().nth(chars_max).map(|(place, _)| place);
    if let Some(end) = end {
        text.truncate(end);
    }
    end.is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nul_goes_and_characters_stay_whole() {
        let mut text = "a\0é\0z".to_owned();
        assert!(clean(&mut text) && !clean(&mut text));
        assert_eq!(text, "aéz");
        assert!(cut(&mut text, 2) && !cut(&mut text, 2));
        assert_eq!(text, "aé");
    }
}
