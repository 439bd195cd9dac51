"""Becomes another program, as another user if asked, that dies with the process that started it.

Run as a script (`python -I -S launch.py PARENT SIGNAL UID:GID|- PROGRAM …`): it changes user, asks
the kernel for SIGNAL when the parent goes away (the request does not survive a change of user, so
it comes second) and executes PROGRAM. A script of its own instead of a `preexec_fn`, because code
between fork and exec is not safe where threads run. It knows nothing of the rest of the package.
"""

import ctypes
import os
import sys

PR_SET_PDEATHSIG = 1


def main() -> None:
    """Change user, tie our life to the parent's, execute the program."""
    parent, signal_number, account, *command = sys.argv[1:]
    if account != "-":
        user, _, group = account.partition(":")
        os.setgroups([])
        os.setgid(int(group))
        os.setuid(int(user))
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(signal_number), 0, 0, 0)
        if os.getppid() != int(parent):  # it died before the kernel knew of our wish
            sys.exit(1)
    os.execv(command[0], command)  # noqa: S606  # the whole purpose; no shell is wanted


if __name__ == "__main__":
    main()
