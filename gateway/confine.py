"""Takes from a process, and from all it runs, what it does not need: seccomp by libseccomp (seccomp(2)).

A worker opens what strangers have encrypted and parses what they have attached. Whoever takes it over by a defect
in a parser finds no network to send anything by, and no way into other processes or the kernel's rarer doors.
"""

from __future__ import annotations

import errno
import os
import socket

import pyseccomp

from gateway import logs

# Beyond what systemd's @system-service allows in any case (config/gsp-gateway.service).
_CALLS = ("ptrace", "process_vm_readv", "process_vm_writev", "pidfd_getfd", "bpf", "perf_event_open", "userfaultfd",
          "io_uring_setup", "keyctl", "add_key", "request_key", "mount", "umount2", "pivot_root", "chroot", "unshare",
          "setns", "init_module", "finit_module", "kexec_load", "open_by_handle_at")  # fmt: skip


# For a process that has all it needs in memory.
_FILES = ("open", "openat", "openat2", "creat", "execve", "execveat", "fork", "vfork", "socket", "unlink", "unlinkat",
          "rename", "renameat", "renameat2", "link", "linkat", "symlink", "symlinkat", "truncate", "kill", "tkill",
          "chmod", "fchmodat", "mkdir", "mkdirat", "rmdir", "mknod", "mknodat", "chown", "lchown", "fchownat",
          "utimensat", "rt_sigqueueinfo", "rt_tgsigqueueinfo", "pidfd_open", "pidfd_send_signal")  # fmt: skip


def confine(network: bool, files: bool = True) -> bool:
    """Forbids the calls above, and without `network` every socket but local ones; for good, for children too.

    Without `files` nothing can be opened, removed, run or signalled either: what is open stays open.

    False, and a line in the log, where the system cannot (no libseccomp, another architecture): the unit remains.
    """
    try:
        rules = pyseccomp.SyscallFilter(pyseccomp.ALLOW)
        for call in _CALLS:
            rules.add_rule(pyseccomp.ERRNO(errno.EPERM), call)
        if not network:
            other = pyseccomp.Arg(0, pyseccomp.NE, int(socket.AF_UNIX))
            rules.add_rule(pyseccomp.ERRNO(errno.EACCES), "socket", other)
        for call in () if files else _FILES:
            rules.add_rule(pyseccomp.ERRNO(errno.EACCES), call)
        # What is about the process itself stays: abort() sends it a signal.
        for call, itself in () if files else (("tgkill", os.getpid()), ("prlimit64", 0)):
            rules.add_rule(pyseccomp.ERRNO(errno.EACCES), call, pyseccomp.Arg(0, pyseccomp.NE, itself))
        rules.load()
    except (OSError, RuntimeError, ValueError) as error:
        logs.fault(error)
        return False
    return True
