//! What a client says about its crash.

use auxilio_common::Annotations;

use super::addons::{ADD_ONS, SUSPECT, WITHOUT_VERSION};
use super::comments::COMMENTS;
use super::dice::Dice;
use super::scene::Scene;
use super::sites::SITES;
use super::systems::{ADAPTERS, Device, Family, LOCALES, NETWORK_LAYERS};

const GIB: u64 = 1 << 30;

/// Seconds of uptime below which the client itself calls a crash one of the start.
const CLIENT_STARTUP_SECONDS: i64 = 20;

/// Annotations as they grow. A name that is said again has the last text.
#[derive(Clone, Debug, Default)]
pub(super) struct Said(pub(super) Annotations);

impl Said {
    /// Says one thing.
    pub(super) fn say(&mut self, name: &str, text: impl Into<String>) {
        self.0.insert(name.to_owned(), text.into());
    }

    /// What every client says of a scene, whatever its crash was.
    pub(super) fn of_scene(dice: &mut Dice, scene: &Scene) -> Self {
        let mut said = Self::default();
        said.say_build(dice, scene);
        said.say_times(dice, scene);
        said.say_machine(dice, scene);
        if let Some(device) = scene.device {
            said.say_device(device);
        }
        said.say_person(dice);
        said
    }

    fn say_build(&mut self, dice: &mut Dice, scene: &Scene) {
        let (product, build) = (scene.product, &scene.build);
        self.say("ProductName", product.name);
        self.say("Vendor", product.vendor);
        self.say("ProductID", product.guid);
        self.say("Version", build.version.clone());
        self.say("ReleaseChannel", build.channel.name());
        self.say("BuildID", build.id.clone());
        self.say("useragent_locale", *dice.pick_ranked(LOCALES));
        if dice.chance(40) {
            self.say("Distributor", "Partner GmbH");
            self.say("Distributor_version", "2.1");
            self.say("DistributionID", "partner-shop");
        }
        if dice.chance(900) {
            // "0" is what people send by hand.
            self.say("Throttleable", if dice.chance(80) { "0" } else { "1" });
        }
        if dice.chance(600) {
            self.say("SubmittedFrom", *dice.pick_ranked(&["Client", "Infobar", "CrashesTab"]));
        }
    }

