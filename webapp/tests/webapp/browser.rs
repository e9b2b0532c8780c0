//! The pages in a real Chromium: what a reader sees, and that hostile text stays text.

use crate::site::{OLD_ID, Site, sample_crash};
use auxilio_testkit::browser::{Browser, Colours, Page};
use serde_json::{Value, json};

async fn open(site: &Site, path: &str) -> Page {
    let url = format!("{}{path}", site.url);
    tokio::task::spawn_blocking(move || Browser::find().unwrap().open(&url).unwrap()).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn report_page_shows_functions_and_lines_and_breaks_no_policy() {
    let site = Site::start().await;
    site.put_crash(OLD_ID, sample_crash(OLD_ID));
    let page = open(&site, &format!("/report/index/{OLD_ID}")).await;
    let seen = page.text();
    for expected in [
        "auxilio_crashme::ways::segv::inner",
        "core::ptr::write_volatile<u32>",
        "ways.rs:41",
        "main.rs:132",
    ] {
        assert!(seen.contains(expected), "{expected} is not seen in:\n{seen}");
    }
    assert_eq!(page.console, Vec::<String>::new());
}

/// Puts a text into every place of a document that holds one.
fn poison(value: &mut Value, text: &str) {
    match value {
        Value::String(held) => text.clone_into(held),
        Value::Array(items) => items.iter_mut().for_each(|item| poison(item, text)),
        Value::Object(fields) => fields.values_mut().for_each(|field| poison(field, text)),
        _ => {}
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn hostile_text_in_every_place_of_a_crash_is_inert() {
    let site = Site::start().await;
    for hostile in [
        "</title></script><script>document.body.dataset.owned='1'</script>",
        "\"><img src=x onerror=\"document.body.dataset.owned='1'\" owned=1>",
        "' onmouseover=owned() style='position:fixed",
        "git:github.com/a/b\" onclick=\"owned():x.rs:0123456789ab",
        "javascript:document.body.dataset.owned='1'",
        "{{7*7}}</bdi></td></tr></table><form action=//evil.example><input name=owned>",
    ] {
        let mut crash = sample_crash(OLD_ID);
        poison(&mut crash, hostile);
        let line = json!({"crash_id": OLD_ID, "product": hostile, "version": hostile, "signature": hostile, "reason": hostile, "os_name": hostile, "date_processed": hostile});
        site.put_crash(OLD_ID, crash);
        site.put("/api/LatestCrashes/?limit=50", json!({"crashes": [line]}));
        for path in [format!("/report/index/{OLD_ID}"), "/".to_owned()] {
            let page = open(&site, &path).await;
            assert!(!page.html.contains("data-owned"), "{hostile} ran on {path}");
            assert!(page.text().contains(hostile), "{hostile} is not shown as text on {path}");
            for (name, attributes) in tags(&page.html) {
                assert_ne!(name, "script", "{hostile}");
                for (attribute, value) in attributes {
                    assert!(!attribute.starts_with("on") && attribute != "owned", "{attribute}");
                    let leads = ["href", "src", "action"].contains(&attribute.as_str());
                    let inside = value.starts_with(['/', '#']) && !value.starts_with("//");
                    assert!(!leads || inside, "{name} leads to {value}");
                }
            }
            assert_eq!(page.console, Vec::<String>::new(), "{hostile}");
        }
    }
}

/// The tags of a document as a browser writes it: names, and attributes with their values.
fn tags(html: &str) -> Vec<(String, Vec<(String, String)>)> {
    let mut tags = Vec::new();
    let mut rest = html;
    while let Some((_, after)) = rest.split_once('<') {
        let end = after.find([' ', '>']).unwrap();
        let name = after[..end].to_owned();
        rest = &after[end..];
        let mut attributes = Vec::new();
        while let Some((attribute, after)) =
            rest.strip_prefix(' ').and_then(|rest| rest.split_once("=\""))
        {
            let (value, after) = after.split_once('"').unwrap();
            attributes.push((attribute.to_owned(), value.to_owned()));
            rest = after;
        }
        assert!(name == "!DOCTYPE" || rest.starts_with('>'), "{name} {attributes:?}");
        tags.push((name, attributes));
    }
    tags
}

#[tokio::test(flavor = "multi_thread")]
async fn text_that_turns_direction_is_spelled_out() {
    let site = Site::start().await;
    let mut crash = sample_crash(OLD_ID);
    crash["signature"] = json!("evil\u{202e}cod.exe");
    crash["json_dump"]["threads"][1]["thread_name"] = json!("a\u{2066}b\u{200b}");
    site.put_crash(OLD_ID, crash);
    let page = open(&site, &format!("/report/index/{OLD_ID}")).await;
    assert!(page.text().contains("evil⟨U+202E⟩cod.exe"));
    assert!(page.text().contains("a⟨U+2066⟩b⟨U+200B⟩"));
    assert!(!page.html.contains(['\u{202e}', '\u{2066}', '\u{200b}']));
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_draw_in_both_colours() {
    let site = Site::start().await;
    site.put_crash(OLD_ID, sample_crash(OLD_ID));
    let folder = tempfile::tempdir().unwrap();
    let mut pictures = Vec::new();
    for (colours, name) in [(Colours::Light, "light.png"), (Colours::Dark, "dark.png")] {
        let out = folder.path().join(name);
        let url = format!("{}/report/index/{OLD_ID}", site.url);
        let drawn = out.clone();
        tokio::task::spawn_blocking(move || {
            Browser::find().unwrap().screenshot(&url, (1280, 900), colours, &drawn).unwrap();
        })
        .await
        .unwrap();
        pictures.push(std::fs::read(out).unwrap());
    }
    assert!(pictures.iter().all(|picture| picture.starts_with(b"\x89PNG")));
    assert_ne!(pictures[0], pictures[1]);
}
