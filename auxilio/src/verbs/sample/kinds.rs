//! How the samples crash: the ways of `auxilio-crashme`, the sizes of its dumps, and what clients add.

/// A dump of the pool: a way to crash, and a size.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct DumpKind {
    /// The way, as `auxilio-crashme --list` names it.
    pub(super) kind: &'static str,
    /// The size's name.
    pub(super) size: &'static str,
}

impl DumpKind {
    /// The name of its file in the pool.
    pub(super) fn file_name(self) -> String {
        format!("{}-{}.dmp", self.kind, self.size)
    }

    /// The arguments that make the program's dump of this size.
    pub(super) fn arguments(self) -> &'static [&'static str] {
        let size = SIZES.iter().find(|(_, (name, _))| *name == self.size);
        size.map_or(&[], |(_, (_, arguments))| arguments)
    }
}

/// All ways by how many crashes end so: few lead, and the tail is long. A stack that overflows is
/// rare, because its dump holds all 8 MB of it.
pub(super) const KINDS: &[(u64, &str)] = &[
    (320, "segv"),
    (150, "abort"),
    (120, "panic"),
    (90, "double-free"),
    (80, "write-ro"),
    (70, "oom-abort"),
    (55, "segv-nc"),
    (40, "exec-data"),
    (10, "stack-overflow"),
    (25, "bus"),
    (15, "fpe"),
    (12, "ill"),
    (8, "trap"),
];

/// The way that bursts: on two days of ten, this one is many times as frequent.
pub(super) const BURSTING: &str = "trap";

/// The way of what hangs and is dumped from outside.
pub(super) const HANGING: &str = "spin";

/// Sizes by how many dumps have them, and the program's arguments for each.
pub(super) const SIZES: &[(u64, (&str, &[&str]))] = &[
    (55, ("small", &[])),
    (40, ("usual", &["--threads", "8", "--stack-kb", "2", "--depth", "3"])),
    (5, ("large", &["--threads", "24", "--stack-kb", "8", "--app-mb", "1", "--depth", "12"])),
];

/// Messages of aborts, the frequent first. Each makes a signature of its own.
pub(super) const ABORT_MESSAGES: &[&str] = &[
    "out of room",
    "unable to find a usable font",
    "the channel's peer went away",
    "lock order is wrong",
    "###!!! ABORT: X_CloseDevice: BadDevice, invalid or uninitialized input device: file /b/x.cpp, line 157",
    "[5123] ###!!! ABORT: content process is gone: file /b/ipc.cpp, line 1204",
    "database is locked",
    "GPU reset while drawing",
    "surface is larger than the screen",
    "file descriptor table is full",
    "unexpected end of the cache's index",
    "cycle in the tree of frames",
    "Schrift fehlt (\u{c4}rial)",
    "refcount below zero",
    "worker did not answer to a ping",
    "index 17 is out of range for a list of 17",
];

/// Why a program ended itself, the frequent first.
pub(super) const CRASH_REASONS: &[&str] = &[
    "auxilio-crashme was told to panic",
    "MOZ_RELEASE_ASSERT(mState == State::Open)",
    "called `Option::unwrap()` on a `None` value",
    "MOZ_CRASH(Shutdown too long, probably frozen, causing a crash.)",
    "assertion failed: self.len <= self.capacity",
];

/// Sizes of allocations that failed; both sides of what signatures call large.
pub(super) const OOM_SIZES: &[u64] =
    &[1_048_576, 24, 4_194_304, 268_435_456, 4_096, 67_108_864, 262_144, 2_147_483_648];

/// Where something waited that did not come, as clients say it.
pub(super) const SHUTDOWN_TIMEOUT: &str = r#"{"phase":"profile-before-change","conditions":[{"name":"history: closing","state":"waiting","filename":"History.sys.mjs","lineNumber":412}]}"#;

/// Stack traces of Java, the frequent first. Their messages may hold personal text.
pub(super) const JAVA_STACK_TRACES: &[&str] = &[
    "java.lang.NullPointerException: Attempt to invoke virtual method 'int java.lang.String.length()' on a null object reference\n\
     \tat com.example.heron.TabView.measure(TabView.java:118)\n\
     \tat com.example.heron.TabTray.onLayout(TabTray.java:74)\n\
     \tat android.view.View.layout(View.java:15746)\n\
     \tat android.os.Handler.dispatchMessage(Handler.java:102)",
    "java.lang.OutOfMemoryError: bitmap size exceeds VM budget\n\
     \tat android.graphics.Bitmap.nativeCreate(Native Method)\n\
     \tat com.example.heron.Thumbnails.draw(Thumbnails.java:51)",
    "java.lang.IllegalStateException: Could not execute method for android:onClick\n\
     \tat android.view.View.performClick(View.java:6597)\n\
     \tat com.example.heron.MainActivity.onTap(MainActivity.java:233)\n\
     Caused by: java.io.FileNotFoundException: /data/data/com.example.heron/files/\u{65e5}\u{8a18}.json\n\
     \tat com.example.heron.Notes.open(Notes.java:19)",
    "java.lang.SecurityException: kim@mail.example may not read contacts\n\
     \tat android.os.Parcel.readException(Parcel.java:1620)",
];
