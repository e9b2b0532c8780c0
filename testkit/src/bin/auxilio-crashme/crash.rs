//! The crashes. Each is an instruction or a call that can't be optimised away, in a function of its
//! own whose line is marked, so that a report can be compared with this file.
//!
//! The marks (`// crash: KIND`, `// inline: FUNCTION`) are read by `tests/crashme.rs`.

use std::arch::asm;
use std::hint::black_box;

use auxilio_testkit::crashme::Kind;

/// An address that is never mapped, as of a field behind a null pointer.
const NEAR_NULL: usize = 0x45;
/// An address whose high bits are not a copy of bit 47.
const NON_CANONICAL: usize = 0xdead_0000_beef_0000;
/// More bytes than an address space has.
const TOO_MUCH: usize = isize::MAX as usize;

/// Crashes. Returns only if that failed.
pub(crate) fn crash(kind: Kind) {
    match kind {
        Kind::Segv => crash_segv(),
        Kind::SegvNc => crash_segv_nc(),
        Kind::WriteRo => crash_write_ro(),
        Kind::ExecData => crash_exec_data(),
        Kind::Abort => crash_abort(),
        Kind::Panic => crash_panic(),
        Kind::Ill => crash_ill(),
        Kind::Fpe => crash_fpe(),
        Kind::Trap => crash_trap(),
        Kind::Bus => crash_bus(),
        Kind::DoubleFree => crash_double_free(),
        Kind::OomAbort => crash_oom_abort(),
        Kind::StackOverflow => {
            black_box(crash_stack_overflow(1));
        }
        Kind::Spin => spin_forever(),
    }
}

#[inline(never)]
fn crash_segv() {
    inlined_middle(NEAR_NULL); // inline: inlined_middle
}

#[inline(always)]
#[expect(clippy::inline_always, reason = "a report must show it as inlined")]
fn inlined_middle(address: usize) {
    inlined_inner(address); // inline: inlined_inner
}

#[inline(always)]
#[expect(clippy::inline_always, reason = "a report must show it as inlined")]
#[expect(unsafe_code, reason = "the crash itself: safe Rust can't fault")]
fn inlined_inner(address: usize) {
    // SAFETY: the address is never mapped, so the write faults and changes nothing.
    unsafe { asm!("mov dword ptr [{}], 1", in(reg) address, options(nostack)) }; // crash: segv
}

#[inline(never)]
#[expect(unsafe_code, reason = "the crash itself: safe Rust can't fault")]
fn crash_segv_nc() {
    // SAFETY: no memory has this address, so the read faults.
    unsafe { asm!("mov {0}, [{0}]", inout(reg) NON_CANONICAL => _, options(nostack)) }; // crash: segv-nc
}

/// Constant data: mapped, neither writable nor executable.
static CONSTANT: [u8; 64] = [0x90; 64];

#[inline(never)]
#[expect(unsafe_code, reason = "the crash itself: safe Rust can't fault")]
fn crash_write_ro() {
    // SAFETY: constants lie in pages without the right to write, so the write faults.
    unsafe { asm!("mov byte ptr [{}], 1", in(reg) CONSTANT.as_ptr(), options(nostack)) }; // crash: write-ro
}

#[inline(never)]
#[expect(unsafe_code, reason = "the crash itself: safe Rust can't fault")]
fn crash_exec_data() {
    // SAFETY: constants lie in pages without the right to execute, so the call faults at its target.
    unsafe { asm!("call {}", in(reg) CONSTANT.as_ptr(), clobber_abi("C")) }; // crash: exec-data
}

#[inline(never)]
fn crash_abort() {
    std::process::abort(); // crash: abort
}

#[inline(never)]
fn crash_panic() {
    std::panic::set_hook(Box::new(|_| std::process::abort()));
    panic!("auxilio-crashme was told to panic"); // crash: panic
}

#[inline(never)]
#[expect(unsafe_code, reason = "the crash itself: safe Rust can't fault")]
fn crash_ill() {
    // SAFETY: the instruction is defined to fault.
    unsafe { asm!("ud2", options(nomem, nostack)) }; // crash: ill
}

