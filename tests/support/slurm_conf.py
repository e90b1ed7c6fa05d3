"""What the configuration files of the real Slurm say: pure text."""

from dataclasses import dataclass
from pathlib import Path

CPUS = 16
MEMORY_MB = 16000
ACCOUNT = "acct"
QOS_SMALL = "small"
"""A QOS, also bound to the partition of that name."""
SUBMIT_LIMIT = 4
"""How many jobs a user may have in that QOS: what comes then is a full queue."""


@dataclass(frozen=True)
class Layout:
    """Where one instance keeps its things, and how it differs from another."""

    directory: Path
    cluster: str
    controller_port: int
    node_port: int
    database_port: int | None
    """Where slurmdbd listens; None: no accounting."""
    min_job_age: int = 300
    """Seconds that the controller remembers a finished job."""
    max_array_size: int = 1001
    cpus: int = CPUS
    """What its node declares, whatever the computer has."""

    @property
    def conf(self) -> Path:
        """What SLURM_CONF names."""
        return self.directory / "slurm.conf"

    @property
    def munge_socket(self) -> Path:
        """The private munge socket."""
        return self.directory / "munge" / "socket"

    @property
    def mysql_socket(self) -> Path:
        """The private database's socket."""
        return self.directory / "mysql.sock"


def accounting(layout: Layout) -> str:
    """The part about accounting."""
    if layout.database_port is None:
        return "AccountingStorageType=accounting_storage/none\n"
    return f"""\
AccountingStorageType=accounting_storage/slurmdbd
AccountingStorageHost=localhost
AccountingStoragePort={layout.database_port}
AccountingStoragePass={layout.munge_socket}
AccountingStorageEnforce=associations,limits,qos
AccountingStoreFlags=job_comment
"""


def partitions(layout: Layout) -> str:
    """The partitions; the preemptable ones and their superior are apart from the rest."""
    small = f" QOS={QOS_SMALL}" if layout.database_port is not None else ""
    return f"""\
PartitionName=DEFAULT Nodes=ALL State=UP MaxTime=2-00:00:00 DefaultTime=00:10:00 PreemptMode=OFF
PartitionName=normal Default=YES
PartitionName=debug MaxTime=00:05:00 DefaultTime=00:05:00
PartitionName=small{small}
PartitionName=down State=DOWN
PartitionName=inactive State=INACTIVE
PartitionName=low PriorityTier=1 PreemptMode=CANCEL
PartitionName=lowrequeue PriorityTier=1 PreemptMode=REQUEUE
PartitionName=high PriorityTier=10
"""


def slurm_conf(layout: Layout) -> str:
    """slurm.conf: one node that declares more than the computer has."""
    at = layout.directory
    return f"""\
ClusterName={layout.cluster}
SlurmctldHost=localhost
SlurmctldPort={layout.controller_port}
SlurmdPort={layout.node_port}
SlurmUser=root
AuthType=auth/munge
AuthInfo=socket={layout.munge_socket}
CredType=cred/munge
MpiDefault=none
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SwitchType=switch/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU_Memory
SlurmdParameters=config_overrides
ReturnToService=2
StateSaveLocation={at}/state
SlurmdSpoolDir={at}/spool
SlurmctldPidFile={at}/slurmctld.pid
SlurmdPidFile={at}/slurmd.pid
SlurmctldDebug=info
SlurmdDebug=info
SchedulerType=sched/backfill
SchedulerParameters=sched_interval=2,sched_min_interval=0,batch_sched_delay=0,bf_interval=2,\
default_queue_depth=1000,partition_job_depth=0
PriorityType=priority/basic
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
MinJobAge={layout.min_job_age}
KillWait=2
OverTimeLimit=0
CompleteWait=0
InactiveLimit=0
MaxArraySize={layout.max_array_size}
MaxJobCount=30000
SlurmctldTimeout=30
SlurmdTimeout=60
MessageTimeout=10
UnkillableStepTimeout=30
JobAcctGatherType=jobacct_gather/linux
JobAcctGatherFrequency=task=1
JobAcctGatherParams=OverMemoryKill
DefMemPerCPU=100
GresTypes=gpu
{accounting(layout)}\
NodeName=localhost NodeAddr=127.0.0.1 CPUs={layout.cpus} RealMemory={layout.cpus * MEMORY_MB // CPUS} Feature=fast,big \
Gres=gpu:a100:2 State=UNKNOWN
{partitions(layout)}"""


def gres_conf() -> str:
    """gres.conf: two accelerators that are only counted, though each must name a device."""
    return "".join(f"Name=gpu Type=a100 File=/dev/{name}\n" for name in ("null", "zero"))


def slurmdbd_conf(layout: Layout) -> str:
    """slurmdbd.conf, which must be readable by its user alone."""
    return f"""\
AuthType=auth/munge
AuthInfo=socket={layout.munge_socket}
DbdHost=localhost
DbdAddr=127.0.0.1
DbdPort={layout.database_port}
SlurmUser=root
PidFile={layout.directory}/slurmdbd.pid
DebugLevel=info
StorageType=accounting_storage/mysql
StorageHost=localhost
StorageUser=root
StorageLoc=slurm_acct_db
"""
