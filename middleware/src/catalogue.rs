//! `GET /api/`: what there is to ask, for people who look around.

use axum::response::Response;
use serde::Serialize;
use serde_json::json;

use crate::answer::{Answer, Refusal};
use crate::parameters::Parameters;
use crate::{bpapi_processed, product_builds};

/// One thing to ask for.
#[derive(Serialize)]
struct Resource {
    method: &'static str,
    path: &'static str,
    parameters: &'static [&'static str],
    /// Whether the admin token is needed for all of it.
    token: bool,
    says: &'static str,
}

/// All of them; the router serves the same paths.
const RESOURCES: &[Resource] = &[
    Resource {
        method: "GET",
        path: "/api/ProcessedCrash/",
        parameters: &["crash_id"],
        token: false,
        says: "the processed crash; the header Auth-Token adds its protected fields",
    },
    Resource {
        method: "GET",
        path: "/api/RawCrash/",
        parameters: &["crash_id", "format=meta|raw", "name"],
        token: true,
        says: "annotations and metadata as they came, or with format=raw the bytes of one dump",
    },
    Resource {
        method: "GET",
        path: "/api/CrashStatus/",
        parameters: &["crash_id"],
        token: false,
        says: "whether the raw crash is in the store, and the generation of the processed one",
    },
    Resource {
        method: "GET",
        path: "/api/Receipt/",
        parameters: &["crash_id"],
        token: false,
        says: "a crash's way so far: received, spooled, stored, queued, processed",
    },
    Resource {
        method: "GET",
        path: "/api/LatestCrashes/",
        parameters: &["limit"],
        token: false,
        says: "the processed crashes that were submitted last, newest first",
    },
    Resource {
        method: "GET",
        path: bpapi_processed::PATH,
        parameters: &[],
        token: false,
        says: "the processed crash in the shape of 2012; asks for one that is not processed: 408",
    },
    Resource {
        method: "POST",
        path: product_builds::TELL_PATH,
        parameters: product_builds::FIELDS,
        token: true,
        says: "takes a build that was released, as a form, and leads to the list of builds: 303",
    },
    Resource {
        method: "GET",
        path: product_builds::LIST_PATH,
        parameters: &["product", "version", "from_date"],
        token: false,
        says: "a product's builds of the trunk; names and values follow each other in the path",
    },
];

/// Answers `{"resources": [...]}`.
pub(crate) async fn get(parameters: Parameters) -> Result<Response, Refusal> {
    parameters.check(&[])?;
    Ok(Answer::json(&json!({"resources": RESOURCES}))?.kept_while_it_holds())
}

/// The paths of the catalogue.
#[cfg(test)]
pub(crate) fn paths() -> Vec<&'static str> {
    RESOURCES.iter().map(|resource| resource.path).collect()
}
