//! Stories: what one person lives through. One crash, or two that belong together.

use auxilio_common::{Annotations, CrashId, Day, Timestamp};

use super::annotations::Said;
use super::calendar;
use super::crash::{self, Crash};
use super::dice::Dice;
use super::kinds::{DumpKind, HANGING};
use super::releases::Build;
use super::scene::{STARTUP_SECONDS, Scene};

/// The part that holds the main minidump.
const MAIN_DUMP: &str = auxilio_common::dump::MAIN_DUMP;

/// The part in which a plugin's side of a hang brings the browser's dump along.
const BROWSER_DUMP: &str = "upload_file_minidump_browser";

/// The digit of an accepted crash's id.
const ACCEPTED_DIGIT: u8 = 0;

/// One crash, ready to be posted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Sample {
    /// Its id, chosen by us.
    pub(super) crash_id: CrashId,
    /// When it is submitted: in the day of its id.
    pub(super) submitted: Timestamp,
    /// What the client says, without id and time.
    pub(super) annotations: Annotations,
    /// Its dumps: names of the form's parts, and which dumps of the pool. None for Java.
    pub(super) dumps: Vec<(&'static str, DumpKind)>,
    /// Whether the client sends annotations as one JSON part.
    pub(super) sends_json: bool,
    /// Decides what a dump would show: the same for crashes that look the same.
    pub(super) look: u64,
    /// What a dump would show of the system.
    pub(super) system: &'static super::systems::System,
    /// The product.
    pub(super) product: &'static str,
    /// Its build that crashed.
    pub(super) build: Build,
}

/// What happens.
#[derive(Clone, Copy, Debug)]
enum Plot {
    /// One crash.
    Single,
    /// A plugin hangs, and both sides are reported under one hang id.
    HangPair,
    /// The same crash is reported twice: it was counted as two.
    Twice,
    /// It crashes, is started again and crashes at once in the same way.
    AgainAtStart,
}

const PLOTS: &[(u64, Plot)] =
    &[(880, Plot::Single), (45, Plot::HangPair), (45, Plot::Twice), (30, Plot::AgainAtStart)];

/// Story `number` of a day: one or two crashes. The arguments decide all of it.
pub(super) fn tell(seed: u64, day: Day, number: u64) -> Vec<Sample> {
    let day_number = calendar::number(day);
    let mut teller = Teller { dice: Dice::of(&[seed, day_number.unsigned_abs(), number]), day };
    match *teller.dice.weighted(PLOTS) {
        Plot::Single => vec![teller.single()],
        Plot::HangPair => teller.hang_pair(),
        Plot::Twice => {
            let first = teller.single();
            let later = teller.dice.between(1, 600);
            let second = teller.again(&first, later, None);
            vec![first, second]
        }
        Plot::AgainAtStart => {
            let first = teller.single();
            let uptime = teller.dice.between(2, STARTUP_SECONDS - 3);
            let later = uptime + teller.dice.between(2, 300);
            let second = teller.again(&first, later, Some(uptime));
            vec![first, second]
        }
    }
}

struct Teller {
    dice: Dice,
    day: Day,
}

impl Teller {
    fn single(&mut self) -> Sample {
        let scene = Scene::draw(&mut self.dice, self.day);
        let crash = Crash::draw(&mut self.dice, &scene, calendar::number(self.day));
        let mut said = Said::of_scene(&mut self.dice, &scene);
        crash.say(&mut self.dice, &scene, &mut said);
        let dumps = crash.dump().map(|dump| (MAIN_DUMP, dump)).into_iter().collect();
        self.sample(&scene, said, dumps)
    }

    /// The plugin's side brings the browser's dump along; the browser's side is a crash of its own.
    fn hang_pair(&mut self) -> Vec<Sample> {
        let scene = Scene::draw_desktop(&mut self.dice, self.day);
        let mut said = Said::of_scene(&mut self.dice, &scene);
        said.say_addons(&mut self.dice, false);
        said.say("HangID", self.hang_id());
        said.say("PluginHang", "1");
        let [of_plugin, of_browser] = [(); 2].map(|()| crash::dump(&mut self.dice, HANGING));
        let mut plugin_said = said.clone();
        plugin_said.say("ProcessType", "plugin");
        plugin_said.say("additional_minidumps", "browser");
        crash::say_plugin(&mut self.dice, &mut plugin_said);
        let dumps = vec![(MAIN_DUMP, of_plugin), (BROWSER_DUMP, of_browser)];
        let plugin = self.sample(&scene, plugin_said, dumps);
        // A few browsers' sides never come.
        if self.dice.chance(80) {
            return vec![plugin];
        }
        let seconds = self.dice.below(30);
        let submitted = scene.submitted.plus(std::time::Duration::from_secs(seconds));
        let scene = Scene { submitted, ..scene };
        let browser = self.sample(&scene, said, vec![(MAIN_DUMP, of_browser)]);
        vec![plugin, browser]
    }

    /// The crash once more, `later` seconds after; after a new start if `uptime` is given.
    ///
    /// All that the rule for duplicates compares (reference: socorro-2012.md 12.2) stays: uptime and
    /// install age grow as the clock does, or the uptime is that of a start.
    fn again(&mut self, first: &Sample, later: i64, uptime: Option<i64>) -> Sample {
        let mut again = first.clone();
        again.crash_id = self.crash_id();
        again.submitted = calendar::at_second(first.submitted.seconds() + later);
        let number = |name: &str| -> i64 {
            first.annotations.get(name).and_then(|text| text.parse().ok()).unwrap_or(0)
        };
        let crashed = number("CrashTime") + later;
        let started = uptime.map_or(number("StartupTime"), |uptime| crashed - uptime);
        let mut said = Said(again.annotations);
        said.say("CrashTime", crashed.to_string());
        said.say("StartupTime", started.to_string());
        said.say("UptimeTS", format!("{}.000000", crashed - started));
        said.say("StartupCrash", Said::startup_flag(crashed - started));
        said.say("SecondsSinceLastCrash", later.to_string());
        again.annotations = said.0;
        again
    }

    fn sample(
        &mut self,
        scene: &Scene,
        said: Said,
        dumps: Vec<(&'static str, DumpKind)>,
    ) -> Sample {
        Sample {
            crash_id: self.crash_id(),
            submitted: scene.submitted,
            annotations: said.0,
            dumps,
            sends_json: scene.product.sends_json,
            look: self.dice.bits(),
            system: scene.system,
            product: scene.product.name,
            build: scene.build.clone(),
        }
    }

    fn crash_id(&mut self) -> CrashId {
        let bits = u128::from(self.dice.bits()) << 64 | u128::from(self.dice.bits());
        CrashId::issue(bits.to_be_bytes(), ACCEPTED_DIGIT, self.day)
    }

    fn hang_id(&mut self) -> String {
        let (high, low) = (self.dice.bits(), self.dice.bits());
        format!(
            "{:08x}-{:04x}-4{:03x}-8{:03x}-{:012x}",
            high >> 32,
            high >> 16 & 0xffff,
            high & 0xfff,
            low >> 48 & 0xfff,
            low & 0xffff_ffff_ffff
        )
    }
}
