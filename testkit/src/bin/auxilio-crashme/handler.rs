//! The signal handler: it hands the context of the crash to the parent, waits and dies.
//!
//! The crate `crash-handler` would do the same, but its version 0.8.1 loses the address of the
//! fault: it copies a `siginfo_t` over a `signalfd_siginfo`, whose address has another place.

use std::ffi::{c_int, c_void};
use std::io::{Error, Result};
use std::mem::{MaybeUninit, zeroed};
use std::ptr::{null_mut, read_unaligned};

use minidump_writer::crash_context::{CrashContext, fpregset_t, ucontext_t};

use crate::wire;

/// The signals of crashes.
const SIGNALS: [c_int; 6] =
    [libc::SIGSEGV, libc::SIGBUS, libc::SIGILL, libc::SIGFPE, libc::SIGTRAP, libc::SIGABRT];

/// Stack that the handler runs on: the thread's own may be used up.
const STACK_BYTES: usize = 64 * 1024;

/// Catches the signals of crashes in this process, on a stack of its own for the calling thread.
#[expect(unsafe_code, reason = "signal handlers have no safe interface")]
pub(crate) fn install() -> Result<()> {
    let stack = libc::stack_t {
        ss_sp: Vec::leak(vec![0_u8; STACK_BYTES]).as_mut_ptr().cast(),
        ss_flags: 0,
        ss_size: STACK_BYTES,
    };
    // SAFETY: the stack is never freed, and the handler has the signature that SA_SIGINFO asks for.
    unsafe {
        check(libc::sigaltstack(&raw const stack, null_mut()))?;
        let mut action: libc::sigaction = zeroed();
        action.sa_sigaction = on_signal as *const () as usize;
        action.sa_flags = libc::SA_SIGINFO | libc::SA_ONSTACK;
        for signal in SIGNALS {
            check(libc::sigaction(signal, &raw const action, null_mut()))?;
        }
    }
    Ok(())
}

fn check(returned: c_int) -> Result<()> {
    if returned == 0 { Ok(()) } else { Err(Error::last_os_error()) }
}

/// Runs in the crashed thread. Only system calls are allowed here.
#[expect(unsafe_code, reason = "it reads what the kernel laid on the stack")]
extern "C" fn on_signal(signal: c_int, info: *mut libc::siginfo_t, ucontext: *mut c_void) {
    // SAFETY: the kernel passes a valid information and context, which live until we return.
    unsafe {
        let context = capture(&*info, ucontext);
        send(&[wire::CRASH]);
        send(context.as_bytes());
        // A byte or the end of the stream: the dump is written, or nobody wants it.
        let mut answer = [MaybeUninit::uninit()];
        let _ = rustix::io::read(rustix::stdio::stdin(), &mut answer);
        // Ours again, with nobody to catch it: it strikes as soon as this handler returns.
        libc::signal(signal, libc::SIG_DFL);
        libc::raise(signal);
    }
}

/// The crash as minidump-writer wants it.
///
/// # Safety
/// `ucontext` is what the kernel passed to a signal handler that still runs.
#[expect(unsafe_code, reason = "it reads what the kernel laid on the stack")]
unsafe fn capture(info: &libc::siginfo_t, ucontext: *mut c_void) -> CrashContext {
    // SAFETY: both types describe the kernel's structure for this architecture. They are longer
    // than it, but the floating-point state, longer yet, lies behind it on the same stack.
    unsafe {
        let registers = &(*ucontext.cast::<libc::ucontext_t>()).uc_mcontext;
        CrashContext {
            context: read_unaligned(ucontext.cast::<ucontext_t>()),
            float_state: read_unaligned(registers.fpregs.cast::<fpregset_t>()),
            siginfo: signal_information(info),
            pid: libc::getpid(),
            tid: libc::gettid(),
        }
    }
}

/// The information in the other structure, field by field.
///
/// # Safety
/// `info` comes from the kernel, so that the fields which its signal has are set.
#[expect(unsafe_code, reason = "the fields of siginfo_t are a union")]
unsafe fn signal_information(info: &libc::siginfo_t) -> libc::signalfd_siginfo {
    // SAFETY: all fields are numbers, for which zero is a value; the union's halves are read by
    // the rule of sigaction(2): a code of the kernel's own means a fault with an address.
    unsafe {
        let mut copy: libc::signalfd_siginfo = zeroed();
        copy.ssi_signo = info.si_signo.cast_unsigned();
        copy.ssi_errno = info.si_errno;
        copy.ssi_code = info.si_code;
        if info.si_code > 0 {
            copy.ssi_addr = info.si_addr() as u64;
        } else {
            copy.ssi_pid = info.si_pid().cast_unsigned();
            copy.ssi_uid = info.si_uid();
        }
        copy
    }
}

/// Sends all bytes, or as many as the parent takes.
fn send(mut bytes: &[u8]) {
    while !bytes.is_empty() {
        match rustix::io::write(rustix::stdio::stdin(), bytes) {
            Ok(written) if written > 0 => bytes = &bytes[written..],
            Err(rustix::io::Errno::INTR) => {}
            _ => return,
        }
    }
}
