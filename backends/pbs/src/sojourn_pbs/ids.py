"""Job ids: `9.server` a job, `9[].server` an array, `9[3].server` one of its subjobs.

Two ids are the same if what stands before the server's name is. Brackets mean something to
shells, so an id is quoted wherever it goes into a command. An empty one would make qstat list
every job, so only what is `valid` gets there.
"""

from sojourn.batch.ids import IdForm

FORM = IdForm(r"\d+", task="{job}[{index}]", array="{job}[]", rest=r"(?:\.[\w.-]+)?")
PRINTED = r"[0-9]+(\[\])?(\.[A-Za-z0-9_.-]+)?"
"""A job's or an array's id as qsub prints it: to Python and to `grep -E` alike."""

valid, index, key, whole = FORM.valid, FORM.index, FORM.key, FORM.array_of
subjob, task_id = FORM.task_of, FORM.task_id
