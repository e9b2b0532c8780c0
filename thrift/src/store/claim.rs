//! Who came first under an id that a submitter chose.
//!
//! Such ids may meet, so the first to come writes a claim before anything else: two checksums, of the
//! whole submission and of its content. Whoever finds another's claim knows from it alone what he
//! is to it.

use auxilio_common::RawCrash;
use serde_json::json;
use sha2::{Digest, Sha256};

use super::HbaseStore;
use super::columns::CLAIM;
use super::fault::Fault;
use super::keys::hex;
use super::schema::CRASHES;
use crate::row::Put;

/// What a submission is to the one that came first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Claim {
    /// It is that one, or an earlier try of it.
    Own,
    /// Another submission of the same content.
    Same,
    /// Another crash.
    Other,
}

impl HbaseStore {
    /// Whether a submitter has chosen this id.
    pub(super) async fn is_claimed(&self, key: &[u8]) -> Result<bool, Fault> {
        Ok(self.client.look_up(CRASHES, key, &[CLAIM], 1_000).await?.is_some())
    }

    /// Claims the id of a crash for a submission.
    pub(super) async fn claim(&self, key: &[u8], crash: &RawCrash) -> Result<Claim, Fault> {
        let ours = text(crash)?;
        let put = Put::new(CLAIM, ours.clone().into_bytes());
        for _ in 0..TRIES {
            if self.client.put_if_absent(CRASHES, key, &put).await? {
                return Ok(Claim::Own);
            }
            let row = self.client.get_row(CRASHES, key, &[CLAIM], 1_000).await?;
            if let Some(first) = row.as_ref().and_then(|row| row.cell(CLAIM)) {
                return Ok(compare(&first.value, ours.as_bytes()));
            }
            // Removed between the two calls: it is free again.
        }
        Err(Fault::NotYet)
    }
}

fn compare(first: &[u8], ours: &[u8]) -> Claim {
    if first == ours {
        Claim::Own
    } else if first.get(DIGITS..) == ours.get(DIGITS..) {
        Claim::Same
    } else {
        Claim::Other
    }
}

/// Times that a claim which vanishes under our hands is made again.
const TRIES: usize = 5;

/// Digits of one checksum.
const DIGITS: usize = 64;

/// The checksums of all that a submission says, and of its annotations and dumps.
fn text(crash: &RawCrash) -> Result<String, Fault> {
    let dumps: Vec<_> =
        crash.dumps.iter().map(|dump| json!([dump.name, dump.length, dump.sha256])).collect();
    let content = json!([crash.crash_id, crash.annotations, dumps]);
    let whole = json!([content, crash.metadata]);
    let digest = |value: &serde_json::Value| -> Result<String, Fault> {
        Ok(hex(&Sha256::digest(serde_json::to_vec(value)?)))
    };
    Ok(digest(&whole)? + &digest(&content)?)
}

#[cfg(test)]
mod tests {
    use auxilio_common::{DumpName, RawEnvelope as _, Timestamp};
    use auxilio_testkit::raw::Recipe;

    use super::*;

    #[test]
    fn a_claim_tells_own_same_and_other_apart() {
        let first = Recipe::new("20121224".parse().unwrap(), 1);
        let of = |recipe: Recipe| text(recipe.envelope().raw_crash()).unwrap();
        let claim = of(first.clone());
        let than = |recipe: Recipe| compare(claim.as_bytes(), of(recipe).as_bytes());
        assert_eq!(than(first.clone()), Claim::Own);
        assert_eq!(than(first.clone().received_at(Timestamp::from_micros(7))), Claim::Same);
        assert_eq!(than(first.clone().annotation("x", "y")), Claim::Other);
        assert_eq!(than(first.without_dumps().dump(DumpName::main(), vec![1])), Claim::Other);
    }
}
