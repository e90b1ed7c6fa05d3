"""Wrong ways to hand in: twice, or something else than what was asked for."""

import os
import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace

from sojourn.contract import hookimpl
from sojourn.errors import ConnectionLost
from sojourn.site.context import MachineContext
from sojourn.values.messages import JobOrder, Settlement
from tests.kit.broken import breaks
from tests.kit.broken.whole import Local, attempt_dir


def forget(context: MachineContext, orders: Sequence[JobOrder]) -> None:
    """Remove what lies there of these attempts."""
    with context.trip(create=True) as dialogue:
        dialogue.run("rm -rf " + " ".join(map(attempt_dir, orders)))


@breaks("R12")
class StartsAfresh(Local):
    """Clears away what lies there, and hands in again."""

    @hookimpl
    def sojourn_submit(
        self, context: MachineContext, orders: Sequence[JobOrder]
    ) -> Sequence[Settlement]:
        forget(context, orders)
        return super().sojourn_submit(context, orders)


@breaks("R13")
class TakesOver(StartsAfresh):
    """Takes every other client's claim for one that was left behind."""


@breaks("R15")
class RepeatsAfterACut(Local):
    """Hands in once more, as another attempt, when the connection was lost."""

    @hookimpl
    def sojourn_submit(
        self, context: MachineContext, orders: Sequence[JobOrder]
    ) -> Sequence[Settlement]:
        with suppress(ConnectionLost):
            return super().sojourn_submit(context, orders)
        again = [replace(order, attempt=order.attempt + 50) for order in orders]
        super().sojourn_submit(context, again)
        return super().sojourn_submit(context, orders)


@breaks("R24")
class LosesQuotes(Local):
    """Puts commands between quotes of its own without looking into them."""

    def order(self, order: JobOrder) -> JobOrder:
        return replace(
            order, command=f'sh -c "{order.command}"' if "'" in order.command else order.command
        )


@breaks("R24")
class CutsLongCommands(Local):
    """Hands over commands in a buffer of 16 kB."""

    def order(self, order: JobOrder) -> JobOrder:
        lines = order.command[:16_384].rsplit("\n", 1)[0]
        return replace(
            order, command=f"{lines}\n}} > out" if len(order.command) > 16_384 else order.command
        )


@breaks("R25")
class SplitsVariablesAtCommas(Local):
    """Hands over variables as a list with commas in between."""

    def order(self, order: JobOrder) -> JobOrder:
        return replace(order, env={name: text.split(",")[0] for name, text in order.env.items()})


@breaks("R25")
class ForgetsVariables(Local):
    """Hands over no variables."""

    def order(self, order: JobOrder) -> JobOrder:
        return replace(order, env={})


@breaks("R26")
class ExportsAll(Local):
    """Hands over the environment of whoever submits, as `--export=ALL` does."""

    def order(self, order: JobOrder) -> JobOrder:
        kit = {name: text for name, text in os.environ.items() if name.startswith("KIT")}
        return replace(order, env={**kit, **order.env})


@breaks("R27")
class ShowsSecrets(Local):
    """Treats secrets as variables like any other."""

    def order(self, order: JobOrder) -> JobOrder:
        return replace(order, env={**order.env, **order.secret_env}, secret_env={})


@breaks("R28")
class CleansNames(Local):
    """Makes names safe by replacing what looks odd."""

    def order(self, order: JobOrder) -> JobOrder:
        inputs = (replace(one, name=re.sub(r"[ \n\t]", "_", one.name)) for one in order.inputs)
        return replace(order, inputs=tuple(inputs))


@breaks("R29")
class SharesADirectory(Local):
    """Runs all jobs in one directory."""

    def order(self, order: JobOrder) -> JobOrder:
        command = (
            'shared="$SOJOURN_JOB_DIR/../../../shared"; mkdir -p "$shared"; cp -R . "$shared"; '
            f'(cd "$shared"; {order.command}\n); s=$?; cp -R "$shared/." .; exit $s'
        )
        return replace(order, command=command)


@breaks("R29")
class LinksInputs(Local):
    """Links inputs instead of copying them, so that jobs change them for each other."""

    def order(self, order: JobOrder) -> JobOrder:
        return replace(order, inputs=tuple(replace(one, readonly=True) for one in order.inputs))


@breaks("R39")
class WaitsForNobody(Local):
    """Forgets which jobs a job waits for."""

    def order(self, order: JobOrder) -> JobOrder:
        return replace(order, parents=())


@breaks("R40")
class RunsAfterAnyEnd(WaitsForNobody):
    """Runs a job whatever has become of its parents."""


@breaks("R43")
class DropsTheFirstLine(Local):
    """Puts its own first line in the place of a script's."""

    def order(self, order: JobOrder) -> JobOrder:
        return replace(order, script=order.script.partition("\n")[2])


@breaks("R44")
class ForgetsTheWalltime(Local):
    """Lets jobs run as long as they like."""

    def order(self, order: JobOrder) -> JobOrder:
        return replace(order, resources=order.resources.model_copy(update={"walltime": None}))


@breaks("R48")
class DropsAWord(Local):
    """Drops a resource word that it claims to honour."""

    def order(self, order: JobOrder) -> JobOrder:
        return replace(order, resources=order.resources.model_copy(update={"memory": None}))
