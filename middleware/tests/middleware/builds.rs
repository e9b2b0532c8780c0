//! Builds that are told by POST: who may, what is refused, that telling twice is telling once, and the
//! list that shows them.

use auxilio_service::client::Answer;
use serde_json::json;

use crate::fixture::{Service, TOKEN, header, json, text};

const PATH: &str = "/bpapi/products/builds/";

const FORM: (&str, &str) = ("Content-Type", "application/x-www-form-urlencoded");

const GOOD: &str = "product=Firefox&version=15.0a1&platform=linux&build_id=20120615030405\
                    &build_type=Nightly&repository=mozilla-central";

async fn tell(service: &Service, body: &str) -> Answer {
    service.post_with(PATH, &[FORM, ("Auth-Token", TOKEN)], body).await
}

fn builds(service: &Service) -> String {
    let sql =
        "SELECT coalesce(string_agg(concat_ws(' ', product_name, version, build_type, build_id,
                   platform, beta_number, repository), '; ' ORDER BY build_id, version), '')
               FROM releases_raw";
    service.owner_text(sql)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_build_is_told_once_or_twice_and_listed() {
    let service = Service::start().await;
    let list = "/bpapi/products/builds/product/Firefox/version/15%2E0a1/";
    for _ in 0..2 {
        let answer = tell(&service, GOOD).await;
        assert_eq!(answer.status, 303, "{}", text(&answer));
        assert_eq!(header(&answer, "location"), list);
    }
    // The last slash may be left out, and what is no beta may have an empty number.
    let bare = PATH.trim_end_matches('/');
    let body = "product=mobile&version=14.0&platform=android&build_id=20120601030405&build_type=beta\
                &beta_number=3&repository=mozilla-aurora-android";
    let answer = service.post_with(bare, &[FORM, ("Auth-Token", TOKEN)], body).await;
    assert_eq!(answer.status, 303, "{}", text(&answer));
    let release = GOOD.replace("Nightly&repository=mozilla-central", "release&beta_number=");
    assert_eq!(tell(&service, &release).await.status, 303);
    assert_eq!(
        builds(&service),
        "mobile 14.0 beta 20120601030405 android 3 mozilla-aurora-android; \
         Firefox 15.0a1 nightly 20120615030405 linux mozilla-central; \
         Firefox 15.0a1 release 20120615030405 linux release"
    );
    let since = format!("{list}from_date/2012-06-15/");
    let listed = service.get(&since).await;
    let build = json!({"product": "Firefox", "version": "15.0a1", "platform": "linux",
        "buildid": "20120615030405", "build_type": "nightly", "beta_number": null,
        "repository": "mozilla-central", "date": "2012-06-15"});
    assert_eq!(json(&listed), json!([build]), "a release is not of the trunk");
    for (path, count) in [
        (list.to_owned(), 0),
        (format!("{list}from_date/2012-06-16"), 0),
        ("/bpapi/products/builds/product/MOBILE/from_date/2012-06-01/".to_owned(), 1),
        ("/bpapi/products/builds/from_date/2012-01-01/product/Firefox/version/1".to_owned(), 0),
    ] {
        let answer = service.get(&path).await;
        assert_eq!(answer.status, 200, "{path}: {}", text(&answer));
        assert_eq!(json(&answer).as_array().unwrap().len(), count, "{path}");
    }
    for path in ["version/1", "product/Firefox/from_date/yesterday", "product/Firefox/colour/red"] {
        assert_eq!(service.get(&format!("{PATH}{path}")).await.status, 400, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_without_the_token_tells_a_build() {
    let service = Service::start().await;
    for headers in [&[FORM][..], &[FORM, ("Auth-Token", "wrong")]] {
        let answer = service.post_with(PATH, headers, GOOD).await;
        assert_eq!(answer.status, 403, "{}", text(&answer));
    }
    assert_eq!(builds(&service), "");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_with_a_build_is_said_and_nothing_is_written() {
    let service = Service::start().await;
    let long = "x".repeat(20_000);
    for (from, to, what) in [
        ("Firefox", "Netscape", "the product \"Netscape\" is not known"),
        ("Nightly", "weekly", "the channel \"weekly\" is not known"),
        ("15.0a1", "fifteen", "the version \"fifteen\" is none"),
        ("=linux", "=%00", "the platform holds a control character"),
        ("20120615030405", "20120699030405", "begins with no day"),
        ("20120615030405", "tomorrow", "the build id is not of 8 to 20 digits"),
        ("mozilla-central", "elsewhere", "the repository \"elsewhere\" is not known"),
        ("product=Firefox&", "", "the field \"product\" is missing"),
        ("linux", "+", "the field \"platform\" is missing"),
        ("product=", "product=a&product=", "the field \"product\" may be given once"),
        ("product=", "colour=red&product=", "there is no field \"colour\" here"),
        ("Nightly", "Beta", "a beta needs the field \"beta_number\""),
        ("Nightly", "beta&beta_number=two", "beta_number \"two\" is no number"),
        ("Nightly", "beta&beta_number=0", "the number of a beta is not 1 or more"),
        ("Firefox", long.as_str(), "a build has no more than 16384 bytes"),
        (GOOD, "", "the field \"build_type\" is missing"),
    ] {
        let body = GOOD.replace(from, to);
        let answer = tell(&service, &body).await;
        assert_eq!(answer.status, 400, "{what}: {}", text(&answer));
        let error = json(&answer)["error"].as_str().unwrap().to_owned();
        assert!(error.contains(what), "{what}: {error}");
    }
    let of_another_kind = [("Content-Type", "application/json"), ("Auth-Token", TOKEN)];
    let answer = service.post_with(PATH, &of_another_kind, GOOD).await;
    assert_eq!(answer.status, 400);
    assert!(text(&answer).contains("no form"), "{}", text(&answer));
    assert_eq!(builds(&service), "");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_who_tell_the_same_build_at_once_make_one() {
    let service = Service::start().await;
    let told = futures::future::join_all((0..8).map(|_| tell(&service, GOOD))).await;
    assert!(told.iter().all(|answer| answer.status == 303));
    assert_eq!(builds(&service).split("; ").count(), 1);
}
