//! The crash's identity: id, day and times, from one reading of the clock or from a submitter.

use auxilio_common::{Annotations, CrashId, Random, Throttle, Timestamp, limits};

use crate::refusal::Refusal;

/// Who a crash is and when it came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Identity {
    pub(crate) crash_id: CrashId,
    pub(crate) submitted_timestamp: Timestamp,
    pub(crate) supplied: bool,
}

/// Fields of a raw crash that the server alone writes.
const SERVER_FIELDS: [&str; 3] = ["uuid", "submitted_timestamp", "metadata"];

/// Takes the server's own fields out of the annotations and decides the identity.
///
/// A supplied id may carry another day than today's. The crash is then dated on that day: at the
/// supplied `submitted_timestamp` if that lies in it, else at the arrival's time of day.
pub(crate) fn decide(
    annotations: &mut Annotations,
    notes: &mut Vec<String>,
    throttle: Throttle,
    received_at: Timestamp,
    may_supply: bool,
    random: &dyn Random,
) -> Result<Identity, Refusal> {
    let [uuid, submitted, metadata] = SERVER_FIELDS.map(|name| annotations.remove(name));
    if metadata.is_some() {
        notes.push("metadata is the server's and was dropped".into());
    }
    if let Some(text) = uuid {
        if !may_supply {
            return Err(Refusal::UnauthorizedCrashId);
        }
        return supplied(&text, submitted.as_deref(), notes, received_at);
    }
    if submitted.is_some() {
        notes.push("submitted_timestamp is the server's and was dropped".into());
    }
    let day = received_at.day().ok_or(Refusal::BadClock)?;
    let mut bytes = [0; 16];
    random.fill(&mut bytes);
    let crash_id = CrashId::issue(bytes, throttle.digit().unwrap_or(0), day);
    Ok(Identity { crash_id, submitted_timestamp: received_at, supplied: false })
}

fn supplied(
    text: &str,
    submitted: Option<&str>,
    notes: &mut Vec<String>,
    received_at: Timestamp,
) -> Result<Identity, Refusal> {
    let crash_id = CrashId::parse(text).map_err(|error| Refusal::BadCrashId(error.to_string()))?;
    let day = crash_id.day();
    let tomorrow = received_at.day().and_then(auxilio_common::Day::next);
    if day.ymd().0 < limits::FIRST_YEAR || Some(day) > tomorrow {
        return Err(Refusal::BadCrashId(format!(
            "its day {day} is before {} or after tomorrow",
            limits::FIRST_YEAR
        )));
    }
    let named = submitted
        .and_then(|text| text.parse::<Timestamp>().ok())
        .filter(|at| at.day() == Some(day));
    let submitted_timestamp = match named {
        Some(at) => at,
        None if received_at.day() == Some(day) => received_at,
        None => {
            notes.push(format!("the id carries {day}: the time of submission was set to that day"));
            Timestamp::from_micros(Timestamp::midnight(day).micros() + received_at.micros_of_day())
        }
    };
    Ok(Identity { crash_id, submitted_timestamp, supplied: true })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug)]
    struct Zeros;

    impl Random for Zeros {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.fill(0);
        }
    }

    fn decide_with(
        pairs: &[(&str, &str)],
        may_supply: bool,
    ) -> Result<(Identity, Vec<String>), &'static str> {
        let mut annotations =
            pairs.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
        let (mut notes, now) = (Vec::new(), "2026-11-24T12:34:56.789012Z".parse().unwrap());
        decide(&mut annotations, &mut notes, Throttle::Accept, now, may_supply, &Zeros)
            .map(|identity| (identity, notes))
            .map_err(|refusal| refusal.code())
    }

    const OLD: &str = "0b794045-87ec-4649-9ce1-73ec00120824";

    #[test]
    fn an_issued_id_carries_the_day_of_arrival() {
        let (identity, notes) =
            decide_with(&[("submitted_timestamp", "2001-01-01T00:00:00Z")], false).unwrap();
        assert_eq!(identity.crash_id.to_string(), "00000000-0000-4000-8000-000000261124");
        assert_eq!(identity.submitted_timestamp.to_string(), "2026-11-24T12:34:56.789012+00:00");
        assert_eq!(notes.len(), 1);
    }

    #[test]
    fn a_supplied_id_needs_a_token_and_a_possible_day() {
        assert_eq!(decide_with(&[("uuid", OLD)], false), Err("unauthorized_uuid"));
        assert_eq!(decide_with(&[("uuid", "x")], true), Err("malformed_invalid_uuid"));
        for (tail, possible) in
            [("041231", false), ("050101", true), ("261125", true), ("261126", false)]
        {
            let id = format!("0b794045-87ec-4649-9ce1-73ec00{tail}");
            assert_eq!(decide_with(&[("uuid", &id)], true).is_ok(), possible, "{tail}");
        }
    }

    #[test]
    fn a_supplied_id_of_another_day_is_dated_on_that_day() {
        let at = |submitted: &str| {
            let (identity, notes) =
                decide_with(&[("uuid", OLD), ("submitted_timestamp", submitted)], true).unwrap();
            (identity.submitted_timestamp.to_string(), notes.len())
        };
        assert_eq!(at("2012-08-24T23:00:00.5Z"), ("2012-08-24T23:00:00.500000+00:00".into(), 0));
        assert_eq!(at("2012-08-25T00:00:00Z"), ("2012-08-24T12:34:56.789012+00:00".into(), 1));
        assert_eq!(at("rubbish"), ("2012-08-24T12:34:56.789012+00:00".into(), 1));
    }
}