    /// What a client says of an uptime in seconds: whether it was still starting.
    pub(super) fn startup_flag(uptime: i64) -> &'static str {
        if uptime < CLIENT_STARTUP_SECONDS { "1" } else { "0" }
    }

    fn say_times(&mut self, dice: &mut Dice, scene: &Scene) {
        self.say("CrashTime", scene.crashed.to_string());
        self.say("StartupTime", scene.started.to_string());
        self.say("InstallTime", scene.installed.to_string());
        self.say("UptimeTS", format!("{}.{:06}", scene.uptime(), dice.below(1_000_000)));
        self.say("StartupCrash", Self::startup_flag(scene.uptime()));
        if dice.chance(550) {
            let days = 1 << dice.below(6);
            self.say("SecondsSinceLastCrash", dice.between(30, days * 86_400).to_string());
        }
    }

    fn say_machine(&mut self, dice: &mut Dice, scene: &Scene) {
        let total = (1 << dice.below(6)) * GIB;
        let free = dice.below(total);
        self.say("TotalPhysicalMemory", total.to_string());
        self.say("AvailablePhysicalMemory", free.to_string());
        self.say("SystemMemoryUsePercentage", ((total - free) * 100 / total).to_string());
        let (vendor, device, driver) = *dice.pick_ranked(ADAPTERS);
        self.say("AdapterVendorID", vendor);
        self.say("AdapterDeviceID", device);
        let more = match scene.system.family {
            Family::Windows => {
                self.say("AdapterDriverVersion", driver);
                self.say_windows_memory(dice, scene, total);
                format!(", AdapterDriverVersion: {driver}\nD2D+ DWrite+ D3D10 Layers+ ")
            }
            Family::Mac => "\nRenderers: 0x22600,0x20400".to_owned(),
            Family::Linux => {
                self.say("DesktopEnvironment", *dice.pick_ranked(&["gnome", "kde", "xfce"]));
                "\nOpenGL: Mesa -- Mesa DRI -- 3.0 Mesa 8.0.2 -- texture_from_pixmap\n".to_owned()
            }
            Family::Android => "\nGL Layers? GL Context+ GL Layers+ ".to_owned(),
        };
        let notes = format!("AdapterVendorID: {vendor}, AdapterDeviceID: {device}{more}");
        self.say("Notes", notes);
        if scene.product.sends_json && dice.chance(350) {
            self.say("TelemetryEnvironment", telemetry(dice, scene));
        }
        if dice.chance(60) {
            self.say("Accessibility", "Active");
        }
    }

    fn say_windows_memory(&mut self, dice: &mut Dice, scene: &Scene, total: u64) {
        let space = if scene.system.arch == "x86" { 2 * GIB } else { 128 << 40 };
        self.say("TotalVirtualMemory", (space - 131_072).to_string());
        self.say("AvailableVirtualMemory", dice.below(space).to_string());
        self.say("AvailablePageFile", dice.below(2 * total).to_string());
        if dice.chance(300) {
            self.say("Winsock_LSP", NETWORK_LAYERS);
        }
    }

    fn say_device(&mut self, device: &Device) {
        for (name, text) in [
            ("Android_Manufacturer", device.manufacturer),
            ("Android_Brand", device.manufacturer),
            ("Android_Model", device.model),
            ("Android_Board", device.board),
            ("Android_Hardware", device.board),
            ("Android_Version", device.version),
            ("Android_CPU_ABI", device.abi),
            ("Android_PackageName", "com.example.heron"),
        ] {
            self.say(name, text);
        }
    }

    /// Add-ons of a desktop profile. Whose memory is freed twice often has the suspected one.
    pub(super) fn say_addons(&mut self, dice: &mut Dice, is_suspected: bool) {
        if dice.chance(80) {
            return;
        }
        let mut entries: Vec<String> = Vec::new();
        for _ in 0..dice.ranked(7) {
            let (id, versions) = dice.pick_ranked(ADD_ONS);
            if entries.iter().all(|entry| !entry.starts_with(id)) {
                entries.push(format!("{id}:{}", dice.pick_ranked(versions)));
            }
        }
        if dice.chance(if is_suspected { 650 } else { 20 }) {
            entries.push(format!("{}:{}", SUSPECT.0, SUSPECT.1));
        }
        if dice.chance(10) {
            entries.push(WITHOUT_VERSION.to_owned());
        }
        self.say("Add-ons", entries.join(","));
        self.say("EMCheckCompatibility", if dice.chance(920) { "true" } else { "false" });
    }

    /// What only holders of the right may see.
    fn say_person(&mut self, dice: &mut Dice) {
        if dice.chance(620) {
            let page = format!("{:x}", dice.below(1 << 28));
            self.say("URL", dice.pick_ranked(SITES).replace('*', &page));
        }
        if dice.chance(40) {
            self.say("Email", format!("person{}@mail.example", dice.below(400)));
        }
        if dice.chance(120) {
            self.say("Comments", *dice.pick_ranked(COMMENTS));
        }
        if dice.chance(10) {
            self.say("UserID", format!("{:016x}", dice.bits()));
        }
    }
}

/// The part of Firefox's environment that names the system.
fn telemetry(dice: &mut Dice, scene: &Scene) -> String {
    let (name, version) = scene.system.telemetry;
    let partner = dice.chance(100).then_some("partner-shop");
    serde_json::json!({
        "build": {"buildId": scene.build.id, "version": scene.build.version},
        "partner": {"distributionId": partner},
        "system": {"os": {"name": name, "version": version}},
    })
    .to_string()
}
