#!/usr/bin/env python3
"""A Slurm of its own on this machine, for as long as one command runs.

    one_node_slurm.py FOLDER COMMAND [ARGUMENT...]

Key, sockets, configuration, state and logs are in FOLDER (made; keep its path short, a socket's name has 107
characters at most); the ports are free ones of the loopback interface; the daemons belong to the calling user, who
need not be root. They are Debian's munge, slurmctld and slurmd. COMMAND finds the cluster in SLURM_CONF, which is
also printed. Whatever happens to COMMAND, its jobs and then the daemons are ended. Exit status: COMMAND's, or 77
where a program is missing.
"""
import contextlib
import ctypes
import getpass
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import time

PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "scancel", "scontrol", "sinfo", "squeue")
SKIPPED = 77
PR_SET_PDEATHSIG = 1

# The plug-in for control groups must be named and is not used: nothing here limits or follows jobs by them. Jobs are
# followed by their parents in /proc instead. CPUs may be more than the machine has, so that tasks run side by side.
CONFIGURATION = """\
ClusterName=test
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={ports[0]}
SlurmdPort={ports[1]}
CommunicationParameters=NoCtldInAddrAny,NoInAddrAny
SlurmUser={user}
SlurmdUser={user}
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
CredType=cred/munge
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SlurmdParameters=config_overrides
SchedulerParameters=sched_interval=2,batch_sched_delay=0
MpiDefault=none
MailProg=/bin/true
ReturnToService=2
KillWait={kill_wait}
NodeName={host} NodeAddr=127.0.0.1 CPUs={cpus}
PartitionName=all Nodes={host} Default=YES MaxTime=INFINITE State=UP
"""


def missing_programs():
    return [name for name in PROGRAMS if not find_program(name)]


def find_program(name):
    """Debian keeps the daemons where an ordinary user's PATH does not lead."""
    return shutil.which(name, path=os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin", "/sbin")))


def free_ports(count):
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]


def wait_for(condition, seconds, what):
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError(f"{what} within {seconds} s")
        time.sleep(0.2)


class OneNodeSlurm:
    """To be used in a `with` statement, which starts and ends it."""

    def __init__(self, folder, cpus=4, kill_wait=5):
        self.folder = pathlib.Path(folder).resolve()
        self.daemons = []
        for name in ("state", "spool", "cgroup"):
            (self.folder / name).mkdir(parents=True, exist_ok=True)
        self.configuration = self.folder / "slurm.conf"
        self.configuration.write_text(CONFIGURATION.format(
            host=socket.gethostname().split(".")[0], user=getpass.getuser(), folder=self.folder,
            ports=free_ports(2), cpus=cpus, kill_wait=kill_wait))
        (self.folder / "cgroup.conf").write_text(
            f"CgroupPlugin=cgroup/v1\nCgroupMountpoint={self.folder}/cgroup\n")
        key = self.folder / "munge.key"
        key.touch(mode=0o600)
        key.write_bytes(os.urandom(128))
        self.environment = {**os.environ, "SLURM_CONF": str(self.configuration)}

    def __enter__(self):
        try:
            # Forced, as it wants a socket that every user of the machine can reach, and this one is for one user.
            self._start("munged", "--foreground", "--force", f"--socket={self.folder}/munge.socket",
                        *(f"--{name}-file={self.folder}/munge.{name}" for name in ("key", "pid", "seed")))
            wait_for((self.folder / "munge.socket").exists, 20, "munged did not open its socket")
            self._start("slurmctld", "-D", "-f", self.configuration)
            self._start("slurmd", "-D", "-f", self.configuration)
            wait_for(lambda: "idle" in self.ask("sinfo", "--noheader", "--format=%t"), 60,
                     "the node of the Slurm for tests did not become idle")
        except BaseException as error:
            self.__exit__(type(error), error, None)
            raise
        return self

    def __exit__(self, kind, error, trace):
        if kind is not None:
            for log in sorted(self.folder.glob("*.log")):
                print(f"---- {log.name}\n" + "\n".join(log.read_text(errors="replace").splitlines()[-20:]),
                      file=sys.stderr)
        if len(self.daemons) == 3:
            with contextlib.suppress(TimeoutError):
                self.ask("scancel", "--user", getpass.getuser())
                wait_for(lambda: not self.ask("squeue", "--noheader"), 30, "jobs did not end")
        for daemon in reversed(self.daemons):
            daemon.terminate()
            try:
                daemon.wait(20)
            except subprocess.TimeoutExpired:
                daemon.kill()
                daemon.wait()

    def ask(self, program, *arguments):
        """What a program of Slurm prints; nothing if the controller does not answer yet."""
        return subprocess.run([find_program(program), *map(str, arguments)], env=self.environment, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=60).stdout.strip()

    def _start(self, name, *arguments):
        libc = ctypes.CDLL(None)
        with open(self.folder / f"{name}.log", "w") as log:
            self.daemons.append(subprocess.Popen(
                [find_program(name), *map(str, arguments)], env=self.environment, stdin=subprocess.DEVNULL,
                stdout=log, stderr=log, start_new_session=True,  # a Ctrl-C is for this script, which ends them in order
                preexec_fn=lambda: libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)))  # were this script killed


def main():
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    missing = missing_programs()
    if missing:
        print("skipped: there is no " + ", ".join(missing) + " (Debian: munge slurmctld slurmd slurm-client)")
        sys.exit(SKIPPED)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    with OneNodeSlurm(sys.argv[1]) as slurm:
        print(f"SLURM_CONF={slurm.configuration}", flush=True)
        status = subprocess.run(sys.argv[2:], env=slurm.environment).returncode
    sys.exit(status if status >= 0 else 128 - status)


if __name__ == "__main__":
    main()
