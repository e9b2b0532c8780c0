//! `/bpapi/products/builds/`: Socorro's service of 2012 about builds that were released. A POST tells one,
//! for the holder of the admin token; a GET lists a product's builds of the trunk.

use auxilio_common::Day;
use auxilio_common::fields::Permission;
use auxilio_database::{Build, Release, Released};
use auxilio_service::error_chain;
use axum::extract::rejection::{FormRejection, PathRejection};
use axum::extract::{DefaultBodyLimit, Form, FromRequest, Path, Request, State};
use axum::handler::Handler;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, post};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};

use crate::access;
use crate::answer::{Answer, Refusal};
use crate::app::App;
use crate::parameters::echo;

/// Where a build is told.
pub(crate) const TELL_PATH: &str = "/bpapi/products/builds/";

/// Where builds are listed: names and values follow each other in the path.
pub(crate) const LIST_PATH: &str = "/bpapi/products/builds/{*terms}";

/// The fields of a build.
pub(crate) const FIELDS: &[&str] =
    &["product", "version", "platform", "build_id", "build_type", "beta_number", "repository"];

/// Bytes of a build that is told: a few short texts.
const BODY_BYTES_MAX: usize = 16 * 1024;

/// Days before today of a list without `from_date`.
const DAYS: u32 = 7;

/// The resource that takes builds.
pub(crate) fn tell_resource() -> MethodRouter<App> {
    post(tell.layer(DefaultBodyLimit::max(BODY_BYTES_MAX)))
}

/// Takes a build, and leads to the list that has it: 303. One that is known already is answered the same
/// way, so whoever lost an answer tells it again. 400 says what is wrong with it.
async fn tell(State(app): State<App>, request: Request) -> Result<Response, Refusal> {
    if access::rights(app.admin.as_ref(), request.headers())? != Permission::Protected {
        let error =
            "builds are told by the holder of the admin token: send it in the header Auth-Token";
        return Err(Refusal::forbidden(error));
    }
    let form = Form::<Vec<(String, String)>>::from_request(request, &()).await;
    let release = read(form)?;
    let told = app.database.add_release(&release).await.map_err(|error| {
        tracing::warn!(error = error_chain(&error), "a build could not be written");
        Refusal::unavailable("builds can't be written at this moment")
    })?;
    match told {
        Released::Added | Released::Known => Ok(see_list(&release)),
        Released::Refused(what) => Err(Refusal::bad_request(what)),
    }
}

fn read(form: Result<Form<Vec<(String, String)>>, FormRejection>) -> Result<Release, Refusal> {
    let Form(fields) = form.map_err(|rejection| match rejection.status() {
        StatusCode::PAYLOAD_TOO_LARGE => {
            Refusal::bad_request(format!("a build has no more than {BODY_BYTES_MAX} bytes"))
        }
        _ => Refusal::bad_request("the body is no form of application/x-www-form-urlencoded"),
    })?;
    for (place, (name, _)) in fields.iter().enumerate() {
        if !FIELDS.contains(&name.as_str()) {
            let (name, known) = (echo(name), FIELDS.join(", "));
            let error = format!("there is no field \"{name}\" here; known: {known}");
            return Err(Refusal::bad_request(error));
        }
        if fields[..place].iter().any(|(earlier, _)| earlier == name) {
            return Err(Refusal::bad_request(format!("the field \"{name}\" may be given once")));
        }
    }
    let value = |name: &str| {
        let field = fields.iter().find(|(known, _)| known == name);
        field.map(|(_, value)| value.trim()).filter(|value| !value.is_empty())
    };
    let needed = |name: &str| {
        let missing = || Refusal::bad_request(format!("the field \"{name}\" is missing"));
        value(name).map(str::to_owned).ok_or_else(missing)
    };
    let channel = needed("build_type")?;
    let beta_number = match value("beta_number") {
        None if channel.eq_ignore_ascii_case("beta") => {
            return Err(Refusal::bad_request("a beta needs the field \"beta_number\""));
        }
        None => None,
        Some(text) => Some(text.parse().map_err(|_| {
            Refusal::bad_request(format!("beta_number \"{}\" is no number", echo(text)))
        })?),
    };
    Ok(Release {
        product: needed("product")?,
        version: needed("version")?,
        channel,
        build_id: needed("build_id")?,
        platform: needed("platform")?,
        beta_number,
        repository: value("repository").unwrap_or(Release::REPOSITORY).to_owned(),
    })
}

fn see_list(release: &Release) -> Response {
    let encoded = |text| utf8_percent_encode(text, NON_ALPHANUMERIC);
    let (product, version) = (encoded(&release.product), encoded(&release.version));
    let place = format!("{TELL_PATH}product/{product}/version/{version}/");
    let mut response = StatusCode::SEE_OTHER.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    // Encoded text is always a header's value.
    if let Ok(place) = HeaderValue::try_from(place) {
        headers.insert(header::LOCATION, place);
    }
    response
}

/// Lists a product's builds since a day, the newest first.
pub(crate) async fn list(
    State(app): State<App>,
    terms: Result<Path<String>, PathRejection>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    access::rights(app.admin.as_ref(), &headers)?;
    let terms = terms.map_or_else(|_| String::new(), |Path(terms)| terms);
    let words: Vec<&str> = terms.split('/').collect();
    let (mut product, mut version, mut from) = (None, None, None);
    for pair in words.chunks_exact(2) {
        match *pair {
            ["product", value] => product = Some(value),
            ["version", value] => version = Some(value),
            ["from_date", value] => from = Some(day(value)?),
            [name, _] => {
                let error = format!(
                    "there is no \"{}\" here; known: product, version, from_date",
                    echo(name)
                );
                return Err(Refusal::bad_request(error));
            }
            _ => {}
        }
    }
    let product = product.ok_or_else(|| Refusal::bad_request("the product is missing"))?;
    let ago = app.shell.clock.now().minus(std::time::Duration::from_hours(24) * DAYS);
    let from = from.or(ago.day()).ok_or_else(|| Refusal::broken("the clock stands wrong"))?;
    let builds = app.database.builds_of_trunk(product, version, from).await.map_err(|error| {
        tracing::warn!(error = error_chain(&error), "builds could not be listed");
        Refusal::unavailable("builds can't be read at this moment")
    })?;
    Ok(Answer::json(&builds.iter().map(shown).collect::<Vec<_>>())?.of_now())
}

fn day(text: &str) -> Result<Day, Refusal> {
    text.parse().map_err(|_| {
        Refusal::bad_request(format!("from_date \"{}\" is no day as 2012-06-15", echo(text)))
    })
}

fn shown(Build { release, day }: &Build) -> Value {
    json!({
        "product": release.product,
        "version": release.version,
        "platform": release.platform,
        "buildid": release.build_id,
        "build_type": release.channel,
        "beta_number": release.beta_number,
        "repository": release.repository,
        "date": day.to_string(),
    })
}
