"""Scripts as they count: what is refused, and which directives are known."""

from pathlib import Path

import pytest

from sojourn.batch.directives import Language
from sojourn.errors import InvalidJob
from sojourn.identity.directives import Table, tables
from sojourn.identity.script_text import read_script, without_directives
from sojourn_pbs.script import LANGUAGE as PBS
from sojourn_slurm.directives import LANGUAGE as SLURM

SCHEDULERS = pytest.mark.parametrize("language", [SLURM, PBS], ids=["slurm", "pbs"])


def table_of(language: Language) -> Table:
    (table,) = (one for one in tables() if language.marks[0] in one.marks)
    return table


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("\ufeff#!/bin/sh\n#SBATCH -t 1\ntrue\n", "begins with a byte order mark"),
        ("\ufeffecho\n", "begins with a byte order mark"),
        ("#!/bin/sh\r\n#SBATCH -t 1\r\ntrue\r\n", "Windows line endings"),
        ("#!/bin/sh\ntrue\r\n", "Windows line endings"),
        ("\n#!/bin/sh\n#SBATCH -t 1\ntrue\n", "has its #! on line 2"),
        ("# mine\n\n #!/bin/bash\ntrue\n", "has its #! on line 3"),
        (" #!/bin/sh\ntrue\n", "has blanks in front of its #!"),
        ("#SBATCH -t 1\ntrue\n", "has #SBATCH lines but no #! on its first line"),
        ("\n# c\n#SLURM -t 1\ntrue\n", "has #SBATCH lines but no #!"),
    ],
)
def test_scripts_that_a_scheduler_would_not_take_as_meant(
    tmp_path: Path, text: str, said: str
) -> None:
    path = tmp_path / "job.sh"
    path.write_bytes(text.encode())
    with pytest.raises(InvalidJob, match=said) as caught:
        read_script(path)
    assert caught.value.hint


@pytest.mark.parametrize(
    "text",
    [
        "#!/bin/sh\ntrue\n",
        "#PBS -l walltime=1\ntrue\n",  # qsub takes it, and sh runs it
        "\ntrue\n#!/bin/sh\n",
        "echo\n#SBATCH -t 1\n",
        "#!/bin/sh\nprintf 'a\rb'\n",
    ],
)
def test_scripts_that_are_taken(tmp_path: Path, text: str) -> None:
    path = tmp_path / "job.sh"
    path.write_bytes(text.encode())
    assert read_script(path) == text


@SCHEDULERS
def test_marks_are_those_of_the_backend(language: Language) -> None:
    table = table_of(language)
    assert set(language.marks) <= set(table.marks)
    assert (table.indented, table.comments) == (language.indented, language.comments)


@SCHEDULERS
def test_whatever_a_resource_word_is_written_as_does_not_count(language: Language) -> None:
    forms = (how if isinstance(how, str) else how[0] for how in language.options.values())
    for form in forms:
        line = f"{language.marks[0]} {form.format(1)}"
        assert without_directives(f"#!/bin/sh\n{line}\n") == "#!/bin/sh\n", line
    table = table_of(language)
    for name in language.says:
        if language.says[name]:
            known = name.split()[0] in table.options
            assert known or name == "--share", name  # of old, and no option any more


@SCHEDULERS
def test_what_the_commands_see_counts(language: Language) -> None:
    seen = {"--export", "--export-file", "--get-user-env", "--input", "--chdir", "--array"}
    seen |= {"--uid", "--gid", "--container", "--propagate", "--wrap", "--dependency", "--signal"}
    seen |= {"-v", "-V", "-S", "-W", "-C", "-D", "-d", "-J", "-u", "-P", "-X", "-I", "-i"}
    if language is SLURM:
        seen -= {"-S", "-C", "-J"}  # core-spec, constraint, job-name
    assert not seen & table_of(language).options.keys()


def test_third_party_directives_count() -> None:
    text = "#!/bin/sh\n#MY -t 5\ntrue\n"
    assert without_directives(text) == text


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("#SBATCH --container-image=x:1", "#SBATCH --container-image=x:2"),
        ("#SBATCH --container x1", "#SBATCH --container x2"),
        ("#SBATCH -t 5 --uid=1", "#SBATCH -t 5 --uid=2"),
        ("#SBATCH --propagate", "#SBATCH --propagate=NONE"),
        ("#SBATCH --exp=A=1", "#SBATCH --exp=A=2"),
        ("#SLURM --expor=A=1", "#SLURM --expor=A=2"),
        ("#PBS -W sandbox=PRIVATE", "#PBS -W sandbox=HOME"),
        ("#PBS -l walltime=1 -W umask=22", "#PBS -l walltime=1 -W umask=77"),
        ("#PBS -l select=1:image=a", "#PBS -l select=1:image=b"),
        ("  #PBS -v A=1", "  #PBS -v A=2"),
    ],
)
def test_what_is_not_known_to_ask_for_resources_counts(before: str, after: str) -> None:
    found = [without_directives(f"#!/bin/sh\n{line}\ntrue\n") for line in (before, after)]
    assert found[0] != found[1]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("#SBATCH -t 5 --export=A=1", "#SBATCH --time=9 --export=A=1"),
        ("#SLURM -t5", "#SLURM -t9"),
        ("#SBATCH --mem=4G # tight", "#SBATCH --mem=8G # enough"),
        ("  #PBS -lwalltime=1,mem=1gb", "  #PBS -l walltime=2,mem=2gb"),
        ("#PBS -v A=1 -l walltime=1", "#PBS -v A=1 -l walltime=1"),
        ("#$ -l h_rt=1:0:0 -cwd", "#$ -l h_rt=2:0:0 -cwd"),
        ("#BSUB -W 10", "#BSUB -W 20"),
        ("# flux: -t 5m", "# flux: -t 6m"),
    ],
)
def test_raising_a_limit_changes_nothing(before: str, after: str) -> None:
    found = [without_directives(f"#!/bin/sh\n{line}\ntrue\n") for line in (before, after)]
    assert found[0] == found[1]
