//! Plugins that plugin processes host, the frequent first.

/// A plugin of a desktop product.
#[derive(Debug)]
pub(super) struct Plugin {
    pub(super) name: &'static str,
    pub(super) file: &'static str,
    pub(super) version: &'static str,
}

/// Mostly Flash, in many versions, under the file names that it had on each system.
pub(super) const PLUGINS: &[Plugin] = &[
    Plugin { name: "Shockwave Flash", file: "NPSWF32_11_2_202_235.dll", version: "11.2.202.235" },
    Plugin { name: "Shockwave Flash", file: "NPSWF32.dll", version: "10.3.181.14" },
    Plugin { name: "Shockwave Flash", file: "FlashPlayer-10.6", version: "11.3.300.257" },
    Plugin { name: "Shockwave Flash", file: "libflashplayer.so", version: "11.2.202.228" },
    Plugin { name: "Shockwave Flash", file: "NPSWF32_11_3_300_257.dll", version: "11.3.300.257" },
    Plugin { name: "Silverlight Plug-In", file: "npctrl.dll", version: "5.1.10411.0" },
    Plugin { name: "Java(TM) Platform SE 6 U31", file: "npjp2.dll", version: "6.0.310.5" },
    Plugin { name: "QuickTime Plug-in 7.7.1", file: "npqtplugin.dll", version: "7.7.1.0" },
];

/// Versions of Flash of the report rows, where a dump would have shown its module.
pub(super) const FLASH_VERSIONS: &[&str] =
    &["11.2.202.235", "11.3.300.257", "10.3.181.14", "11.2.202.228", "10.2.153.1", "9.0.289.0"];