#[inline(never)]
#[expect(unsafe_code, reason = "the crash itself: Rust checks its divisions")]
fn crash_fpe() {
    // SAFETY: a division by zero faults and changes no register.
    unsafe { asm!("div {0:e}", in(reg) 0, inout("eax") 1 => _, inout("edx") 0 => _) }; // crash: fpe
}

#[inline(never)]
#[expect(unsafe_code, reason = "the crash itself: safe Rust can't trap")]
fn crash_trap() {
    // SAFETY: a breakpoint changes nothing. The crash's address is that of the instruction behind it.
    unsafe { asm!("int3", "nop", options(nomem, nostack)) }; // crash: trap
}

#[inline(never)]
#[expect(unsafe_code, reason = "the crash itself: safe Rust can't fault")]
fn crash_bus() {
    let Some(address) = map_empty_file() else { return };
    // SAFETY: the page is mapped and the file has no byte for it, so the read faults.
    unsafe { asm!("mov {0}, [{0}]", inout(reg) address => _, options(nostack)) }; // crash: bus
}

/// Maps the first page of a file without any bytes.
#[expect(unsafe_code, reason = "a mapping is needed that no safe type would make")]
fn map_empty_file() -> Option<usize> {
    use rustix::fs::{MemfdFlags, memfd_create};
    use rustix::mm::{MapFlags, ProtFlags, mmap};

    let file = memfd_create("empty", MemfdFlags::CLOEXEC).ok()?;
    // SAFETY: a new mapping at a place that the kernel chooses touches no other memory.
    let mapped = unsafe {
        mmap(std::ptr::null_mut(), 4096, ProtFlags::READ, MapFlags::SHARED, &file, 0).ok()?
    };
    Some(mapped as usize)
}

#[inline(never)]
#[expect(unsafe_code, reason = "the crash itself: safe Rust frees once")]
fn crash_double_free() {
    // SAFETY: the second call is wrong on purpose; the C library notices it and aborts.
    unsafe {
        let memory = black_box(libc::malloc(40));
        libc::free(black_box(memory));
        libc::free(black_box(memory)); // crash: double-free
    }
}

#[inline(never)]
fn crash_oom_abort() {
    let layout = std::alloc::Layout::new::<u8>();
    let bytes = black_box(TOO_MUCH);
    let layout = std::alloc::Layout::from_size_align(bytes, 1).unwrap_or(layout);
    std::alloc::handle_alloc_error(layout); // crash: oom-abort
}

#[inline(never)]
fn crash_stack_overflow(level: u64) -> u64 {
    if hide(level) == 0 {
        return 0;
    }
    let below = crash_stack_overflow(level + 1); // crash: stack-overflow
    hide(below) ^ level
}

/// The same number, of which the compiler knows nothing: a recursion stays one. `black_box` would be
/// a call in a debug build, in which the stack might overflow instead.
#[inline(always)]
#[expect(clippy::inline_always, reason = "a call could overflow in its turn")]
#[expect(unsafe_code, reason = "no safe function hides a value without a call")]
fn hide(number: u64) -> u64 {
    let mut hidden = number;
    // SAFETY: there is no instruction; the compiler only believes that the value changed.
    unsafe { asm!("/* {} */", inout(reg) hidden, options(nomem, nostack)) };
    hidden
}

#[inline(never)]
#[expect(unsafe_code, reason = "the parent must hear of the loop from within it")]
fn spin_forever() {
    let message = [crate::wire::SPINNING];
    let (write, stdin) = (libc::SYS_write, libc::STDIN_FILENO);
    // SAFETY: the system call reads one byte, which is there; then the loop never ends.
    #[rustfmt::skip]
    unsafe {
        asm!("syscall", "2:", "pause", "jmp 2b", in("rax") write, in("rdi") stdin, in("rsi") message.as_ptr(), in("rdx") 1, options(noreturn)) // crash: spin
    };
}
