//! The summaries, for tests that make them all by their procedures.

/// Every summary's name, in the order in which they read each other.
pub const SUMMARIES: [&str; 14] = [
    "signatures",
    "os_versions",
    "tcbs",
    "tcbs_build",
    "adu",
    "daily_crashes",
    "hang_report",
    "nightly_builds",
    "rank_compare",
    "crashes_by_url",
    "crashes_by_domain",
    "signature_summary",
    "crashes_by_flash_version",
    "explosiveness",
];
