//! The parameters of a request: each at most once, none that is not known.

use auxilio_common::CrashId;
use axum::extract::{FromRequestParts, Query};
use axum::http::request::Parts;

use crate::answer::Refusal;

/// Characters of a reader's own text that an error repeats.
const ECHO_CHARS_MAX: usize = 60;

/// The parameters, in the order in which they came.
#[derive(Debug)]
pub(crate) struct Parameters(Vec<(String, String)>);

impl<S: Send + Sync> FromRequestParts<S> for Parameters {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Refusal> {
        Query::<Vec<(String, String)>>::try_from_uri(&parts.uri)
            .map(|Query(pairs)| Self(pairs))
            .map_err(|_| Refusal::bad_request("the query is not of the form name=value&name=value"))
    }
}

impl Parameters {
    /// Refuses parameters that are not among `known`, and those that come twice.
    pub(crate) fn check(&self, known: &[&str]) -> Result<(), Refusal> {
        for (place, (name, _)) in self.0.iter().enumerate() {
            if !known.contains(&name.as_str()) {
                let name = echo(name);
                let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
                let error = format!("there is no parameter \"{name}\" here; known: {known}");
                return Err(Refusal::bad_request(error));
            }
            if self.0[..place].iter().any(|(earlier, _)| earlier == name) {
                let error = format!("the parameter \"{name}\" may be given once");
                return Err(Refusal::bad_request(error));
            }
        }
        Ok(())
    }

    /// A parameter's value.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// A parameter that must be there.
    pub(crate) fn required(&self, name: &str) -> Result<&str, Refusal> {
        self.get(name)
            .ok_or_else(|| Refusal::bad_request(format!("the parameter \"{name}\" is missing")))
    }

    /// The parameter `crash_id`, with or without `bp-`.
    pub(crate) fn crash_id(&self) -> Result<CrashId, Refusal> {
        let text = self.required("crash_id")?;
        CrashId::parse(text).map_err(|error| {
            Refusal::bad_request(format!("crash_id \"{}\" is no crash id: {error}", echo(text)))
        })
    }
}

/// The begin of a reader's own text; JSON escapes what is left.
pub(crate) fn echo(text: &str) -> &str {
    text.char_indices().nth(ECHO_CHARS_MAX).map_or(text, |(end, _)| &text[..end])
}
