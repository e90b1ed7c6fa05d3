"""Text that breaks what is quoted carelessly."""

TEXTS = (
    "plain",
    "",
    " leading and trailing ",
    'it\'s "quoted"',
    "back\\slash \\n \\",
    "new\nline\n",
    "tab\there",
    "$HOME ${PATH} $(id) `id`",
    "* ? [a-z] ~ {a,b}",
    "a;b&c|d>e<f#g!h",
    "%s %d %% %j %x",
    "-n",
    "--",
    "=a=b",
    "comma,comma,x=y",
    "Grüße, Öl und naïveté",
    "日本語 🎈",
    "\x07\x1b[31m\x7f",
    "x" * 200,
    "'" * 30,
)
"""Arguments and values of variables."""

NAMES = (
    "plain",
    "two words",
    " leading",
    "trailing ",
    'it\'s "quoted"',
    "back\\slash",
    "new\nline",
    "tab\there",
    "$HOME",
    "`id`",
    "-rf",
    "--",
    "a;b&c|d",
    "#comment",
    "~",
    "%j",
    "=",
    "Grüße",
    "日本語 🎈",
    "e\u0301",
    "\x07\x1b[31m",
    "x" * 200,
)
"""Names of files, none of which is a pattern."""

PATTERNS = ("star*", "what?", "[ab]", "{a,b}")
"""Names of files that a shell might take for patterns: as inputs, and inside directories."""

JOB_NAMES = (*NAMES, "--job-name=x", "a/b", "#SBATCH --wrap=id", "x\n#PBS -N y\n#SBATCH -J y")
"""What people may call a job."""
