"""Which calls to the kernel a session is refused: a table → a filter, see seccomp(2).

The namespaces keep a session from reaching anything; this keeps it from most of the kernel that no
documentation needs, where the faults are found by which sandboxes are left. It can only take away,
and a machine whose numbers are not in the table goes without.
"""

from __future__ import annotations

import errno
import os
import struct

_MACHINES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}
"""The column of the table, and the kernel's name for the machine."""

# fmt: off
_REFUSED = {
    # Other processes' memory and descriptors.
    "ptrace": (101, 117), "process_vm_readv": (310, 270), "process_vm_writev": (311, 271),
    "kcmp": (312, 272), "pidfd_getfd": (438, 438), "process_madvise": (440, 440),
    # Namespaces and mounts: what made this sandbox does not unmake it.
    "unshare": (272, 97), "setns": (308, 268), "chroot": (161, 51), "pivot_root": (155, 41),
    "mount": (165, 40), "umount2": (166, 39), "open_tree": (428, 428), "move_mount": (429, 429),
    "fsopen": (430, 430), "fsconfig": (431, 431), "fsmount": (432, 432), "fspick": (433, 433),
    "mount_setattr": (442, 442), "open_tree_attr": (467, 467),
    # Memory that no limit counts, as it belongs to no process.
    "memfd_create": (319, 279), "memfd_secret": (447, 447),
    "msgget": (68, 186), "semget": (64, 190),
    # What outlives a session, or is everybody's.
    "add_key": (248, 217), "request_key": (249, 218), "keyctl": (250, 219),
    "syslog": (103, 116), "quotactl": (179, 60), "quotactl_fd": (443, 443), "acct": (163, 89),
    "swapon": (167, 224), "swapoff": (168, 225), "reboot": (169, 142),
    "settimeofday": (164, 170), "clock_settime": (227, 112),
    # Parts of the kernel with a history.
    "bpf": (321, 280), "perf_event_open": (298, 241), "userfaultfd": (323, 282),
    "io_uring_setup": (425, 425), "io_uring_enter": (426, 426), "io_uring_register": (427, 427),
    "name_to_handle_at": (303, 264), "open_by_handle_at": (304, 265),
    "fanotify_init": (300, 262), "lookup_dcookie": (212, 18), "nfsservctl": (180, 42),
    "kexec_load": (246, 104), "kexec_file_load": (320, 294), "init_module": (175, 105),
    "finit_module": (313, 273), "delete_module": (176, 106),
    "iopl": (172, None), "ioperm": (173, None), "modify_ldt": (154, None),
}
# fmt: on
_SHMGET, _PAGE = (29, 194), 4096
"""Shared memory in pieces of a page at most: PostgreSQL takes one to see whether it runs already,
and of pages there are at most 4,096 in a namespace."""
_CLONE, _CLONE3 = (56, 220), (435, 435)
_SOCKET, _SOCKETPAIR = (41, 198), (53, 199)
_FAMILIES = (1, 2, 10, 16)
"""Unix, IPv4, IPv6 and netlink, by which programs ask for addresses. Others know no namespaces:
a virtual machine's ``AF_VSOCK`` leads out of any network namespace."""
_NAMESPACES = 0x7E020000
"""The flags of clone(2) that ask for namespaces."""

_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_ALLOW, _ERROR = 0x7FFF0000, 0x00050000
_NUMBER, _ARCHITECTURE, _FIRST, _SECOND = 0, 4, 16, 24  # places in struct seccomp_data


def program(machine: str = "") -> bytes:
    """Return the filter for a machine, or for this one; empty where there is none."""
    machine = machine or os.uname().machine
    if machine not in _MACHINES:
        return b""
    column, architecture = _MACHINES[machine]
    refuse, absent = (_answer(_ERROR | code) for code in (errno.EPERM, errno.ENOSYS))
    code = [_do(_LOAD, _ARCHITECTURE), _do(_EQUAL, architecture, 1, 0), absent]
    code += [_do(_LOAD, _NUMBER)]
    if machine == "x86_64":  # the numbers of another table begin here
        code += [_do(_AT_LEAST, 0x40000000, 0, 1), absent]
    # Its flags lie in memory, where no filter sees them; the C library then takes clone.
    code += [_do(_EQUAL, _CLONE3[column], 0, 1), absent]
    for numbers in _REFUSED.values():
        if (number := numbers[column]) is not None:
            code += [_do(_EQUAL, number, 0, 1), refuse]
    code += [_do(_EQUAL, _SHMGET[column], 0, 6), _do(_LOAD, _SECOND + 4), _do(_EQUAL, 0, 0, 2)]
    code += [_do(_LOAD, _SECOND), _do(_AT_LEAST, _PAGE + 1, 0, 1), refuse, _answer(_ALLOW)]
    code += [_do(_EQUAL, _CLONE[column], 0, 4), _do(_LOAD, _FIRST)]
    code += [_do(_ANY_BIT, _NAMESPACES, 0, 1), refuse, _answer(_ALLOW)]
    allowed = [_do(_EQUAL, family, len(_FAMILIES) - at) for at, family in enumerate(_FAMILIES)]
    for numbers in (_SOCKET, _SOCKETPAIR):
        code += [_do(_EQUAL, numbers[column], 0, len(allowed) + 3), _do(_LOAD, _FIRST)]
        code += [*allowed, _answer(_ERROR | errno.EAFNOSUPPORT), _answer(_ALLOW)]
    return b"".join([*code, _answer(_ALLOW)])


def _do(operation: int, value: int, then: int = 0, otherwise: int = 0) -> bytes:
    """Return one instruction; ``then`` and ``otherwise`` are how many to skip."""
    return struct.pack("=HBBI", operation, then, otherwise, value)


def _answer(value: int) -> bytes:
    return _do(_RETURN, value)
