//! Add-ons of the samples, the frequent ones first. Made up.

/// Escaped as clients send it, with the versions that people have.
pub(super) const ADD_ONS: &[(&str, &[&str])] = &[
    ("tidy-tabs%40example.org", &["2.1.0", "2.0.4"]),
    ("%7Bd10d0bf8-f5b5-c8b4-a8b2-2b9879e08c5d%7D", &["2.0.3", "2.0.2", "1.9"]),
    ("dark-sea%40example.org", &["1.0"]),
    ("spell-de%40dictionaries.example", &["4.0.2"]),
    ("%7B20a82645-c095-46ed-80e3-08825760534b%7D", &["1.2.1"]),
    ("gesture.pad%40example.net", &["0.9.1b2", "0.9"]),
    ("screengrab%2Bplus%40example.com", &["3.11.1"]),
    ("translate%40%E4%BE%8B.example", &["5.2"]),
    ("%7B972ce4c6-7e08-4474-a285-3208198ce6fd%7D", &["14.0"]),
    ("bookmark-sync%40example.org", &["7.0.0.44", "6.9.9"]),
    ("toolbar%40partner.example", &["12.1.0.21", "12.0.0.9", "11.4"]),
    ("mail-notifier%40example.net", &["2.3"]),
    ("privacy.fence%40example.org", &["2024.4.1"]),
    ("video-saver%40example.com", &["4.9.9.3"]),
    ("reader-view%40example.org", &["1.1.0"]),
];

/// An add-on that is there more often when a plugin's memory is freed twice: a report of
/// correlations has something to find.
pub(super) const SUSPECT: (&str, &str) = ("turbo-cache%40example.net", "0.3.7");

/// An entry as a broken client writes it: without a version.
pub(super) const WITHOUT_VERSION: &str = "left-over%40example.org";
