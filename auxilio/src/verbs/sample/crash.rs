//! What happens in a scene: a way to crash, a kind of process, and what its client adds for them.

use super::annotations::Said;
use super::dice::Dice;
use super::kinds::{
    ABORT_MESSAGES, BURSTING, CRASH_REASONS, DumpKind, HANGING, JAVA_STACK_TRACES, KINDS,
    OOM_SIZES, SHUTDOWN_TIMEOUT, SIZES,
};
use super::plugins::PLUGINS;
use super::products::Platform;
use super::scene::Scene;

/// Days of which the bursting kind has two.
const BURST_CYCLE_DAYS: i64 = 10;

/// One crash of a scene, without its scene.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Crash {
    /// With a dump.
    Native(DumpKind),
    /// An exception of Java: its stack is text and there is no dump.
    Java(&'static str),
    /// What hung, and was dumped and ended from outside.
    Hang(DumpKind),
}

impl Crash {
    /// A crash on the day of a number.
    pub(super) fn draw(dice: &mut Dice, scene: &Scene, day: i64) -> Self {
        if scene.product.platform == Platform::Mobile && dice.chance(550) {
            return Self::Java(dice.pick_ranked::<&str>(JAVA_STACK_TRACES));
        }
        if dice.chance(12) {
            return Self::Hang(dump(dice, HANGING));
        }
        let is_burst = day.rem_euclid(BURST_CYCLE_DAYS) < 2 && dice.chance(80);
        let kind = if is_burst { BURSTING } else { *dice.weighted(KINDS) };
        Self::Native(dump(dice, kind))
    }

    /// Its dump.
    pub(super) fn dump(self) -> Option<DumpKind> {
        match self {
            Self::Native(dump) | Self::Hang(dump) => Some(dump),
            Self::Java(_) => None,
        }
    }

    /// Says what its client adds.
    pub(super) fn say(self, dice: &mut Dice, scene: &Scene, said: &mut Said) {
        match self {
            Self::Java(trace) => said.say("JavaStackTrace", trace),
            Self::Native(dump) => {
                say_process(dice, scene, said);
                say_kind(dice, dump.kind, said);
            }
            Self::Hang(_) => say_hang(dice, said),
        }
        if scene.product.platform == Platform::Desktop {
            said.say_addons(dice, self.dump().is_some_and(|dump| dump.kind == "double-free"));
        }
    }
}

/// A dump of a kind in some size.
pub(super) fn dump(dice: &mut Dice, kind: &'static str) -> DumpKind {
    DumpKind { kind, size: dice.weighted(SIZES).0 }
}

fn say_process(dice: &mut Dice, scene: &Scene, said: &mut Said) {
    let desktop: &[(u64, &str)] = &[
        (620, ""),
        (230, "content"),
        (90, "plugin"),
        (30, "gpu"),
        (20, "utility"),
        (10, "socket"),
    ];
    let mobile: &[(u64, &str)] = &[(700, ""), (270, "content"), (30, "gpu")];
    let is_desktop = scene.product.platform == Platform::Desktop;
    let process = *dice.weighted(if is_desktop { desktop } else { mobile });
    if process.is_empty() {
        return;
    }
    said.say("ProcessType", process);
    match process {
        "plugin" => say_plugin(dice, said),
        "content" => {
            said.say("DOMFissionEnabled", "1");
            let remote = ["web", "webIsolated=https://bank.example.org", "file", "extension"];
            said.say("RemoteType", *dice.pick_ranked(&remote));
        }
        _ => {}
    }
}

/// Which plugin a plugin process hosts.
pub(super) fn say_plugin(dice: &mut Dice, said: &mut Said) {
    let plugin = dice.pick_ranked(PLUGINS);
    said.say("PluginName", plugin.name);
    said.say("PluginFilename", plugin.file);
    said.say("PluginVersion", plugin.version);
}

fn say_kind(dice: &mut Dice, kind: &str, said: &mut Said) {
    match kind {
        "abort" if dice.chance(650) => said.say("AbortMessage", *dice.pick_ranked(ABORT_MESSAGES)),
        "panic" => said.say("MozCrashReason", *dice.pick_ranked(CRASH_REASONS)),
        "oom-abort" if dice.chance(700) => {
            said.say("OOMAllocationSize", dice.pick_ranked(OOM_SIZES).to_string());
            if dice.chance(150) {
                said.say("JSLargeAllocationFailure", "Reporting");
            }
        }
        _ => {}
    }
}

fn say_hang(dice: &mut Dice, said: &mut Said) {
    match dice.below(3) {
        0 => said.say("Hang", "1"),
        1 => said.say("AsyncShutdownTimeout", SHUTDOWN_TIMEOUT),
        _ => {
            said.say("ProcessType", "content");
            said.say("ipc_channel_error", "ShutDownKill");
            said.say("IPCMessageName", "PBrowser::Msg_RealKeyEvent");
        }
    }
}
