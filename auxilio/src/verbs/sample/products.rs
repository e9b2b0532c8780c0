//! The products of the samples. Made up, so that nobody takes a sample for a real product's crash.

/// Where a product runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Platform {
    /// Windows, macOS and Linux; hosts plugins.
    Desktop,
    /// Android; also crashes in Java, without a dump.
    Mobile,
}

/// How a product writes the version of a train.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Numbering {
    /// `57.0`; which beta it is, only the build id tells, as Mozilla's products have it.
    BetaInBuild,
    /// `57.0b3`.
    BetaInVersion,
    /// `5.7.0`, and `5.7.0b3`.
    Dotted,
}

/// A product.
#[derive(Debug)]
pub(super) struct Product {
    pub(super) name: &'static str,
    pub(super) vendor: &'static str,
    pub(super) guid: &'static str,
    pub(super) platform: Platform,
    pub(super) numbering: Numbering,
    /// Trains that it is behind the first product.
    pub(super) behind: i64,
    /// Whether its client sends annotations as one JSON part; else each is a field of the form.
    pub(super) sends_json: bool,
    /// Its channels, by how many of its crashes come from each.
    pub(super) channels: &'static [(u64, Channel)],
}

/// A channel of releases.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Channel {
    Release,
    Beta,
    Aurora,
    Nightly,
    Esr,
    /// Builds of distributors, which say no channel of their own.
    Default,
}

impl Channel {
    /// What the client says.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Release => "release",
            Self::Beta => "beta",
            Self::Aurora => "aurora",
            Self::Nightly => "nightly",
            Self::Esr => "esr",
            Self::Default => "default",
        }
    }
}

/// All products, by how many crashes come from each.
pub(super) const PRODUCTS: &[(u64, Product)] = &[
    (
        68,
        Product {
            name: "Heronview",
            vendor: "Auxilio Samples",
            guid: "{4f1ab1f5-2d35-4c5c-9a3e-0c1d6a8b7e10}",
            platform: Platform::Desktop,
            numbering: Numbering::BetaInBuild,
            behind: 0,
            sends_json: true,
            channels: &[
                (54, Channel::Release),
                (20, Channel::Beta),
                (6, Channel::Aurora),
                (11, Channel::Nightly),
                (7, Channel::Esr),
                (2, Channel::Default),
            ],
        },
    ),
    (
        14,
        Product {
            name: "Postlark",
            vendor: "Auxilio Samples",
            guid: "{8a7d1d14-6b5e-4a49-8f0e-5f2f8d1c2b11}",
            platform: Platform::Desktop,
            numbering: Numbering::BetaInVersion,
            behind: 0,
            sends_json: false,
            channels: &[
                (60, Channel::Release),
                (22, Channel::Beta),
                (10, Channel::Nightly),
                (8, Channel::Esr),
            ],
        },
    ),
    (
        7,
        Product {
            name: "Quayside",
            vendor: "Harbour Works",
            guid: "{c2b9e6d7-91f4-4f3f-bb6a-7e9a4d5c3f12}",
            platform: Platform::Desktop,
            numbering: Numbering::Dotted,
            behind: 60,
            sends_json: false,
            channels: &[(80, Channel::Release), (20, Channel::Beta)],
        },
    ),
    (
        11,
        Product {
            name: "HeronviewMobile",
            vendor: "Auxilio Samples",
            guid: "{e1d20c3b-50b7-4f1e-8a64-91c2f7a05d13}",
            platform: Platform::Mobile,
            numbering: Numbering::BetaInBuild,
            behind: 4,
            sends_json: true,
            channels: &[(66, Channel::Release), (22, Channel::Beta), (12, Channel::Nightly)],
        },
    ),
];
