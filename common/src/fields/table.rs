//! The rows of the table of fields. Data, not code.
//!
//! Names are today's Socorro's (its processed crash schema of 2026) where it has the field, and
//! plain words where only the system of 2012 or only we have it. Public is what that schema calls
//! so; what may hold a person's text, page or address is protected.

use super::dump_structure::{JSON_DUMP, MINIDUMP};
use super::environment_structure::TELEMETRY_ENVIRONMENT;
use super::field::{boolean, integer, number, structure, text, texts, time};
use super::memory_structure::{MEASURES, REPORT};
use super::trace_structure::{BREADCRUMB, JAVA_EXCEPTION};
use super::{Field, Kind};
use crate::limits;

/// The row for all minidumps but the main one, each of which stands under its own name.
///
/// Such a structure holds what the walk of the main one leaves at the top.
pub const FURTHER_MINIDUMPS: &str = "upload_file_minidump_*";

/// The row for the fields that a site's own rules make.
pub const SITE_FIELDS: &str = "site_*";

/// Characters of the walker's words and of errors inside a dump: enough to see what went wrong.
const LOG_CHARS_MAX: usize = 4_096;

/// Every field of a processed crash.
#[rustfmt::skip]
pub const FIELDS: &[Field] = &[
    // Which crash.
    text("uuid", "The crash id.").exact().in_2012("uuid"),
    text("crash_id", "The crash id, under its newer name.").exact().unsearched(),
    time("date_processed", "When the crash was submitted; the original system gave it this name.").searched_as("date").in_2012("date_processed"),
    time("submitted_timestamp", "When the crash was submitted.").unsearched(),
    text("minidump_sha256_hash", "SHA-256 of the main minidump.").exact(),
    texts("crash_report_keys", "Names of all annotations and dumps."),
    texts("additional_minidumps", "Names of the other minidumps of the crash."),

    // What crashed.
    text("product", "The product.").from("ProductName").exact().indexed().in_2012("product"),
    text("version", "The product's version; \"esr\" is added for that channel, and \"b\" with a number for a beta that is known.").exact().indexed().in_2012("version"),
    integer("major_version", "The number before the version's first dot, or 0."),
    text("build", "The build id, 14 digits of date and time for Mozilla's products.").from("BuildID").exact().indexed().searched_as("build_id").in_2012("build"),
    text("application_build_id", "The build id of the application around the product, where it has one of its own.").from("ApplicationBuildID").exact(),
    text("release_channel", "The channel: nightly, beta, release, esr and others.").from("ReleaseChannel").exact().indexed(),
    text("vendor", "Who made the product.").from("Vendor").exact(),
    text("productid", "The product's GUID.").from("ProductID").exact().indexed(),
    text("process_type", "parent, content, plugin, gpu and others.").exact().indexed(),
    text("remote_type", "The kind of content process; may name a site.").from("RemoteType").protected(),
    text("background_task_name", "The background task that the program was started for.").from("BackgroundTaskName"),
    text("distributor", "Who distributed the build.").from("Distributor").in_2012("distributor"),
    text("distributor_version", "The distributor's version.").from("Distributor_version").in_2012("distributor_version"),
    text("distribution_id", "The distribution, or mozilla, or unknown.").exact(),
    text("windows_package_family_name", "The package that the program was installed from.").from("WindowsPackageFamilyName"),
    text("useragent_locale", "The language of the user interface.").from("useragent_locale").exact(),
    boolean("safe_mode", "Whether it ran without add-ons, to find a fault.").from("SafeMode"),
    boolean("headless_mode", "Whether it ran without a window.").from("HeadlessMode"),
    text("experimental_features", "Experimental features that were on.").from("ExperimentalFeatures"),

    // Why and where.
    text("signature", "The bucket that the crash belongs to.").indexed().in_2012("signature"),
    text("proto_signature", "All normalised frames of the crashing thread, before the lists choose."),
    text("group_key", "What groups crashes whose own code has no symbols: module and offset, build, reason, thread."),
    text("signature_input", "What the signature was made from, as a line for `auxilio signature`: frames of the crashing thread with normalised names, and what the rules look at.").protected().unsearched().at_most(limits::SIGNATURE_INPUT_BYTES_MAX),
    text("signature_debug", "How the signature came about, step by step.").protected().unsearched(),
    text("report_type", "crash or hang.").exact(),
    text("reason", "The kind of crash: signal or exception, and its detail.").in_2012("reason"),
    text("address", "The address that the crash is about, as 0x and hexadecimal digits.").exact().in_2012("address"),
    integer("crashing_thread", "Index of the thread that crashed.").unsearched().in_2012("crashedThread"),
    text("crashing_thread_name", "Name of the thread that crashed.").exact(),
    text("last_error_value", "The last error of the thread that crashed, on Windows.").exact(),
    integer("thread_count", "How many threads the process had."),
    text("topmost_filenames", "The first source file of the crashing thread."),
    text("modules_in_stack", "Modules of the crashing thread as name/debug id."),
    text("missing_symbols", "Modules whose symbols were looked for and not there."),
    integer("possible_bit_flips_max_confidence", "How likely one flipped bit explains the crash, in percent."),
    texts("crash_inconsistencies", "What in the dump contradicts itself."),
    boolean("has_guard_page_access", "Whether the crash touched a guard page.").protected(),
    text("abort_message", "The message of an abort.").from("AbortMessage"),
    text("moz_crash_reason", "Why the program ended itself, unless that may hold private text."),
    text("moz_crash_reason_raw", "Why the program ended itself, as it said so.").protected(),
    text("mac_crash_info", "What system libraries of macOS said of the crash, as JSON."),
    text("mac_boot_args", "Arguments of the system's start, on macOS.").protected(),
    boolean("has_mac_boot_args", "Whether the system was started with arguments, on macOS."),
    structure("java_exception", Kind::Object(JAVA_EXCEPTION), "A Java exception with its causes.").from("JavaException"),
    text("java_stack_trace", "The stack of a Java crash, without the exceptions' messages."),
    text("java_stack_trace_raw", "The stack of a Java crash, as it came.").protected(),
    text("xpcom_spin_event_loop_stack", "Who was waiting by running the event loop again.").from("XPCOMSpinEventLoopStack"),
    text("main_thread_runnable_name", "What the main thread was doing.").from("MainThreadRunnableName"),
    integer("event_loop_nesting_level", "How often the event loop ran within itself.").from("EventLoopNestingLevel"),
    boolean("is_garbage_collecting", "Whether the garbage collector of script was at work.").from("IsGarbageCollecting"),
    boolean("windows_error_reporting", "Whether Windows' own error reporting caught the crash.").from("WindowsErrorReporting"),
    text("windows_file_dialog_error_code", "The error of a file dialog that failed.").from("WindowsFileDialogErrorCode").exact(),

    // Hangs and ends.
    text("hangid", "What both sides of a hang pair carry.").from("HangID").exact().indexed().in_2012("hangid"),
    integer("hang_type", "1 for the plugin side of a hang pair, -1 for the browser side, 0 for a crash."),
    text("hang", "What hung: ui or shutdown.").from("Hang").exact(),
    text("async_shutdown_timeout", "What a shutdown waited for, as JSON.").from("AsyncShutdownTimeout"),
    text("quota_manager_shutdown_timeout", "What the storage waited for in a shutdown.").from("QuotaManagerShutdownTimeout"),
    text("shutdown_progress", "How far a shutdown had come.").from("ShutdownProgress").exact(),
    text("shutdown_reason", "Why it was shutting down.").from("ShutdownReason").exact(),

    // When.
    time("client_crash_date", "When it crashed, by the client's clock.").unsearched().in_2012("client_crash_date"),
    integer("crash_time", "When it crashed, by the client's clock, in seconds since the epoch.").unsearched(),
    integer("startup_time", "When the program was started, in seconds since the epoch.").from("StartupTime"),
    integer("install_time", "When this version was installed, in seconds since the epoch.").from("InstallTime"),
    integer("uptime", "Seconds from the start of the process to the crash.").in_2012("uptime"),
    number("uptime_ts", "Seconds from the start of the process to the crash, with their fraction.").from("UptimeTS"),
    integer("install_age", "Seconds from the installation to the crash.").in_2012("install_age"),
    integer("last_crash", "Seconds since the crash before this one.").in_2012("last_crash"),
    boolean("startup_crash", "Whether it crashed while starting.").from("StartupCrash"),
    integer("last_interaction_duration", "Seconds since a person last used it.").from("LastInteractionDuration"),

    // On what system.
    text("os_name", "The operating system: Windows NT, Linux, Mac OS X, Android.").exact().searched_as("platform").in_2012("os_name"),
    text("os_version", "The operating system's version, as the dump says it.").exact().searched_as("platform_version").in_2012("os_version"),
    text("os_pretty_version", "The operating system's version, as people say it.").exact().searched_as("platform_pretty_version"),
    text("cpu_arch", "The processor's architecture.").exact().in_2012("cpu_name"),
    text("cpu_info", "The processor's family, model and stepping.").in_2012("cpu_info"),
    integer("cpu_count", "How many processors the machine had."),
    text("cpu_microcode_version", "The processor's microcode.").exact(),
    text("bios_manufacturer", "Who made the machine's firmware.").from("BIOS_Manufacturer").exact(),
    text("memory_error_correction", "How the machine's memory corrects errors.").from("MemoryErrorCorrection").exact(),
    text("desktop_environment", "The desktop, on Linux.").from("DesktopEnvironment").exact(),
    boolean("is_wayland", "Whether it drew through Wayland.").from("IsWayland"),
    boolean("is_wayland_drm", "Whether it drew through Wayland with a display of its own.").from("IsWaylandDRM"),
    boolean("has_device_touch_screen", "Whether the device had a touch screen.").from("HasDeviceTouchScreen"),
    integer("launcher_process_state", "How the program was launched, on Windows.").from("LauncherProcessState"),
    text("android_board", "The device's board.").from("Android_Board").exact(),
    text("android_brand", "The device's brand.").from("Android_Brand").exact(),
    text("android_cpu_abi", "The device's first binary interface.").from("Android_CPU_ABI").exact(),
    text("android_cpu_abi2", "The device's second binary interface.").from("Android_CPU_ABI2").exact(),
    text("android_device", "The device.").from("Android_Device").exact(),
    text("android_display", "The build of Android, as people see it.").from("Android_Display"),
    text("android_fingerprint", "The build of Android, as one text.").from("Android_Fingerprint"),
    text("android_hardware", "The device's hardware.").from("Android_Hardware").exact(),
    text("android_manufacturer", "Who made the device.").from("Android_Manufacturer").exact(),
    text("android_model", "The device's model.").from("Android_Model").exact(),
    text("android_packagename", "The application's package.").from("Android_PackageName").exact(),
    text("android_version", "The version of Android: its level and code name.").from("Android_Version").exact(),

    // Memory, in bytes.
    integer("oom_allocation_size", "Bytes of the allocation that failed.").from("OOMAllocationSize"),
    text("js_large_allocation_failure", "State of a failed large allocation of script.").from("JSLargeAllocationFailure").exact(),
    integer("available_physical_memory", "Bytes of memory that were free.").from("AvailablePhysicalMemory"),
    integer("available_virtual_memory", "Bytes of address space that were free.").from("AvailableVirtualMemory"),
    integer("available_page_file", "Bytes of the page file that were free.").from("AvailablePageFile"),
    integer("available_swap_memory", "Bytes of swap that were free.").from("AvailableSwapMemory"),
    integer("purgeable_physical_memory", "Bytes of memory that the system could have taken back.").from("PurgeablePhysicalMemory"),
    integer("total_physical_memory", "Bytes of memory.").from("TotalPhysicalMemory"),
    integer("total_virtual_memory", "Bytes of address space.").from("TotalVirtualMemory"),
    integer("total_page_file", "Bytes of memory and page file.").from("TotalPageFile"),
    integer("system_memory_use_percentage", "Percentage of memory in use.").from("SystemMemoryUsePercentage"),
    integer("low_commit_space_events", "How often memory that can be committed ran low.").from("LowCommitSpaceEvents"),
    boolean("linux_under_memory_pressure", "Whether memory was short, on Linux.").from("LinuxUnderMemoryPressure"),
    text("linux_memory_psi", "How long tasks waited for memory, on Linux.").from("LinuxMemoryPSI"),
    integer("mac_available_memory_sysctl", "Percentage of memory that was free, on macOS.").from("MacAvailableMemorySysctl"),
    text("mac_memory_pressure", "How short memory was, on macOS.").from("MacMemoryPressure").exact(),
    text("mac_memory_pressure_critical_time", "When memory last became critically short, on macOS, in seconds since the epoch.").from("MacMemoryPressureCriticalTime").exact(),
    text("mac_memory_pressure_normal_time", "When memory last became normal, on macOS, in seconds since the epoch.").from("MacMemoryPressureNormalTime").exact(),
    integer("mac_memory_pressure_sysctl", "How short memory was, on macOS: 1 normal, 2 warning, 4 critical.").from("MacMemoryPressureSysctl"),
    text("mac_memory_pressure_warning_time", "When memory last became short, on macOS, in seconds since the epoch.").from("MacMemoryPressureWarningTime").exact(),
    structure("memory_measures", Kind::Object(MEASURES), "Measures of the crashed process from its memory report."),
    structure("memory_report", Kind::Object(REPORT), "The memory report that came along.").protected(),
    text("memory_report_error", "Why the memory report could not be read.").protected(),
    text("phc_kind", "What a guarded allocation was when it was touched.").protected().exact(),
    text("phc_base_address", "Where the guarded allocation began.").protected().exact(),
    integer("phc_usable_size", "Bytes of the guarded allocation.").protected(),
    text("phc_alloc_stack", "Who made the guarded allocation, as addresses.").protected(),
    text("phc_free_stack", "Who freed the guarded allocation, as addresses.").protected(),
    text("frame_poison_base", "Where the program puts its poisoned page.").from("FramePoisonBase").exact().unsearched(),
    integer("frame_poison_size", "Bytes of the poisoned page.").from("FramePoisonSize").unsearched(),

    // Graphics.
    text("adapter_vendor_id", "The graphics adapter's vendor.").from("AdapterVendorID").exact(),
    text("adapter_device_id", "The graphics adapter's device.").from("AdapterDeviceID").exact(),
    text("adapter_subsys_id", "The graphics adapter's subsystem.").from("AdapterSubsysID").exact(),
    text("adapter_driver_version", "The graphics adapter's driver.").from("AdapterDriverVersion").exact(),
    text("adapter_driver_vendor", "Who made the graphics adapter's driver.").from("AdapterDriverVendor").exact(),
    text("graphics_critical_error", "What went wrong in drawing.").from("GraphicsCriticalError"),
    boolean("graphics_startup_test", "Whether it crashed while the driver was tried.").from("GraphicsStartupTest"),
    text("gpu_process_status", "Whether the process for drawing was running.").from("GPUProcessStatus").exact(),
    integer("gpu_process_launch_count", "How often the process for drawing was started.").from("GPUProcessLaunchCount"),
    text("rdd_process_status", "Whether the process for decoding was running.").from("RDDProcessStatus").exact(),

    // Processes among each other.
    boolean("dom_ipc_enabled", "Whether pages ran in a process of their own.").from("DOMIPCEnabled"),
    boolean("dom_fission_enabled", "Whether sites were kept in processes of their own.").from("DOMFissionEnabled"),
    text("ipc_channel_error", "The error that ended a process by its parent.").from("ipc_channel_error"),
    text("ipc_fatal_error_msg", "A fatal error between processes.").from("IPCFatalErrorMsg"),
    text("ipc_fatal_error_protocol", "The protocol of a fatal error between processes.").from("IPCFatalErrorProtocol").exact(),
    text("ipc_message_name", "The message in flight.").from("IPCMessageName").exact(),
    integer("ipc_message_size", "Bytes of a message that was too large.").from("IPCMessageSize"),
    text("ipc_shutdown_state", "How far a content process had come in ending.").from("IPCShutdownState").exact(),
    integer("ipc_system_error", "The system's last error between processes.").from("IPCSystemError"),
    text("co_marshal_interface_failure", "Why an object could not be handed to another process, on Windows.").from("CoMarshalInterfaceFailure"),
    text("co_unmarshal_interface_result", "Why an object could not be taken from another process, on Windows.").from("CoUnmarshalInterfaceResult").exact(),
    integer("content_sandbox_capabilities", "What the sandbox of content can do, as bits.").from("ContentSandboxCapabilities"),
    boolean("content_sandbox_capable", "Whether content can be kept in a sandbox.").from("ContentSandboxCapable"),
    boolean("content_sandbox_enabled", "Whether content was kept in a sandbox.").from("ContentSandboxEnabled"),
    integer("content_sandbox_level", "How strict the sandbox of content was.").from("ContentSandboxLevel"),
    texts("utility_actors_name", "What ran in a process for many purposes."),
    integer("utility_process_sandboxing_kind", "The sandbox of a process for many purposes.").from("UtilityProcessSandboxingKind"),

    // What was added to it.
    texts("addons", "Add-ons as id:version."),
    boolean("addons_checked", "Whether add-on versions were checked for compatibility.").in_2012("addons_checked"),
    boolean("em_check_compatibility", "Whether add-on versions were checked for compatibility, as the client says it.").from("EMCheckCompatibility").unsearched(),
    text("flash_version", "Version of the Flash plugin.").exact().in_2012("flash_version"),
    text("plugin_name", "The plugin that the process hosted.").exact().in_2012("pluginName"),
    text("plugin_filename", "The plugin's file.").exact().in_2012("pluginFilename"),
    text("plugin_version", "The plugin's version.").exact().in_2012("pluginVersion"),
    boolean("gmp_plugin", "Whether it was a plugin for media.").from("GMPPlugin"),
    text("gmp_library_path", "Where a plugin for media lay; may name a person.").from("GMPLibraryPath").protected(),
    boolean("accessibility", "Whether accessibility services were active."),
    text("accessibility_client", "The program that used the accessibility services.").from("AccessibilityClient"),
    text("accessibility_in_proc_client", "Programs within the process that used the accessibility services.").from("AccessibilityInProcClient").exact(),
    text("app_init_dlls", "Libraries that Windows puts into every program.").from("AppInitDLLs"),
    text("winsock_lsp", "Layers in the network stack of Windows.").from("Winsock_LSP").in_2012("Winsock_LSP"),
    structure("telemetry_environment", Kind::Object(TELEMETRY_ENVIRONMENT), "What Firefox says of itself and its machine.").from("TelemetryEnvironment"),

    // What was said of it.
    text("app_notes", "What the application noted.").from("Notes").in_2012("app_notes"),
    text("user_comments", "What the person wrote.").from("Comments").protected().in_2012("user_comments"),
    text("url", "The page that was shown.").from("URL").protected(),
    text("email", "The person's address.").from("Email").protected().unsearched(),
    text("user_id", "An id of the person, where a product sends one.").from("UserID").protected().unsearched(),
    text("glean_client_id", "An id of the installation.").from("GleanClientId").protected().exact(),
    structure("breadcrumbs", Kind::List(&Kind::Object(BREADCRUMB)), "What happened before the crash.").protected(),
    text("dumper_error", "Why the minidump could not be written as it should.").from("DumperError").protected(),

    // How it came here.
    text("submitted_from", "How the report was sent.").exact(),
    boolean("submitted_from_infobar", "Whether it was sent from a bar in the window; an older way to say so.").protected().unsearched(),
    boolean("throttleable", "Whether the client allows its report to be left out.").from("Throttleable").unsearched(),
    text("throttle_rule", "The rule that let the crash in.").exact(),
    number("sample_percent", "Share of such crashes that is kept, in percent.").unsearched(),
    structure("collector_metadata", Kind::Map(&Kind::Json), "What the collector decided and measured.").protected(),
    texts("collector_notes", "What the collector changed or dropped, and why.").protected(),

    // How it was processed.
    boolean("success", "Whether every rule ran and a stack was made.").in_2012("success"),
    boolean("truncated", "Whether a stack, thread or module list was cut.").unsearched().in_2012("truncated"),
    text("processor_notes", "What the run of the processor noted.").in_2012("processor_notes"),
    texts("processor_history", "Notes of the runs before.").unsearched(),
    time("started_datetime", "When the run began.").unsearched().in_2012("startedDateTime"),
    time("completed_datetime", "When the run ended.").unsearched().in_2012("completeddatetime"),
    text("mdsw_status_string", "OK, or why there is no stack.").exact(),
    integer("mdsw_return_code", "How the walker ended.").protected(),
    text("mdsw_stderr", "The last words of a walker that died.").protected().unsearched().at_most(LOG_CHARS_MAX),
    text("stackwalk_version", "The version of the stack walker.").exact(),
    text("soft_errors", "What the walker could not read in the dump.").protected().at_most(LOG_CHARS_MAX),
    structure("json_dump", Kind::Object(JSON_DUMP), "The stack walker's whole answer."),
    structure(FURTHER_MINIDUMPS, Kind::Object(MINIDUMP), "Another minidump of the crash, with the fields that the main one has."),
    text(SITE_FIELDS, "A field that this site's own rules make.").unsearched(),
];
