//! Parts of the telemetry environment: what Firefox says of itself and its machine.
//!
//! Clients of different years send one value as a number, a text or a truth value, so most parts
//! are only plain.

use super::{Kind, Part};

const fn plain(name: &'static str) -> Part {
    Part::public(name, Kind::Plain)
}

const fn texts(name: &'static str) -> Part {
    Part::public(name, Kind::Texts)
}

const fn object(name: &'static str, parts: &'static [Part]) -> Part {
    Part::public(name, Kind::Object(parts))
}

const fn each(name: &'static str, kind: &'static Kind) -> Part {
    Part::public(name, Kind::List(kind))
}

const fn keyed(name: &'static str, kind: &'static Kind) -> Part {
    Part::public(name, Kind::Map(kind))
}

/// The whole environment.
pub(super) const TELEMETRY_ENVIRONMENT: &[Part] = &[
    object("addons", ADDONS),
    object("build", BUILD),
    keyed("experiments", &Kind::Object(&[plain("branch"), plain("enrollmentId"), plain("type")])),
    object("partner", PARTNER),
    object("profile", &[plain("creationDate"), plain("firstUseDate"), plain("resetDate")]),
    object("services", &[plain("accountEnabled"), plain("syncEnabled")]),
    object("settings", SETTINGS),
    object("system", SYSTEM),
];

const ADDONS: &[Part] = &[
    keyed("activeAddons", &Kind::Object(ADDON)),
    keyed(
        "activeGMPlugins",
        &Kind::Object(&[plain("applyBackgroundUpdates"), plain("userDisabled"), plain("version")]),
    ),
    each("activePlugins", &Kind::Object(PLUGIN)),
    object("theme", THEME),
];

const ADDON: &[Part] = &[
    plain("appDisabled"),
    plain("blocklisted"),
    plain("description"),
    plain("foreignInstall"),
    plain("hasBinaryComponents"),
    plain("installDay"),
    plain("isSystem"),
    plain("isWebExtension"),
    plain("multiprocessCompatible"),
    plain("name"),
    plain("scope"),
    plain("signedState"),
    plain("type"),
    plain("updateDay"),
    plain("userDisabled"),
    plain("version"),
];

const PLUGIN: &[Part] = &[
    plain("blocklisted"),
    plain("clicktoplay"),
    plain("description"),
    plain("disabled"),
    texts("mimeTypes"),
    plain("name"),
    plain("updateDay"),
    plain("version"),
];

const THEME: &[Part] = &[
    plain("appDisabled"),
    plain("blocklisted"),
    plain("description"),
    plain("foreignInstall"),
    plain("hasBinaryComponents"),
    plain("id"),
    plain("installDay"),
    plain("name"),
    plain("scope"),
    plain("updateDay"),
    plain("userDisabled"),
    plain("version"),
];

const BUILD: &[Part] = &[
    plain("applicationId"),
    plain("applicationName"),
    plain("architecture"),
    plain("buildId"),
    plain("displayVersion"),
    plain("platformVersion"),
    plain("updaterAvailable"),
    plain("vendor"),
    plain("version"),
    plain("xpcomAbi"),
];

const PARTNER: &[Part] = &[
    plain("distributionId"),
    plain("distributionVersion"),
    plain("distributor"),
    plain("distributorChannel"),
    plain("partnerId"),
    texts("partnerNames"),
];

const SETTINGS: &[Part] = &[
    plain("addonCompatibilityCheckEnabled"),
    plain("blocklistEnabled"),
    plain("defaultSearchEngine"),
    object(
        "defaultSearchEngineData",
        &[plain("loadPath"), plain("name"), plain("origin"), plain("submissionURL")],
    ),
    plain("e10sEnabled"),
    plain("e10sMultiProcesses"),
    plain("fissionEnabled"),
    object(
        "intl",
        &[
            texts("acceptLanguages"),
            texts("appLocales"),
            texts("availableLocales"),
            texts("regionalPrefsLocales"),
            texts("requestedLocales"),
            texts("systemLocales"),
        ],
    ),
    plain("isDefaultBrowser"),
    plain("launcherProcessState"),
    plain("locale"),
    object(
        "sandbox",
        &[plain("contentWin32kLockdownState"), plain("effectiveContentProcessLevel")],
    ),
    plain("searchCohort"),
    plain("telemetryEnabled"),
    object(
        "update",
        &[plain("autoDownload"), plain("background"), plain("channel"), plain("enabled")],
    ),
    keyed("userPrefs", &Kind::Plain),
];

const SYSTEM: &[Part] = &[
    plain("appleModelId"),
    object("cpu", CPU),
    object("gfx", GFX),
    plain("hasWinPackageId"),
    object("hdd", &[object("binary", DISK), object("profile", DISK), object("system", DISK)]),
    plain("isWow64"),
    plain("isWowARM64"),
    plain("memoryMB"),
    object("os", OS),
    object("sec", &[texts("antispyware"), texts("antivirus"), texts("firewall")]),
    plain("virtualMaxMB"),
];

const CPU: &[Part] = &[
    plain("cores"),
    plain("count"),
    texts("extensions"),
    plain("family"),
    plain("isWindowsSMode"),
    plain("l2cacheKB"),
    plain("l3cacheKB"),
    plain("model"),
    plain("name"),
    plain("speedMHz"),
    plain("stepping"),
    plain("vendor"),
];

const DISK: &[Part] = &[plain("model"), plain("revision"), plain("type")];

const OS: &[Part] = &[
    plain("hasPrefetch"),
    plain("hasSuperfetch"),
    plain("installYear"),
    plain("locale"),
    plain("name"),
    plain("servicePackMajor"),
    plain("servicePackMinor"),
    plain("version"),
    plain("windowsBuildNumber"),
    plain("windowsUBR"),
];

const GFX: &[Part] = &[
    plain("ContentBackend"),
    plain("D2DEnabled"),
    plain("DWriteEnabled"),
    plain("EmbeddedInFirefoxReality"),
    plain("Headless"),
    each("adapters", &Kind::Object(ADAPTER)),
    object("features", FEATURES),
    each("monitors", &Kind::Object(MONITOR)),
];

const ADAPTER: &[Part] = &[
    plain("GPUActive"),
    plain("RAM"),
    plain("description"),
    plain("deviceID"),
    plain("driver"),
    plain("driverDate"),
    plain("driverVendor"),
    plain("driverVersion"),
    plain("subsysID"),
    plain("vendorID"),
];

const MONITOR: &[Part] = &[
    plain("pseudoDisplay"),
    plain("refreshRate"),
    plain("scale"),
    plain("screenHeight"),
    plain("screenWidth"),
];

const STATUS: &[Part] = &[plain("status")];

const FEATURES: &[Part] = &[
    object("advancedLayers", STATUS),
    plain("compositor"),
    object("d2d", &[plain("status"), plain("version")]),
    object(
        "d3d11",
        &[
            plain("blocklisted"),
            plain("status"),
            plain("textureSharing"),
            plain("version"),
            plain("warp"),
        ],
    ),
    object("gpuProcess", STATUS),
    object("hwCompositing", STATUS),
    object("omtp", STATUS),
    object("openglCompositing", STATUS),
    object("webrender", STATUS),
    object("wrCompositor", STATUS),
    object("wrQualified", STATUS),
    object("wrSoftware", STATUS),
];
