//! Where and when a crash happens: whose build, on which machine, how long after its start.

use auxilio_common::{Day, Timestamp};

use super::calendar;
use super::dice::Dice;
use super::products::{PRODUCTS, Platform, Product};
use super::releases::{self, Build};
use super::systems::{DESKTOPS, DEVICES, Device, System};

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;

/// Seconds of uptime below which a crash counts as one of the start.
pub(super) const STARTUP_SECONDS: i64 = 60;

/// What surrounds a crash. All times are in seconds since 1970, by the client's clock.
#[derive(Clone, Debug)]
pub(super) struct Scene {
    pub(super) product: &'static Product,
    pub(super) build: Build,
    pub(super) system: &'static System,
    /// The device of a mobile product.
    pub(super) device: Option<&'static Device>,
    /// When it is submitted.
    pub(super) submitted: Timestamp,
    pub(super) crashed: i64,
    pub(super) started: i64,
    pub(super) installed: i64,
}

impl Scene {
    /// A scene whose crash is submitted on a day.
    pub(super) fn draw(dice: &mut Dice, day: Day) -> Self {
        let product = dice.weighted(PRODUCTS);
        Self::of_product(dice, day, product)
    }

    /// A scene of a product that hosts plugins.
    pub(super) fn draw_desktop(dice: &mut Dice, day: Day) -> Self {
        // The first product is one, and most hang pairs came from one product.
        let product = dice.weighted(PRODUCTS);
        let product = if product.platform == Platform::Desktop { product } else { &PRODUCTS[0].1 };
        Self::of_product(dice, day, product)
    }

    fn of_product(dice: &mut Dice, day: Day, product: &'static Product) -> Self {
        let (device, system) = match product.platform {
            Platform::Desktop => (None, dice.weighted(DESKTOPS)),
            Platform::Mobile => {
                let device = dice.weighted(DEVICES);
                (Some(device), &device.system)
            }
        };
        let build = releases::draw(dice, product, calendar::number(day));
        let submitted = calendar::moment(dice, day);
        // The build is at least 16 hours old. Half of the time since it is left for what came
        // between, so that the order of all times holds.
        let delay =
            if dice.chance(920) { dice.between(2, 600) } else { dice.between(HOUR, 72 * HOUR) };
        let crashed = submitted.seconds() - delay.min((submitted.seconds() - build.built) / 2);
        let uptime = uptime(dice).min((crashed - build.built) / 2);
        let started = crashed - uptime;
        // People install soon after a build is there: half of the time left, or a quarter, ...
        let age = (started - build.built) >> dice.between(1, 6);
        let installed = (build.built + dice.between(age / 2, age + 1)).min(started);
        Self { product, build, system, device, submitted, crashed, started, installed }
    }

    /// Seconds from the start to the crash.
    pub(super) fn uptime(&self) -> i64 {
        self.crashed - self.started
    }
}

fn uptime(dice: &mut Dice) -> i64 {
    let range = dice.weighted(&[
        (14, 0..STARTUP_SECONDS),
        (16, STARTUP_SECONDS..5 * MINUTE),
        (20, 5 * MINUTE..HOUR),
        (40, HOUR..9 * HOUR),
        (10, 9 * HOUR..80 * HOUR),
    ]);
    dice.between(range.start, range.end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_build_is_installed_started_crashed_and_submitted_in_this_order() {
        let day: Day = "2026-11-23".parse().unwrap();
        for number in 0..3_000 {
            let scene = Scene::draw(&mut Dice::of(&[number]), day);
            assert!(scene.build.built < scene.installed, "{scene:?}");
            assert!(scene.installed <= scene.started, "{scene:?}");
            assert!(scene.started <= scene.crashed, "{scene:?}");
            assert!(scene.crashed < scene.submitted.seconds(), "{scene:?}");
            assert_eq!(scene.submitted.day(), Some(day));
        }
    }
}
