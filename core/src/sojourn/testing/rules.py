"""The rules that the conformance kit proves, each with its reason: the one place for them.

Imports nothing heavy: the documentation's page is generated from this table.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from sojourn.contract import Capability

PAGE = "docs/plugins/contract.md"
"""Where the rules can be read, one heading each, its anchor being the rule's id in small letters."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of the contract. `needs` is the capability that it belongs to, if it is optional."""

    id: str
    group: str
    statement: str
    reason: str
    needs: Capability | None = None

    @property
    def anchor(self) -> str:
        """The rule's place in its page."""
        return f"{PAGE}#{self.id.lower()}"

    def __str__(self) -> str:
        return f"{self.id} {self.statement}"


_BATCHES = "Batches"
_EVIDENCE = "Evidence"
_ONCE = "Exactly once"
_FAULTS = "Faults on the way"
_JOB = "What a job gets"
_FILES = "Files"
_CHANGES = "Changing jobs"
_OPTIONAL = "Optional abilities"
_SAYING = "What a backend says of itself"
_CARRYING = "Transports"
_PRINTED = "What a scheduler's commands print"


def _rules() -> Iterator[Rule]:
    # --- batches ----------------------------------------------------------------------------------
    yield Rule(
        "R01",
        _BATCHES,
        "Every job of a batch is answered once, and no other.",
        "A job without an answer would keep its state for ever, and a stranger's answer would change"
        " a job that nobody asked about.",
    )
    yield Rule(
        "R02",
        _BATCHES,
        "Each hook costs at most one trip, however many jobs.",
        "A trip is a channel on a login node that many people share; a trip a job makes a thousand"
        " jobs a denial of service.",
    )
    yield Rule(
        "R03",
        _BATCHES,
        "An empty batch is answered with an empty one and costs nothing.",
        "Hosts ask about nothing all the time; a machine must not hear of it.",
    )
    yield Rule(
        "R04",
        _BATCHES,
        "One job's failure is a value among the answers; the others are served.",
        "In a batch of fifty, one refused queue or one purged directory would otherwise hold up"
        " forty-nine jobs.",
    )
    yield Rule(
        "R05",
        _BATCHES,
        "A machine's failure is an exception, a MachineError, and no answer.",
        "Whatever answers for a machine that was not reached makes up what has become of jobs.",
    )
    yield Rule(
        "R06",
        _BATCHES,
        "A batch of jobs takes few calls of the scheduler.",
        "Schedulers answer slowly and some sites ban who asks too often: fifty jobs are one question.",
    )
    # --- evidence ---------------------------------------------------------------------------------
    yield Rule(
        "R07",
        _EVIDENCE,
        "Absent is not done: a job that the scheduler does not know is ABSENT, without an outcome.",
        "Schedulers forget jobs, and fail-overs forget many at once. A job that has vanished has no"
        " result.",
    )
    yield Rule(
        "R08",
        _EVIDENCE,
        "A scheduler that gives no dependable answer is SchedulerUnavailable, not an empty queue.",
        "An outage read as an empty queue makes every job absent, and in the end lost.",
    )
    yield Rule(
        "R09",
        _EVIDENCE,
        "Poll tells a job that waits, runs or has ended as what it is, gives an outcome only to one"
        " that has ended, and a reason why it can never start only to one of which the scheduler says so.",
        "Core judges from evidence; a backend that judges for it hides what it saw. Nobody waits for a"
        " job that can never start.",
    )
    yield Rule(
        "R10",
        _EVIDENCE,
        "Only an exit file with a good verdict makes a job COMPLETED.",
        "A scheduler calls a job completed when its script has ended, whatever became of the command,"
        " its outputs and the file system.",
    )
    yield Rule(
        "R11",
        _EVIDENCE,
        "For every job that is not shown waiting, what lies in its directory is reported.",
        "The exit file says more than the scheduler, and is still there when the scheduler has"
        " forgotten.",
    )
    # --- exactly once -----------------------------------------------------------------------------
    yield Rule(
        "R12",
        _ONCE,
        "An attempt that is on the machine is answered with what lies there, not handed in again.",
        "Workflows are started again by people and by timers; a second run of a job costs hours and"
        " overwrites the first one's files.",
    )
    yield Rule(
        "R13",
        _ONCE,
        "Many clients that hand in the same attempt at once start one run.",
        "Two computers, or ten processes, may run the same workflow on one root.",
    )
    yield Rule(
        "R14",
        _ONCE,
        "A client killed at any point leaves what the next one settles: each command runs once.",
        "A laptop's lid closes in mid-submission; nobody is there to clean up.",
    )
    yield Rule(
        "R15",
        _ONCE,
        "A submission cut at any point raises, and what find says of it is true: each command runs"
        " once.",
        "After a cut nobody knows what took effect; repeating blindly runs jobs twice, giving up"
        " loses them.",
    )
    yield Rule(
        "R16",
        _ONCE,
        "find adopts a claimed attempt that is in the queue, under the id that it has there.",
        "The client died between the scheduler's answer and the id file: the job runs, and its id is"
        " known to the queue alone.",
    )
    yield Rule(
        "R17",
        _ONCE,
        "find closes an old claim that is in no queue; what is closed never runs.",
        "Only an attempt that can never start may be followed by the next one.",
    )
    yield Rule(
        "R18",
        _ONCE,
        "find leaves a young claim PENDING and says ABSENT only of an attempt that is not claimed.",
        "A submission may be going on in another process this very second.",
    )
    # --- faults -----------------------------------------------------------------------------------
    yield Rule(
        "R19",
        _FAULTS,
        "poll, find, fetch, cancel, hold and release, cut at any point, raise ConnectionLost and"
        " answer the same when repeated.",
        "Core repeats them with back-off; half an answer, or a changed one, would be recorded.",
    )
    yield Rule(
        "R20",
        _FAULTS,
        "Banners, noisy start-up files and messages at log-out change no answer.",
        "Login nodes greet, warn and advertise on every channel.",
    )
    yield Rule(
        "R21",
        _FAULTS,
        "Garbage in an answer is an error, never taken for one.",
        "Proxies and dying nodes put bytes of their own into a stream.",
    )
    yield Rule(
        "R22",
        _FAULTS,
        "Answers in small pieces, with pauses, are whole answers.",
        "A channel delivers bytes, not messages.",
    )
    yield Rule(
        "R23",
        _FAULTS,
        "A backend holds no state: another client, later, sees and does the same.",
        "The program that polls is rarely the one that submitted.",
    )
    # --- what a job gets ----------------------------------------------------------------------------
    yield Rule(
        "R24",
        _JOB,
        "A command and its arguments arrive byte for byte, whatever characters they hold.",
        "A quote lost between client, scheduler and node runs another command than the one that was"
        " signed.",
    )
    yield Rule(
        "R25",
        _JOB,
        "Each variable of env arrives byte for byte.",
        "Commas, newlines and quotes break the options with which schedulers export variables.",
    )
    yield Rule(
        "R26",
        _JOB,
        "A job inherits nothing of the environment of whoever submits.",
        "The same job must give the same result, whoever hands it in; and secrets of a shell have no"
        " place in a job.",
    )
    yield Rule(
        "R27",
        _JOB,
        "Secret values reach the job, and nothing that others can read or that stays.",
        "Job scripts are shown by scheduler commands to everybody on the cluster.",
    )
    yield Rule(
        "R28",
        _JOB,
        "Inputs and outputs may have any name that a file system takes, and a job any name.",
        "Real data has spaces, quotes, accents and leading dashes in its names.",
    )
    yield Rule(
        "R29",
        _JOB,
        "Two signatures never see or change each other's files.",
        "A result that depends on what else was running is no result.",
    )
    # --- files --------------------------------------------------------------------------------------
    yield Rule(
        "R30",
        _FILES,
        "fetch brings every output whole, with the digest that was computed on the machine.",
        "A file cut short by a full disk or a broken link looks like a result.",
    )
    yield Rule(
        "R31",
        _FILES,
        "Nothing that comes from the machine is written outside the target directory.",
        "A job's files are anybody's: a name with `..` in it must not overwrite a user's own.",
    )
    yield Rule(
        "R32",
        _FILES,
        "A big file that was cut off goes on from where it was.",
        "A link that breaks every ten minutes never carries an hour's transfer otherwise.",
    )
    yield Rule(
        "R33",
        _FILES,
        "Thousands of small files travel in the one trip of their batch.",
        "An exchange a file takes hours over a slow link.",
    )
    # --- changes ------------------------------------------------------------------------------------
    yield Rule(
        "R34",
        _CHANGES,
        "cancel ends a running job with everything that it has started.",
        "What stays behind goes on using the machine and writing files.",
    )
    yield Rule(
        "R35",
        _CHANGES,
        "A job cancelled while it waits never runs.",
        "Between the cancel and the answer it may have been about to start.",
    )
    yield Rule(
        "R36",
        _CHANGES,
        "cancel of a finished job changes nothing and says FINISHED; of an unknown one, ABSENT.",
        "Whoever cancels late must keep the result.",
    )
    yield Rule(
        "R37",
        _CHANGES,
        "cancel touches the jobs it was given and no others.",
        "Ids of arrays, of tasks and of other people's jobs look alike.",
    )
    # --- optional -----------------------------------------------------------------------------------
    yield Rule(
        "R38",
        _OPTIONAL,
        "A held job is HELD and does not start until it is released.",
        "A hold that answers DONE and holds nothing is worse than none.",
        Capability.HOLD,
    )
    yield Rule(
        "R39",
        _OPTIONAL,
        "A job handed in with its parents starts after they have ended, and finds their outputs.",
        "A chain of five needs one trip and no resumption in between.",
        Capability.CHAINS,
    )
    yield Rule(
        "R40",
        _OPTIONAL,
        "A job whose parent did not end well does not run its command.",
        "Schedulers' own conditions cannot be trusted: they forget parents.",
        Capability.CHAINS,
    )
    yield Rule(
        "R41",
        _OPTIONAL,
        "Many jobs that ask for the same go in with few calls of the scheduler.",
        "A thousand calls of a submit command take a quarter of an hour and anger administrators.",
        Capability.ARRAYS,
    )
    yield Rule(
        "R42",
        _OPTIONAL,
        "After the end of a job, elapsed time and what else is accounted are reported.",
        "People size their next jobs by it.",
        Capability.USAGE,
    )
    yield Rule(
        "R43",
        _OPTIONAL,
        "An existing batch script runs as it is, and its directives hold unless asked otherwise.",
        "People come with scripts that work.",
        Capability.SCRIPTS,
    )
    yield Rule(
        "R44",
        _OPTIONAL,
        "A job that runs longer than its walltime is ended, and that is its reason.",
        "A time-out asks for more time, a failure for another program.",
    )
    yield Rule(
        "R45",
        _OPTIONAL,
        "Another user of the machine can read nothing of a job, and change nothing.",
        "Home directories of clusters are readable by colleagues more often than not.",
    )
    # --- saying -------------------------------------------------------------------------------------
    yield Rule(
        "R46",
        _SAYING,
        "What a backend says of itself is true: its name, resource words, hooks and capabilities.",
        "Core refuses and offers by it, without asking again.",
    )
    yield Rule(
        "R47",
        _SAYING,
        "script shows what submit would hand in and contacts nothing.",
        "People look before they submit, often on a computer that cannot reach the machine.",
    )
    yield Rule(
        "R48",
        _SAYING,
        "Every resource word claimed has an effect or is refused by name; none is dropped in silence.",
        "A job that was meant to have 64 GiB fails after six hours for want of them.",
    )
    yield Rule(
        "R49",
        _SAYING,
        "check says of each thing that it tried whether it works, and what to do about it.",
        "The first hour with a new machine is the one in which people give up.",
    )
    # --- transports ---------------------------------------------------------------------------------
    yield Rule(
        "R50",
        _CARRYING,
        "A transport passes every byte unharmed, and a command to the login shell as one line.",
        "A trip is a program, archives and digests: a converted newline is a broken upload.",
    )
    yield Rule(
        "R51",
        _CARRYING,
        "Bytes stream both ways at once, on several channels.",
        "A program that is sent megabytes while it answers must not wait for the sender for ever.",
    )
    yield Rule(
        "R52",
        _CARRYING,
        "wait returns the program's exit status.",
        "A login shell that fails is told from a connection that broke by it.",
    )
    yield Rule(
        "R53",
        _CARRYING,
        "Standard error is kept apart, its end remembered, and never blocks.",
        "Answers are on standard output alone; what went wrong is on the other.",
    )
    yield Rule(
        "R54",
        _CARRYING,
        "A closed channel ends its program; what is closed may be closed again and used no more.",
        "Programs left behind on a login node are what administrators write e-mails about.",
    )
    # --- what commands print ------------------------------------------------------------------------
    yield Rule(
        "R55",
        _PRINTED,
        "Words of the scheduler that are not understood are no refusal: the job is looked for, and the"
        " words are told.",
        "A site's own plugins, hooks and wrappers say what no table holds. Taken for a refusal they stop"
        " jobs that could run, taken for an outage they are tried again for ever.",
    )
    yield Rule(
        "R56",
        _PRINTED,
        "An id is a line of the submit command's output that is an id as a whole, whatever stands"
        " before and after it.",
        "Wrappers print how much of a budget is left: a number from that, cancelled, is another job.",
    )
    yield Rule(
        "R57",
        _CHANGES,
        "cancel ends a job only if it is in the queue under the name of the attempt's claim.",
        "An id may be wrong, in a file, a ticket or a store; what it names then is somebody's work.",
    )
    yield Rule(
        "R58",
        _EVIDENCE,
        "What the scheduler says of the end of a job is reported beside an exit file that says `ok`, and"
        " outranks it where the job was ended.",
        "A scheduler signals one process after another: the shell of `solve; plot` goes on after its"
        " killed child, and its half-made outputs look like a result.",
    )


RULES: dict[str, Rule] = {rule.id: rule for rule in _rules()}
"""All rules by their ids, in the order of the page."""
