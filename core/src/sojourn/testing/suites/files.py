"""R30 to R33: files come whole, stay where they belong, go on where they were cut."""

import hashlib
import os
from dataclasses import replace
from pathlib import Path

import pytest

from sojourn.errors import ConnectionLost
from sojourn.testing.bench import Bench
from sojourn.testing.client import Client, requests
from sojourn.testing.marks import rule
from sojourn.testing.suites.base import Suite
from sojourn.testing.suites.faults import Cut
from sojourn.testing.suites.jobs import brought, with_inputs
from sojourn.values.messages import Blob, TaskInput

SIZES = (0, 1, 65_535, 65_537, 5_000_000)
EVIL = ("../evil", "a/../../evil", "HERE/evil", "./../evil", "a/../..")
"""Names that a job might give its files in the list that it leaves."""
FILES = 2_000


class Files(Suite):
    """What is fetched, and where it may go."""

    @rule("R30")
    def test_outputs_of_every_size_come_whole(self, client: Client, tmp_path: Path) -> None:
        makes = [f"head -c {size} /dev/urandom > f{size}" for size in SIZES]
        order = client.order("; ".join(makes), outputs=("f*",))
        job = client.take(order)[0]
        client.ended([job])
        digests = client.bench.said(f"set +f; cd {client.job_dir(job)}/work && sha256sum f*")
        brought(client, [job], tmp_path)
        (answer,) = client.fetch([job], tmp_path)
        for line in digests.splitlines():
            digest, name = line.split()
            data = (tmp_path / job.signature / name).read_bytes()
            assert hashlib.sha256(data).hexdigest() == digest == answer.digests[name]

    @rule("R30")
    def test_directories_links_and_logs_come_as_they_are(
        self, client: Client, tmp_path: Path
    ) -> None:
        make = (
            "mkdir -p d/e/empty; echo x > d/x; ln -s x d/link; chmod +x d/x; echo out; echo err >&2"
        )
        job = client.take(client.order(make, outputs=("d",)))[0]
        client.ended([job])
        (tmp_path / "logs").mkdir()
        (asked,) = requests([job], tmp_path)
        asked = replace(asked, logs_target=tmp_path / "logs")
        (answer,) = client.bench.backend.fetch(client.context, [asked])
        assert answer.error == ""
        place = tmp_path / job.signature / "d"
        assert (place / "e" / "empty").is_dir()
        assert (place / "link").readlink() == Path("x")
        assert (place / "x").read_text() == "x\n"
        assert [(tmp_path / "logs" / n).read_text() for n in ("stdout", "stderr")] == [
            "out\n",
            "err\n",
        ]

    @rule("R30")
    def test_a_file_that_is_gone_is_an_error_of_its_job(
        self, bench: Bench, client: Client, tmp_path: Path
    ) -> None:
        jobs = client.take(*(client.order("echo x > o", outputs=("o",)) for _ in range(2)))
        client.ended(jobs)
        bench.said(f"rm {client.job_dir(jobs[0])}/work/o")
        gone, there = client.fetch(jobs, tmp_path)
        assert gone.error
        assert (there.error, [file.name for file in there.files]) == ("", ["o"])

    @rule("R31")
    @pytest.mark.parametrize("name", EVIL)
    def test_no_name_leaves_the_target(
        self, bench: Bench, client: Client, name: str, tmp_path: Path
    ) -> None:
        name = name.replace("HERE", str(tmp_path))
        job = client.take(client.order("echo evil > harmless", outputs=("harmless",)))[0]
        client.ended([job])
        bench.said(
            f"cd {client.job_dir(job)} && sed 's|harmless|{name}|' exit >e && mv e exit && cd work && "
            f"mkdir -p a ./{name} && rmdir ./{name} && cp harmless ./{name} || true"
        )
        (answer,) = client.fetch([job], tmp_path / "deep" / "in")
        assert answer.error, f"a file called {name} was taken"
        target = tmp_path / "deep" / "in" / job.signature
        below = {target, Path(bench.machine.root)}
        outside = [f for f in tmp_path.rglob("*") if f.is_file() and not below & {*f.parents}]
        assert outside == []

    @rule("R31")
    def test_no_link_leads_out(self, client: Client, tmp_path: Path) -> None:
        make = "mkdir d; ln -s /etc d/etc; ln -s ../../.. d/up; echo x > d/x"
        job = client.take(client.order(make, outputs=("d",)))[0]
        client.ended([job])
        (answer,) = client.fetch([job], tmp_path)
        place = (tmp_path / job.signature).resolve()
        links = [link for link in place.rglob("*") if link.is_symlink()]
        assert all(place in (link.parent / link.readlink()).resolve().parents for link in links)
        assert answer.error or not links
        assert answer.error or (place / "d/x").read_text() == "x\n", "what is sound comes"


