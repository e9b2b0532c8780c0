//! Which version a build is of.

use crate::fixture::Fixture;

#[tokio::test]
async fn betas_are_told_with_their_number_and_nothing_else_is() {
    let f = Fixture::new().await;
    f.sql(
        "INSERT INTO releases_raw (product_name, version, platform, build_id, build_type, beta_number)
         VALUES ('Firefox', '13.0', 'win32', 20120501000000, 'beta', 4),
                ('Firefox', '13.0', 'linux', 20120501000000, 'beta', 4),
                ('Firefox', '13.0', 'mac', 20120502000000, 'beta', 5),
                ('Firefox', '14.0', 'mac', 20120503000000, 'aurora', 1),
                ('Firefox', '13.0', 'win32', 20120601000000, 'release', NULL),
                ('Firefox', '13.0', 'win32', 20120602000000, 'beta', 999),
                ('Firefox', '15.0a1', 'win32', 20120603000000, 'nightly', NULL)",
    )
    .await;
    let mut betas = f.processor.known_betas().await.unwrap();
    betas.sort_by(|one, other| one.build_id.cmp(&other.build_id));
    let told: Vec<_> = betas
        .iter()
        .map(|beta| [&*beta.product, &*beta.channel, &*beta.build_id, &*beta.version].join(" "))
        .collect();
    assert_eq!(
        told,
        [
            "Firefox beta 20120501000000 13.0b4",
            "Firefox beta 20120502000000 13.0b5",
            "Firefox aurora 20120503000000 14.0b1",
        ]
    );
}
