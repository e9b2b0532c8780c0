//! Which side of a hang the report is: the client's own number, else the browser's side where
//! there is a hang id, else none.

use crate::case::Case;
use crate::draft::Draft;
use crate::rule::{Rule, RuleError, always};

pub(super) const RULE: Rule = Rule { name: "hang_type", applies: always, act };

fn act(case: &Case<'_>, draft: &mut Draft) -> Result<(), RuleError> {
    let by_id = if case.annotation("HangID").is_some() { -1 } else { 0 };
    let hang_type = match case.annotation("Hang").map(str::parse::<i64>) {
        Some(Ok(given @ -1..=1)) => given,
        Some(_) => {
            draft.note("Hang is none of -1, 0 and 1");
            by_id
        }
        None => by_id,
    };
    draft.set("hang_type", Some(hang_type));
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::sample::{processed, raw};

    #[test]
    fn the_clients_number_wins_over_the_hang_id() {
        for (hang, id, expected) in
            [("", "", 0), ("", "x", -1), ("1", "x", 1), ("0", "x", 0), ("7", "", 0), ("?", "x", -1)]
        {
            let made = processed(&raw(&[("Hang", hang), ("HangID", id)]));
            assert_eq!(made.crash.integer("hang_type"), Some(expected), "{hang} {id}");
        }
    }
}