class Volume(Suite):
    """Big files and many files."""

    @pytest.fixture
    def big(self) -> int:
        """Bytes of the big file."""
        return 64 << 20

    @rule("R32")
    def test_a_big_result_goes_on_where_it_was_cut(
        self, bench: Bench, client: Client, big: int, tmp_path: Path
    ) -> None:
        job = client.take(client.order(f"head -c {big} /dev/urandom > big", outputs=("big",)))[0]
        client.ended([job])
        cut = Cut(big // 2)
        with pytest.raises(ConnectionLost):
            bench.client(cut).fetch([job], tmp_path)
        cut.made.settle()
        with client.counted() as cost:
            (answer,) = client.fetch([job], tmp_path)
        assert answer.error == ""
        assert cost["bytes_received"] < 0.6 * big, "it began at the beginning again"
        with (tmp_path / job.signature / "big").open("rb") as file:
            assert hashlib.file_digest(file, "sha256").hexdigest() == answer.digests["big"]
        bench.said(f"rm -rf {client.job_dir(job)}/work")

    @rule("R32")
    def test_a_big_input_goes_on_where_it_was_cut(
        self, bench: Bench, client: Client, big: int, tmp_path: Path
    ) -> None:
        source = tmp_path / "big"
        with source.open("wb") as file:
            for _ in range(big >> 20):
                file.write(os.urandom(1 << 20))
        with source.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        order = replace(
            client.order("wc -c < big > size", outputs=("size",)),
            inputs=(TaskInput("big", "blob", digest, readonly=True),),
            blobs=(Blob(digest, big, source),),
        )
        cut = Cut(big // 2)
        losing = bench.client(cut)
        losing.context.client = client.context.client
        with pytest.raises(ConnectionLost):
            losing.submit([order])
        cut.made.settle()
        with client.counted() as cost:
            job = client.take(order)[0]
        assert cost["bytes_sent"] < 0.6 * big, "it began at the beginning again"
        client.ended([job])
        (place,) = brought(client, [job], tmp_path)
        assert int((place / "size").read_text()) == big
        bench.said(f"rm -rf blobs/{digest[:2]}/{digest}")

    @rule("R33")
    def test_many_results_come_in_one_trip(self, client: Client, tmp_path: Path) -> None:
        make = f"mkdir d; n=0; while [ $n -lt {FILES} ]; do echo $n > d/$n; n=$((n + 1)); done"
        job = client.take(client.order(make, outputs=("d",)))[0]
        client.ended([job])
        with client.counted() as cost:
            (place,) = brought(client, [job], tmp_path)
        assert cost["trips"] == 1
        assert len(list((place / "d").iterdir())) == FILES
        assert (place / "d" / "1999").read_text() == "1999\n"

    @rule("R33")
    def test_many_inputs_go_in_one_trip(self, client: Client, tmp_path: Path) -> None:
        inputs = {f"i/{n}": f"{n}\n".encode() for n in range(FILES)}
        order = with_inputs(client.order("cat i/* | wc -l > n", outputs=("n",)), inputs)
        with client.counted() as cost:
            client.submit([order])
        assert cost["trips"] == 1
        job = client.refs[order.signature, 1]
        client.ended([job])
        (place,) = brought(client, [job], tmp_path)
        assert int((place / "n").read_text()) == FILES
