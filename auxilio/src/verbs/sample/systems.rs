//! Machines of the samples: systems with their versions, and what a client tells of them.
//!
//! The dumps of posted samples say Linux, and dumps are believed. What runs elsewhere shows in the
//! annotations that clients of that system send; rows of `--fast` have no dump and name it whole.

/// A kind of system.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Family {
    Windows,
    Mac,
    Linux,
    Android,
}

impl Family {
    /// How builders call it.
    pub(super) fn platform(self) -> &'static str {
        match self {
            Self::Windows => "win",
            Self::Mac => "mac",
            Self::Linux => "linux",
            Self::Android => "android",
        }
    }
}

/// A system's version.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct System {
    pub(super) family: Family,
    /// As a dump names it.
    pub(super) name: &'static str,
    /// As a dump words its version.
    pub(super) version: &'static str,
    /// As Firefox's TelemetryEnvironment names both.
    pub(super) telemetry: (&'static str, &'static str),
    /// The processors' architecture.
    pub(super) arch: &'static str,
}

const fn windows(version: &'static str, short: &'static str, arch: &'static str) -> System {
    let telemetry = ("Windows_NT", short);
    System { family: Family::Windows, name: "Windows NT", version, telemetry, arch }
}

const fn mac(version: &'static str, darwin: &'static str, arch: &'static str) -> System {
    let telemetry = ("Darwin", darwin);
    System { family: Family::Mac, name: "Mac OS X", version, telemetry, arch }
}

const fn linux(version: &'static str, short: &'static str, arch: &'static str) -> System {
    let telemetry = ("Linux", short);
    System { family: Family::Linux, name: "Linux", version, telemetry, arch }
}

/// Systems of desktop products, by how many crashes come from each.
#[rustfmt::skip]
pub(super) const DESKTOPS: &[(u64, System)] = &[
    (30, windows("6.1.7601 Service Pack 1", "6.1", "x86")),
    (18, windows("5.1.2600 Service Pack 3", "5.1", "x86")),
    (14, windows("10.0.19045", "10.0", "amd64")),
    (9, windows("10.0.22631", "10.0", "amd64")),
    (7, windows("6.0.6002 Service Pack 2", "6.0", "x86")),
    (2, windows("5.2.3790 Service Pack 2", "5.2", "x86")),
    (5, mac("10.7.4 11E53", "11.4.0", "amd64")),
    (4, mac("10.6.8 10K549", "10.8.0", "x86")),
    (4, mac("14.5.0 23F79", "23.5.0", "arm64")),
    (4, linux("0.0.0 Linux 6.1.0-18-amd64 #1 SMP x86_64", "6.1.0-18-amd64", "amd64")),
    (2, linux("0.0.0 Linux 3.2.0-24-generic #39-Ubuntu SMP i686", "3.2.0-24-generic", "x86")),
    (1, linux("0.0.0 Linux 5.15.0-91-generic #101-Ubuntu SMP x86_64", "5.15.0-91-generic", "amd64")),
];

/// An Android device, as its annotations name it.
#[derive(Debug)]
pub(super) struct Device {
    pub(super) manufacturer: &'static str,
    pub(super) model: &'static str,
    pub(super) board: &'static str,
    /// API level and code name, as `Android_Version` has it.
    pub(super) version: &'static str,
    pub(super) abi: &'static str,
    pub(super) system: System,
}

const fn android(version: &'static str, short: &'static str, arch: &'static str) -> System {
    let telemetry = ("Android", short);
    System { family: Family::Android, name: "Android", version, telemetry, arch }
}

/// Devices of mobile products. Made up.
#[rustfmt::skip]
pub(super) const DEVICES: &[(u64, Device)] = &[
    (50, Device { manufacturer: "Larkspur", model: "LS-2100", board: "lsb21", version: "33 (REL)", abi: "arm64-v8a",
        system: android("0.0.0 Linux 5.10.101-android13 aarch64", "33", "arm64") }),
    (30, Device { manufacturer: "Mareva", model: "Tide 4", board: "tide4", version: "29 (REL)", abi: "armeabi-v7a",
        system: android("0.0.0 Linux 4.14.117 armv8l", "29", "arm") }),
    (20, Device { manufacturer: "Mareva", model: "Tab \u{6d77}", board: "umi", version: "15 (REL)", abi: "armeabi-v7a",
        system: android("0.0.0 Linux 3.0.31 armv7l", "15", "arm") }),
];

/// Graphics adapters: vendor, device, and the driver's version on Windows.
pub(super) const ADAPTERS: &[(&str, &str, &str)] = &[
    ("0x8086", "0x0116", "8.15.10.2302"),
    ("0x10de", "0x0614", "8.17.12.9610"),
    ("0x1002", "0x68d8", "8.951.0.0"),
    ("0x8086", "0x2a42", "8.15.10.1930"),
    ("0x10de", "0x1c82", "31.0.15.3623"),
];

/// Layers in the network stack of Windows, as clients list them.
pub(super) const NETWORK_LAYERS: &str = "MSAFD Tcpip [TCP/IP] : 2 : 1 : \n MSAFD Tcpip [UDP/IP] : 2 : 2 : \
    %SystemRoot%\\system32\\mswsock.dll";

/// Processors by architecture: what a dump says of them, with the number of processors.
pub(super) const PROCESSORS: &[(&str, &str)] = &[
    ("x86", "GenuineIntel family 6 model 23 stepping 10 | 2"),
    ("x86", "AuthenticAMD family 16 model 6 stepping 3 | 2"),
    ("x86", "GenuineIntel family 15 model 4 stepping 1 | 1"),
    ("amd64", "family 6 model 142 stepping 10 | 8"),
    ("amd64", "family 25 model 33 stepping 0 | 16"),
    ("amd64", "family 6 model 42 stepping 7 | 4"),
    ("arm64", "0x610f0000 | 8"),
    ("arm", "ARMv7 vfpv3,neon | 2"),
];

/// Languages of user interfaces, the frequent first.
pub(super) const LOCALES: &[&str] =
    &["en-US", "de", "fr", "pt-BR", "ja", "es-ES", "ru", "pl", "zh-CN", "it", "ar", "hi-IN"];
