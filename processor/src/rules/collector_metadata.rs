//! What the collector decided and noted: counts can only be re-weighted by the rate of the rule.

use auxilio_common::{Annotations, RawCrash};
use serde_json::{Value, json};

use crate::case::Case;
use crate::draft::Draft;
use crate::rule::{Rule, RuleError, always};

pub(super) const RULE: Rule = Rule { name: "collector_metadata", applies: always, act };

fn act(case: &Case<'_>, draft: &mut Draft) -> Result<(), RuleError> {
    let metadata = &case.raw.metadata;
    draft.set("collector_notes", Some(metadata.collector_notes.clone()));
    draft.set("collector_metadata", whole(case.raw));
    draft.set_text("throttle_rule", Some(&metadata.throttle_rule));
    draft.set("sample_percent", Some(percent(metadata.sample_percent)));
    Ok(())
}

/// All that the collector noted, as the API shows it with a raw crash.
fn whole(raw: &RawCrash) -> Option<Value> {
    let bare = RawCrash {
        crash_id: raw.crash_id,
        annotations: Annotations::new(),
        metadata: raw.metadata.clone(),
        dumps: raw.dumps.clone(),
    };
    bare.to_api_json().remove("metadata")
}

/// Whole where it is, as the table of fields says; a finer rate is not rounded away.
fn percent(percent: f64) -> Value {
    if percent.fract() == 0.0 && (0.0..=100.0).contains(&percent) {
        // In 0 to 100 and whole: nothing is lost.
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "0 to 100 and whole"
        )]
        return json!(percent as u8);
    }
    json!(percent)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::sample::{dump, processed, raw};

    #[test]
    fn all_that_the_collector_noted_is_kept() {
        let mut crash = raw(&[]);
        crash.dumps.push(dump("upload_file_minidump"));
        crash.metadata.collector_notes.push("a\0b".to_owned());
        let made = processed(&crash).crash.to_map();
        let metadata = &made["collector_metadata"];
        assert_eq!(metadata["payload"], "multipart");
        assert_eq!(metadata["dump_checksums"], json!({"upload_file_minidump": "0".repeat(64)}));
        assert_eq!(metadata["collector_notes"], json!(["ab"]));
        assert_eq!(made["collector_notes"], json!(["ab"]));
    }

    #[test]
    fn rates_are_whole_where_they_are() {
        let mut crash = raw(&[]);
        for (percent, expected) in [(10.0, json!(10)), (0.5, json!(0.5)), (100.0, json!(100))] {
            crash.metadata.sample_percent = percent;
            assert_eq!(processed(&crash).crash.to_map()["sample_percent"], expected);
        }
    }
}
